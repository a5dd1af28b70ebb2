"""MAP27 bytes to link frames and back: flags, doubled DLE, check sequence. Pure.

Takes any bytes, split anywhere, never raises and never holds more than one frame. A frame with a wrong check
sequence is dropped and counted; what it may have swallowed of the next one is looked at again.
"""

from dataclasses import dataclass, field
from enum import Enum

SYN, DLE, STX, ETX = 0x16, 0x10, 0x02, 0x03
LINK_REQUEST, LINK_ACK, LINK_TRANSFER = 0x01, 0x02, 0x04
VERSION = 1
N1_MOST, K_MOST = 255, 255
BODY_LIMIT = 4 + 16 * (N1_MOST + 1)
"""Longest header and data in octets, without the stuffing."""


@dataclass(frozen=True)
class LinkRequest:
    """LR: (re)start the link with at most 16 * (n1 + 1) data octets a frame and `k` frames unanswered."""

    n1: int
    k: int
    version: int = VERSION


@dataclass(frozen=True)
class LinkAck:
    """LA: everything before `expected` has arrived; `credit` more may be sent."""

    expected: int
    credit: int


@dataclass(frozen=True)
class LinkTransfer:
    """LT: network message `data` under `number`; `at_once`: the acknowledgement must not wait."""

    number: int
    data: bytes
    at_once: bool = True


Frame = LinkRequest | LinkAck | LinkTransfer


def _table() -> tuple[int, ...]:
    made = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0xA001 if value & 1 else 0)
        made.append(value)
    return tuple(made)


_TABLE = _table()


def fcs(octets: bytes) -> bytes:
    """CRC-16/USB of header, data and closing flag as it is sent, low octet first."""
    value = 0xFFFF
    for octet in octets:
        value = (value >> 8) ^ _TABLE[(value ^ octet) & 0xFF]
    return (value ^ 0xFFFF).to_bytes(2, "little")


def encode(frame: Frame) -> bytes:
    """The frame as it goes over the wire. Numbers are cut to an octet."""
    match frame:
        case LinkRequest(n1=n1, k=k, version=version):
            body = bytes((LINK_REQUEST, n1 & 0xFF, k & 0xFF, version & 0xFF))
        case LinkAck(expected=expected, credit=credit):
            body = bytes((LINK_ACK, expected & 0xFF, credit & 0xFF, 0))
        case LinkTransfer(number=number, data=data, at_once=at_once):
            body = bytes((LINK_TRANSFER, number & 0xFF, int(at_once), 0)) + data
    end = bytes((DLE, ETX))
    stuffed = body.replace(b"\x10", b"\x10\x10")
    return bytes((SYN, DLE, STX)) + stuffed + end + fcs(body + end)


def decode(body: bytes) -> Frame | None:
    """Header and data of a frame; None when its type is not known or it is too short."""
    if len(body) < 4:
        return None
    match body[0]:
        case 0x01:
            return LinkRequest(body[1], body[2], body[3])
        case 0x02:
            return LinkAck(body[1], body[2])
        case 0x04:
            return LinkTransfer(body[1], body[4:], body[2] != 0)
    return None


class _At(Enum):
    """Where in a frame the splitter stands."""

    HUNT, SYN, START, BODY, ESCAPE, CHECK = range(6)


@dataclass
class Splitter:
    """Bytes in, frames out. `broken` counts frames that were cut or failed their check, `oversized` too long
    ones, `strange` whole frames of no known type."""

    broken: int = 0
    oversized: int = 0
    strange: int = 0
    _state: _At = _At.HUNT
    _body: bytearray = field(default_factory=bytearray)
    _check: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now."""
        found: list[Frame] = []
        for octet in data:
            self._take(octet, found)
        return found

    def _take(self, octet: int, found: list[Frame]) -> None:
        match self._state:
            case _At.BODY:
                if octet == DLE:
                    self._state = _At.ESCAPE
                else:
                    self._keep(octet)
            case _At.ESCAPE:
                self._escaped(octet)
            case _At.CHECK:
                self._check.append(octet)
                if len(self._check) == 2:
                    self._finish(found)
            case _At.SYN if octet == DLE:
                self._state = _At.START
            case _At.START if octet == STX:
                self._begin()
            case _:
                self._state = _At.SYN if octet == SYN else _At.HUNT

    def _begin(self) -> None:
        self._body.clear()
        self._state = _At.BODY

    def _keep(self, octet: int) -> None:
        self._state = _At.BODY
        if len(self._body) < BODY_LIMIT:
            self._body.append(octet)
        else:
            self.oversized += 1
            self._body.clear()
            self._state = _At.HUNT

    def _escaped(self, octet: int) -> None:
        match octet:
            case 0x10:
                self._keep(octet)
            case 0x03:
                self._check.clear()
                self._state = _At.CHECK
            case 0x02:  # never inside a frame: this one was cut and the next has begun
                self.broken += 1
                self._begin()
            case _:
                self.broken += 1
                self._state = _At.SYN if octet == SYN else _At.HUNT

    def _finish(self, found: list[Frame]) -> None:
        body, check = bytes(self._body), bytes(self._check)
        self._body.clear()
        self._check.clear()
        self._state = _At.HUNT
        if fcs(body + bytes((DLE, ETX))) != check:
            self.broken += 1
            for octet in check:  # the next frame may begin in what was taken for the check sequence
                self._take(octet, found)
            return
        frame = decode(body)
        if frame is None:
            self.strange += 1
        else:
            found.append(frame)
