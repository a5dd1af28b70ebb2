"""Short data: text and reports of SDS-TL, status, and LIP positions, as octets. Pure; never raises on input.

Text is sent as UTF-16BE (encoding 26), which terminals show whatever the language. Concatenated texts are not
joined: a part is handed on as what it is.
"""

from dataclasses import dataclass

TEXT, IMMEDIATE = 0x82, 0x89
SIMPLE_TEXT, SIMPLE_IMMEDIATE = 0x02, 0x09
LIP = 0x0A
UTF16, LATIN1, SEVEN_BIT = 26, 1, 0
TEXT_LIMIT = 120
"""Most UTF-16 units of a text: type 4 carries 2047 bits, and terminals promise less."""
_GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


@dataclass(frozen=True)
class TextMessage:
    """A text; `reference` and `wants_report` only from SDS-TL."""

    text: str
    immediate: bool = False
    reference: int | None = None
    wants_report: bool = False


@dataclass(frozen=True)
class Delivery:
    """What became of the message with `reference`; `state`: delivered | waiting | failed."""

    reference: int
    status: int
    state: str


@dataclass(frozen=True)
class Position:
    """WGS-84 degrees; speed in km/h, course in degrees, error in m (None: unknown), `reason` as sent."""

    latitude: float
    longitude: float
    error_m: int | None
    speed_kmh: float | None
    course: float
    reason: int | None


@dataclass(frozen=True)
class Unread:
    """Data of a protocol that is not read here."""

    protocol: int | None


def encode_text(text: str, reference: int, immediate: bool = False, report: bool = True) -> bytes | None:
    """An SDS-TL TRANSFER in UTF-16BE asking for a report of receipt; None when it is too long."""
    body = text.encode("utf-16-be", errors="replace")
    if not body or len(body) > 2 * TEXT_LIMIT:
        return None
    head = bytes((IMMEDIATE if immediate else TEXT, 0x04 if report else 0, reference & 0xFF, UTF16))
    return head + body


def encode_report(protocol: int, reference: int, status: int = 0) -> bytes:
    """An SDS-TL REPORT: the message with `reference` was received."""
    return bytes((protocol, 0x10, status, reference & 0xFF))


def decode(data: bytes) -> TextMessage | Delivery | Position | Unread:
    """SDS type 4 user data, protocol identifier first."""
    if not data:
        return Unread(None)
    protocol = data[0]
    if protocol == LIP:
        return _position(data[1:]) or Unread(protocol)
    if protocol in (SIMPLE_TEXT, SIMPLE_IMMEDIATE):
        text = _text(data[1:])
        return TextMessage(text, protocol == SIMPLE_IMMEDIATE) if text is not None else Unread(protocol)
    if len(data) >= 4 and protocol >= 0x80 and data[1] >> 4 in (1, 2):  # REPORT, ACK
        return Delivery(data[3], data[2], delivery_state(data[2]))
    if len(data) >= 4 and protocol in (TEXT, IMMEDIATE) and data[1] >> 4 == 0 and not data[1] & 1:
        text = _text(data[3:])
        if text is not None:
            return TextMessage(text, protocol == IMMEDIATE, data[2], bool(data[1] & 0x0C))
    return Unread(protocol)


def delivery_state(status: int) -> str:
    """By the top three bits: 000 done, 001 still trying, else failed."""
    return {0: "delivered", 1: "waiting"}.get(status >> 5, "failed")


def decode_status(data: bytes) -> int | None:
    """The 16 bits of a status."""
    return int.from_bytes(data[:2], "big") if len(data) >= 2 else None


def _text(data: bytes) -> str | None:
    """Encoding octet, time stamp if flagged, text; None for an encoding that is not read."""
    if not data:
        return None
    body = data[4:] if data[0] & 0x80 else data[1:]
    match data[0] & 0x7F:
        case 26:
            return body[: len(body) & ~1].decode("utf-16-be", errors="replace")
        case 1:
            return body.decode("latin-1")
        case 0:
            bits = int.from_bytes(body, "little")
            return "".join(_GSM[bits >> 7 * n & 0x7F] for n in range(len(body) * 8 // 7))
        case _:
            return None


def _position(data: bytes) -> Position | None:
    """A LIP short location report (76 bits); None for any other LIP message."""
    if len(data) < 9 or data[0] >> 6:
        return None
    bits, left = int.from_bytes(data[:10].ljust(10, b"\0"), "big"), 76

    def take(count: int) -> int:
        nonlocal left
        left -= count
        return bits >> (left + 4) & ((1 << count) - 1)

    def signed(count: int) -> int:
        value = take(count)
        return value - (1 << count) if value >> (count - 1) else value

    take(4)
    longitude, latitude = signed(25) * 180 / 2**24, signed(24) * 90 / 2**23
    error, speed, course = take(3), take(7), take(4) * 22.5
    other, extra = take(1), take(8)
    return Position(
        round(latitude, 6),
        round(longitude, 6),
        None if error >= 6 else 2 * 10**error,
        None if speed == 127 else float(speed) if speed <= 28 else round(16 * 1.038 ** (speed - 13), 1),
        course,
        None if other else extra,
    )


def encode_position(latitude: float, longitude: float, reason: int = 3) -> bytes:
    """A LIP short location report at rest; for simulators."""
    lon = round(longitude * 2**24 / 180) & (2**25 - 1)
    lat = round(latitude * 2**23 / 90) & (2**24 - 1)
    bits = 0
    for value, count in ((0, 4), (lon, 25), (lat, 24), (1, 3), (0, 7), (0, 4), (0, 1), (reason & 0xFF, 8)):
        bits = bits << count | value
    return bytes((LIP,)) + (bits << 4).to_bytes(10, "big")
