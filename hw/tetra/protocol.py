"""PEI bytes to typed lines and back. Pure; takes any bytes, split anywhere, and never raises.

Field lists are those of the ETSI dialect; modems that reuse the names with other lists (B-TrunC) need another
reader. Fields that a terminal leaves out are None. +CTSDSR is a header and one more line of hex digits.
"""

import re
from dataclasses import dataclass, field

from hw.tetra.lines import (
    GRANTED,
    NOT_GRANTED,
    OTHER_TALKS,
    QUEUED,
    Ceased,
    Cleared,
    Connected,
    Failed,
    Grant,
    Group,
    Held,
    IncomingCall,
    Line,
    Mode,
    Ok,
    OutgoingProgress,
    OwnNumber,
    Registration,
    SdsData,
    SdsSent,
    Signal,
    Text,
)

LINE_LIMIT = 2048
"""Longest line in bytes; the rest of a longer one is dropped and counted."""


def unhex(digits: str) -> bytes | None:
    """Hex digits as bytes, an odd last digit padded (seen from a Sepura); None when they are none."""
    digits = digits.replace(" ", "")
    if not digits or not re.fullmatch(r"[0-9A-Fa-f]+", digits):
        return None
    return bytes.fromhex(digits + "0" * (len(digits) % 2))


@dataclass
class Splitter:
    """Bytes in, lines out. `oversized` counts lines that were cut, `garbage` broken ones."""

    oversized: int = 0
    garbage: int = 0
    _rest: bytearray = field(default_factory=bytearray)
    _skipping: bool = False
    _header: "list[str] | None" = None

    def feed(self, data: bytes) -> list[Line]:
        """What is complete now."""
        found: list[Line] = []
        pieces = data.split(b"\n")
        for number, piece in enumerate(pieces):
            self._add(piece)
            if number < len(pieces) - 1:
                found += self._end()
        return found

    def _add(self, piece: bytes) -> None:
        if self._skipping:
            return
        room = LINE_LIMIT - len(self._rest)
        self._rest += piece[:room]
        if len(piece) > room:
            self._skipping = True
            self.oversized += 1

    def _end(self) -> list[Line]:
        raw, cut = bytes(self._rest), self._skipping
        self._rest.clear()
        self._skipping = False
        text = "".join(chr(b) for b in raw if b >= 0x20).strip()
        if text.startswith("> "):  # some terminals prompt for the data of AT+CMGS
            text = text[2:].strip()
        if cut or not text or text == ">":
            return []
        return self._line(text)

    def _line(self, text: str) -> list[Line]:
        header, self._header = self._header, None
        if header is not None:
            data = unhex(text)
            made = _sds(header, data) if data is not None else None
            if made is not None:
                return [made]
            self.garbage += 1
            if data is not None:
                return []
        name, colon, rest = text.partition(":")
        name = name.strip().upper()
        if colon and name == "+CTSDSR":
            fields = [each.strip() for each in rest.split(",")]
            data = unhex(fields[-1]) if len(fields) == 8 else None  # the data on the same line: seen once
            made = _sds(fields[:7], data) if data is not None else None
            if made is not None:
                return [made]
            self._header = fields
            return []
        made_line = parse(text)
        if isinstance(made_line, Text) and text.startswith("+"):
            self.garbage += 1
        return [made_line]


def parse(text: str) -> Line:
    """One line without its end; a known name with unusable fields becomes Text."""
    if text == "OK":
        return Ok()
    if text == "ERROR":
        return Failed()
    name, colon, rest = text.partition(":")
    if not colon:
        return Text(text)
    name = name.strip().upper()
    if name in ("+CME ERROR", "+CMS ERROR"):
        return Failed(_number(rest.strip()))
    reader = _READERS.get(name)
    return (reader(name, _Fields(rest)) if reader is not None else None) or Text(text)


class _Fields:
    """Comma-separated fields; one that is missing or empty is None."""

    def __init__(self, rest: str) -> None:
        self.rest = rest.strip()
        self._parts = [part.strip().strip('"') for part in rest.split(",")]

    def text(self, place: int) -> str | None:
        return (self._parts[place] or None) if place < len(self._parts) else None

    def whole(self, place: int) -> int | None:
        return _number(self.text(place))

    def flag(self, place: int) -> bool | None:
        value = self.whole(place)
        return None if value is None else value == 1

    def free(self, place: int) -> bool | None:
        """A transmission request permission: 0 = may ask."""
        value = self.whole(place)
        return None if value is None else value == 0


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"-?[0-9]{1,9}", text) else None


def _incoming(_: str, f: _Fields) -> Line | None:
    if (instance := f.whole(0)) is None:
        return None
    group = f.whole(8) in (1, 2, 3)
    return IncomingCall(
        instance, f.whole(1), f.whole(2), f.text(4), f.flag(6), group, f.text(11), f.whole(12)
    )


def _connected(_: str, f: _Fields) -> Line | None:
    if (instance := f.whole(0)) is None:
        return None
    comms = f.whole(5)
    return Connected(instance, f.flag(2), None if comms is None else comms in (1, 2, 3))


def _grant(_: str, f: _Fields) -> Line | None:
    instance, grant = f.whole(0), f.whole(1)
    if instance is None or grant not in (GRANTED, NOT_GRANTED, QUEUED, OTHER_TALKS):
        return None
    return Grant(instance, grant, f.free(2), f.text(5))


def _signal(_: str, f: _Fields) -> Line | None:
    if (rssi := f.whole(0)) is None:
        return None
    return Signal(-113 + 2 * rssi if 0 <= rssi <= 31 else None)


def _first(name: str, f: _Fields) -> Line | None:
    """Names of which one leading number is needed."""
    if (number := f.whole(0)) is None:
        return None
    match name:
        case "+CTOCP":
            return OutgoingProgress(number, f.whole(1))
        case "+CDTXC":
            return Ceased(number, f.free(1))
        case "+CTCR":
            return Cleared(number, f.whole(1))
        case "+CREG":
            return Registration(number)
        case "+CTOM":
            return Mode(number)
        case "+CMGS":
            return SdsSent(number, f.whole(1), f.whole(2))
        case _:
            return Held(number, name[1:], f.rest)


def _second(name: str, f: _Fields) -> Line | None:
    address = f.text(1)
    if address is None:
        return None
    return Group(address) if name == "+CTGS" else OwnNumber(address)


_READERS = {
    "+CTICN": _incoming,
    "+CTCC": _connected,
    "+CTXG": _grant,
    "+CSQ": _signal,
    "+CTGS": _second,
    "+CNUMF": _second,
} | dict.fromkeys(("+CTOCP", "+CDTXC", "+CTCR", "+CREG", "+CTOM", "+CMGS", "+CTXI", "+CTXN", "+CTXW"), _first)


def _sds(fields: list[str], data: bytes) -> SdsData | None:
    """From the header's fields; real terminals also send short forms without the caller."""
    service = _number(fields[0])
    if service is None or len(fields) not in (3, 4, 6, 7):
        return None
    bits = _number(fields[5] if len(fields) > 4 else fields[-1])
    size = len(data) if bits is None or bits <= 0 else -(-bits // 8)
    if len(fields) > 4:
        return SdsData(service, data[:size], fields[1] or None, fields[3] or None)
    return SdsData(service, data[:size], None, fields[1] or None)
