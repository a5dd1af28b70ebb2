"""MAP27 network messages: octets to typed messages and back, causes in words. Pure; takes any octets.

Sources: MAP27 v1.5 (UADG, January 1998), section 5. Fields that are missing are None. Whether DISCONNECT and
CLEARED carry an address is read from two implementations that differ, so both forms are read and the profile
says which one is sent.
"""

import re
from dataclasses import dataclass
from typing import Literal

STATUS, SHORT, EXTENDED = 0x80, 0x81, 0x82
SETUP, EMERGENCY_SETUP = 0xA4, 0xA5
NORMAL_END, OTHER_END = 0x86, 0xA6
RADIO_CONTROL = OPERATING_CONDITION = 0xB2
TRANSMIT, OFF_HOOK, CONTACT = 0x01, 0x02, 0x04
CONNECTED, NO_LONGER_WANTED, DISCONNECTED = 0x00, 0x08, 0x07
TRANSMISSION_DISABLED, SYSTEM_BUSY, CLEAR_DOWN = 0x01, 0x02, 0x0A
NON_PRIORITY, GROUP, DATA_CALL, HOOK_NEEDED = 0x08, 0x20, 0x10, 0x08
"""Bits of CALL DETAILS; HOOK_NEEDED shares its place with NON_PRIORITY in the other direction."""
EIGHT_BIT = 0xF
SHORT_OCTETS, EXTENDED_OCTETS = 22, 88
PREFIX_MOST, IDENT_MOST, STATUS_MOST = 127, 8191, 31

Outcome = Literal["positive", "queuing", "negative"]
_OUTCOMES: dict[int, Outcome] = {0xC0: "positive", 0xD0: "queuing", 0xE0: "negative"}


@dataclass(frozen=True)
class Address:
    """PFIX and IDENT of a unit or group; `digits` when the caller stands outside the radio network."""

    prefix: int
    ident: int
    digits: str = ""

    @property
    def known(self) -> bool:
        """Not the dummy address."""
        return bool(self.prefix or self.ident or self.digits)

    @property
    def word(self) -> str | None:
        """For people: PFIX/IDENT, with the digits behind; None when unknown."""
        if not self.known:
            return None
        return f"{self.prefix}/{self.ident}" + (f" {self.digits}" if self.digits else "")


@dataclass(frozen=True)
class StatusMessage:
    """A status of 0 to 31."""

    address: Address
    status: int


@dataclass(frozen=True)
class ShortData:
    """A single-segment or extended message in its own coding (8 binary, 9 BCD, A telex, B 7 bits, F 8 bits)."""

    address: Address
    coding: int
    data: bytes
    extended: bool = False


@dataclass(frozen=True)
class MessageAck:
    """What became of a status or short message that was sent."""

    outcome: Outcome
    address: Address
    cause: int | None = None


@dataclass(frozen=True)
class CallSetup:
    """Incoming call (or, towards the radio, a call to set up). `details` is CALL DETAILS as it stands."""

    address: Address
    details: int
    emergency: bool = False


@dataclass(frozen=True)
class SetupProgress:
    """How the call that was asked for goes."""

    outcome: Outcome
    address: Address
    cause: int | None


@dataclass(frozen=True)
class ReceiveProgress:
    """How a call goes on: positive = connected, queuing = a warning, negative = not connected."""

    outcome: Outcome
    address: Address
    cause: int | None


@dataclass(frozen=True)
class Ended:
    """CLEARED (or, towards the radio, DISCONNECT)."""

    normal: bool
    cause: int | None


@dataclass(frozen=True)
class Condition:
    """OPERATING CONDITION. `field` 1 to 255, 0 not measured; `longest` call in seconds, None without end."""

    transmitting: bool
    off_hook: bool
    contact: bool
    field: int = 0
    longest: float | None = None


@dataclass(frozen=True)
class Other:
    """Anything else, kept as it is."""

    data: bytes


Message = (
    StatusMessage
    | ShortData
    | MessageAck
    | CallSetup
    | SetupProgress
    | ReceiveProgress
    | Ended
    | Condition
    | Other
)


def address(text: str, prefix: int = 0) -> Address | None:
    """`PFIX/IDENT`, or an IDENT within `prefix`; None when it is neither."""
    found = re.fullmatch(r"(?:([0-9]{1,3})/)?([0-9]{1,4})", text)
    if found is None:
        return None
    made = Address(int(found[1]) if found[1] else prefix, int(found[2]))
    good = made.prefix <= PREFIX_MOST and 1 <= made.ident <= IDENT_MOST
    return made if good else None


def encode_address(where: Address) -> bytes:
    """PFIX, IDENT and an empty address description."""
    return bytes((where.prefix & 0x7F, where.ident >> 8 & 0x1F, where.ident & 0xFF, 0))


