"""Short messages as PDUs (3GPP TS 23.040): hexadecimal text in, a frozen message out, and the way back. Pure.

Decoding takes any text and raises nothing but BadPdu. A text that was cut in the middle of a UTF-16 pair
keeps its lone halves until `join` puts the parts together. Octets that are no text (8-bit, compressed) are
kept as `data`. A service centre in front of the PDU is read and dropped; it is not counted in the length
that AT+CMGS wants.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

from hw.phone import gsm7

_DIGITS = "0123456789*#abc"
INTERNATIONAL, UNKNOWN, ALPHANUMERIC = 0x91, 0x81, 0xD0
HEX_LIMIT = 2 * 300


class BadPdu(ValueError):
    """Not a PDU that can be read; the text is a short reason."""


@dataclass(frozen=True)
class Part:
    """Which piece of a long message this is: `number` from 1 to `total`; `ref` is the sender's count."""

    ref: int
    total: int
    number: int


@dataclass(frozen=True)
class Deliver:
    """A message that came in. `sent_at` is ISO 8601 with offset, "" when unreadable."""

    sender: str
    sent_at: str
    text: str
    part: Part | None = None
    data: bytes = b""
    wide: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Report:
    """What became of a message of ours, by the reference that the phone gave it."""

    ref: int
    to: str
    sent_at: str
    done_at: str
    status: int


@dataclass(frozen=True)
class Submit:
    """A message that goes out. `report` asks for a delivery report, `wide` for UCS-2 whatever the text is."""

    to: str
    text: str
    part: Part | None = None
    report: bool = False
    data: bytes = b""
    wide: bool = field(default=False, compare=False)


# ---- writing -----------------------------------------------------------------------------------------------


def encode_submit(submit: Submit, validity: int = 0xAA) -> tuple[str, int]:
    """(hexadecimal PDU with the default service centre, its length as AT+CMGS counts it). BadPdu."""
    coding, header, length, octets = _user_data(submit.text, submit.part, submit.wide)
    first = 0x11 | (0x40 if header else 0) | (0x20 if submit.report else 0)
    body = bytes((first, 0)) + _address(submit.to) + bytes((0, coding, validity, length)) + octets
    return (b"\0" + body).hex().upper(), len(body)


def encode_deliver(deliver: Deliver) -> str:
    """A delivered message as a network makes it (for the bench). BadPdu."""
    coding, header, length, octets = _user_data(deliver.text, deliver.part, deliver.wide)
    first = 0x04 | (0x40 if header else 0)
    body = bytes((first,)) + _address(deliver.sender) + bytes((0, coding)) + _stamp(deliver.sent_at)
    return (b"\0" + body + bytes((length,)) + octets).hex().upper()


def encode_report(report: Report) -> str:
    """A delivery report as a network makes it (for the bench). BadPdu."""
    times = _stamp(report.sent_at) + _stamp(report.done_at)
    body = bytes((0x06, report.ref)) + _address(report.to) + times + bytes((report.status,))
    return (b"\0" + body).hex().upper()


def _user_data(text: str, part: Part | None, wide: bool) -> tuple[int, bytes, int, bytes]:
    """(coding scheme, header, length field, octets) of a text."""
    header = b""
    if part is not None:
        header = bytes((5, 0, 3, part.ref & 0xFF, part.total, part.number))
    septets = None if wide else gsm7.encode(text)
    if septets is not None:
        head = (len(header) * 8 + 6) // 7
        length, octets = head + len(septets), header + gsm7.pack(septets, head * 7 - len(header) * 8)
        coding, most = 0, 160
    else:
        octets = header + text.encode("utf-16-be", "surrogatepass")
        length, coding, most = len(octets), 8, 140
    if length > most:
        raise BadPdu(f"{length} are too many in one message, at most {most}")
    return coding, header, length, octets


def _address(number: str) -> bytes:
    """Length in digits, type and swapped digits; a name goes as packed letters."""
    digits = number.removeprefix("+")
    if digits and len(digits) <= 20 and all(digit in _DIGITS for digit in digits):
        kind = INTERNATIONAL if number.startswith("+") else UNKNOWN
        return bytes((len(digits), kind)) + _swapped(digits)
    letters = gsm7.encode(number)
    if not letters or len(letters) > 11:
        raise BadPdu("neither a number of up to 20 digits nor a name of up to 11 letters")
    octets = gsm7.pack(letters)
    return bytes(((len(letters) * 7 + 3) // 4, ALPHANUMERIC)) + octets


def _swapped(digits: str) -> bytes:
    codes = [_DIGITS.index(digit) for digit in digits] + [0xF] * (len(digits) % 2)
    return bytes(low | high << 4 for low, high in zip(codes[::2], codes[1::2], strict=True))


def _stamp(text: str) -> bytes:
    at = datetime.fromisoformat(text) if text else datetime(2000, 1, 1, tzinfo=UTC)
    quarters = int((at.utcoffset() or timedelta()).total_seconds()) // 900
    fields = (at.year % 100, at.month, at.day, at.hour, at.minute, at.second, abs(quarters))
    octets = bytearray(field // 10 | field % 10 << 4 for field in fields)
    octets[6] |= 0x08 if quarters < 0 else 0
    return bytes(octets)


# ---- reading -----------------------------------------------------------------------------------------------


class _Octets:
    """Takes octets from the front; BadPdu when there are too few."""

    def __init__(self, text: str) -> None:
        if len(text) > HEX_LIMIT:
            raise BadPdu("too long")
        try:
            self._rest = bytes.fromhex(text)
        except ValueError:
            raise BadPdu("not hexadecimal") from None

    def take(self, count: int) -> bytes:
        taken, self._rest = self._rest[:count], self._rest[count:]
        if len(taken) < count:
            raise BadPdu("ends too early")
        return taken

    def one(self) -> int:
        return self.take(1)[0]


def decode(text: str) -> Deliver | Report:
    """A PDU that came in. BadPdu."""
    octets = _Octets(text)
    octets.take(octets.one())
    first = octets.one()
    match first & 3:
        case 0:
            sender = _read_address(octets)
            _, coding = octets.take(2)
            sent_at = _read_stamp(octets.take(7))
            said, part, data = _read_user_data(octets, coding, bool(first & 0x40))
            return Deliver(sender, sent_at, said, part, data)
        case 2:
            ref, to = octets.one(), _read_address(octets)
            times = _read_stamp(octets.take(7)), _read_stamp(octets.take(7))
            return Report(ref, to, *times, octets.one())
    raise BadPdu("neither a message nor a report")


def decode_submit(text: str) -> Submit:
    """A PDU that goes out (for the bench). BadPdu."""
    octets = _Octets(text)
    octets.take(octets.one())
    first, _ = octets.take(2)
    if first & 3 != 1:
        raise BadPdu("not a message that goes out")
    to = _read_address(octets)
    _, coding = octets.take(2)
    octets.take((0, 7, 1, 7)[first >> 3 & 3])
    said, part, data = _read_user_data(octets, coding, bool(first & 0x40))
    return Submit(to, said, part, bool(first & 0x20), data)


def _read_address(octets: _Octets) -> str:
    count, kind = octets.take(2)
    if count > 22:
        raise BadPdu("address too long")
    body = octets.take((count + 1) // 2)
    if kind & 0x70 == 0x50:
        return gsm7.decode(gsm7.unpack(body, count * 4 // 7))
    codes = [code for octet in body for code in (octet & 0xF, octet >> 4)][:count]
    digits = "".join(_DIGITS[code] for code in codes if code != 0xF)
    return ("+" if kind & 0x70 == 0x10 else "") + digits


def _read_stamp(octets: bytes) -> str:
    fields = [(octet & 0xF) * 10 + (octet >> 4) for octet in octets[:6]]
    zone = (octets[6] & 0x7) * 10 + (octets[6] >> 4)
    offset = timedelta(minutes=15 * (-zone if octets[6] & 0x08 else zone))
    try:
        year, month, day, hour, minute, second = fields
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=timezone(offset)).isoformat()
    except ValueError:
        return ""


Coding = Literal["gsm7", "ucs2", "data"]


def _coding_of(scheme: int) -> Coding:
    group = scheme >> 4
    if group < 8:
        if scheme & 0x20:
            return "data"
        names: tuple[Coding, ...] = ("gsm7", "data", "ucs2", "gsm7")
        return names[scheme >> 2 & 3]
    if group == 0xE:
        return "ucs2"
    return "data" if group == 0xF and scheme & 4 else "gsm7"


def _read_user_data(octets: _Octets, scheme: int, has_header: bool) -> tuple[str, Part | None, bytes]:
    coding, length = _coding_of(scheme), octets.one()
    if coding == "gsm7" and length > 160 or coding != "gsm7" and length > 140:
        raise BadPdu("longer than a message can be")
    body = octets.take((length * 7 + 7) // 8 if coding == "gsm7" else length)
    header = b""
    if has_header:
        if not body or len(body) < body[0] + 1:
            raise BadPdu("header longer than the message")
        header = body[: body[0] + 1]
    part = _read_part(header[1:])
    if coding == "gsm7":
        head = (len(header) * 8 + 6) // 7
        if head > length:
            raise BadPdu("header longer than the message")
        septets = gsm7.unpack(body[len(header) :], length - head, head * 7 - len(header) * 8)
        return gsm7.decode(septets), part, b""
    rest = body[len(header) :]
    if coding == "ucs2":
        return rest[: len(rest) & ~1].decode("utf-16-be", "surrogatepass"), part, b""
    return "", part, rest


def _read_part(elements: bytes) -> Part | None:
    """The first sound concatenation element of a header; others, and torn ones, are skipped."""
    while len(elements) >= 2:
        kind, size = elements[0], elements[1]
        body, elements = elements[2 : 2 + size], elements[2 + size :]
        if len(body) == size and (kind, size) in ((0, 3), (8, 4)):
            *ref, total, number = body
            if 1 <= number <= total:
                return Part(int.from_bytes(bytes(ref), "big"), total, number)
    return None


# ---- long messages -----------------------------------------------------------------------------------------


def split(text: str) -> tuple[str, ...]:
    """The texts of the messages that carry `text`: no escape and no UTF-16 pair is cut in two."""
    plain = gsm7.encode(text) is not None
    single, most = (160, 153) if plain else (70, 67)
    sizes = [_size(char, plain) for char in text]
    if sum(sizes) <= single:
        return (text,)
    pieces, start, filled = [], 0, 0
    for place, size in enumerate(sizes):
        if filled + size > most:
            pieces.append(text[start:place])
            start, filled = place, 0
        filled += size
    return (*pieces, text[start:])


def _size(char: str, plain: bool) -> int:
    if plain:
        return len(gsm7.septets_of(char) or b"")
    return 2 if ord(char) > 0xFFFF else 1


def join(texts: tuple[str, ...]) -> str:
    """Parts put together; UTF-16 pairs that were cut in two are whole again, lone halves become U+FFFD."""
    return "".join(texts).encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