def set_up(where: Address, details: int = 0, emergency: bool = False) -> bytes:
    """SETUP VOICE or SETUP EMERGENCY; also INCOMING CALL."""
    return bytes((EMERGENCY_SETUP if emergency else SETUP,)) + encode_address(where) + bytes((details,))


def disconnect(normal: bool, cause: int, where: Address | None = None) -> bytes:
    """DISCONNECT or CLEARED, with the address when one is given."""
    middle = b"" if where is None else encode_address(where)[:3]
    return bytes((NORMAL_END if normal else OTHER_END,)) + middle + bytes((cause,))


def radio_control(off_hook: bool, transmit: bool) -> bytes:
    """RADIO CONTROL: the software's hook and push-to-talk."""
    return bytes((RADIO_CONTROL, OFF_HOOK * off_hook | TRANSMIT * transmit))


def send_status(where: Address, status: int) -> bytes:
    """SEND STATUS of 0 to 31."""
    return bytes((STATUS,)) + encode_address(where) + bytes((status & STATUS_MOST,))


def send_text(where: Address, text: str) -> bytes | None:
    """Text in 8-bit characters, short or extended; None when it is empty, too long or not ASCII."""
    if not text or not text.isascii() or len(text) > EXTENDED_OCTETS:
        return None
    kind = SHORT if len(text) <= SHORT_OCTETS else EXTENDED
    return bytes((kind,)) + encode_address(where) + bytes((EIGHT_BIT << 4 | 8,)) + text.encode("ascii")


def progress(outcome: Outcome, where: Address, cause: int, kind: int = 4) -> bytes:
    """Radio to gateway: kind 0 message ack, 4 setup progress, 5 receive progress."""
    high = next(high for high, word in _OUTCOMES.items() if word == outcome)
    return bytes((high | kind,)) + encode_address(where) + bytes((cause,))


def condition(now: Condition, longest: int = 0xFF) -> bytes:
    """Radio to gateway: OPERATING CONDITION; `longest` is its fourth octet as it stands."""
    bits = TRANSMIT * now.transmitting | OFF_HOOK * now.off_hook | CONTACT * now.contact
    return bytes((OPERATING_CONDITION, bits, now.field & 0xFF, longest))


def longest_call(octet: int) -> float | None:
    """Longest call in seconds from the fourth octet of OPERATING CONDITION; None: without end or not told."""
    if 0x01 <= octet <= 0x09:
        return (octet + 4) * 60.0
    return float(octet) if 0x0A <= octet <= 0xFE else None


def decode(data: bytes) -> Message:
    """One network message; Other when it is not known or too short."""
    if not data:
        return Other(data)
    kind = data[0]
    if kind == OPERATING_CONDITION and len(data) >= 2:
        bits, field, limit = data[1], data[2] if len(data) > 2 else 0, data[3] if len(data) > 3 else 0xFF
        return Condition(
            bool(bits & TRANSMIT), bool(bits & OFF_HOOK), bool(bits & CONTACT), field, longest_call(limit)
        )
    if kind in (NORMAL_END, OTHER_END):
        cause = data[4] if len(data) >= 5 else data[1] if len(data) == 2 else None
        return Ended(kind == NORMAL_END, cause)
    if len(data) < 5:
        return Other(data)
    end = 5 + (data[4] & 0x0F)
    if len(data) < end:
        return Other(data)
    where = Address(data[1] & 0x7F, (data[2] & 0x1F) << 8 | data[3], _digits(data[4] >> 4, data[5:end]))
    return _addressed(kind, where, data[end:]) or Other(data)


def _addressed(kind: int, where: Address, rest: bytes) -> Message | None:
    first = rest[0] if rest else None
    outcome = _OUTCOMES.get(kind & 0xF0)
    match kind & 0x0F:
        case 0 if outcome is not None:
            return MessageAck(outcome, where, first)
        case 4 if outcome is not None:
            return SetupProgress(outcome, where, first)
        case 5 if outcome is not None:
            return ReceiveProgress(outcome, where, first)
    if kind in (SETUP, EMERGENCY_SETUP):
        return CallSetup(where, first or 0, kind == EMERGENCY_SETUP)
    if first is None:
        return None
    if kind == STATUS:
        return StatusMessage(where, first & STATUS_MOST)
    if kind in (SHORT, EXTENDED):
        return ShortData(where, first >> 4, rest[1:], kind == EXTENDED)
    return None


def _digits(kind: int, data: bytes) -> str:
    """Dialled digits of an address description in BCD; other kinds give none."""
    if kind != 1:
        return ""
    nibbles = [nibble for octet in data for nibble in (octet >> 4, octet & 0x0F)]
    return "".join(str(nibble) for nibble in nibbles if nibble <= 9)
