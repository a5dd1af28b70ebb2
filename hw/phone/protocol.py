"""What a phone says on its serial line: bytes in, typed lines out; and the bytes of commands. Pure.

Never raises on any bytes; memory is bounded; however the bytes are split, the lines are the same. A header
that announces a PDU (+CMT, +CDS, +CMGR, +CMGL) is held back until its hexadecimal line comes and told
together with it; lines that slip in between are told at once. Parsers are tolerant: what cannot be read is
`Other`, never an error.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from hw.phone.lines import (
    Arrived,
    Bars,
    Cause,
    Clip,
    Direct,
    Echo,
    Failed,
    Indicator,
    Line,
    Listed,
    Ok,
    Other,
    PinState,
    Prompt,
    Registration,
    Result,
    Ring,
    SentRef,
    Signal,
    Storage,
    Stored,
    Waiting,
)

LINE_LIMIT = 1024
NUMBER_LIMIT = 40
"""Longest telephone number or name of a caller, in characters; what follows is cut off."""
HEADERS = 2
"""Headers that may wait for their PDU at a time: one of an answer, one that slipped in."""
PATIENCE = 4
"""Other lines that may come between a header and its PDU."""
ESCAPE = b"\x1b"
CTRL_Z = b"\x1a"

_DROPPED = bytes(code for code in range(32) if code not in (0x0A, 0x0D))
_RESULTS = {word: Result(word) for word in ("NO CARRIER", "BUSY", "NO ANSWER")}
_RESULTS |= {"NO DIALTONE": Result("NO DIALTONE"), "NO DIAL TONE": Result("NO DIALTONE")}
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){4,}")
_ITEM = re.compile(r'\s*(?:"([^"]*)"|([^,]*))\s*(?:,|$)')


@dataclass
class _Header:
    make: Callable[[str], Line]
    patience: int = PATIENCE


class Splitter:
    """Bytes in, lines out. `oversized` and `orphans` count lines and headers that were thrown away."""

    def __init__(self) -> None:
        self.oversized = 0
        self.orphans = 0
        self._rest = bytearray()
        self._skipping = False
        self._headers: list[_Header] = []

    def feed(self, data: bytes) -> list[Line]:
        """The lines completed by `data`."""
        lines: list[Line] = []
        for byte in data.translate(None, _DROPPED):
            if byte in b"\r\n":
                self._end(lines)
            elif byte == 0x3E and not self._rest.strip() and not self._skipping:
                self._rest.clear()
                lines.append(Prompt())
            elif not self._skipping:
                self._rest.append(byte)
                if len(self._rest) > LINE_LIMIT:
                    self.oversized += 1
                    self._rest.clear()
                    self._skipping = True
        return lines

    def _end(self, lines: list[Line]) -> None:
        text = self._rest.decode("utf-8", "replace").strip()
        self._rest.clear()
        if self._skipping:
            self._skipping = False
        elif text:
            self._take(text, lines)

    def _take(self, text: str, lines: list[Line]) -> None:
        if self._headers and _HEX.fullmatch(text):
            lines.append(self._headers.pop().make(text))
            return
        header = _header(text)
        if header is not None:
            self._headers.append(header)
            self._drop(len(self._headers) - HEADERS)
            return
        line = parse(text)
        lines.append(line)
        for waiting in self._headers:
            waiting.patience -= 1
        final = isinstance(line, Ok | Failed)
        self._drop(sum(final or waiting.patience <= 0 for waiting in self._headers))

    def _drop(self, count: int) -> None:
        """The oldest headers go: their PDU will not come any more."""
        if count > 0:
            self.orphans += count
            del self._headers[:count]


def _header(text: str) -> _Header | None:
    """What waits for a PDU after this line."""
    name, colon, rest = text.partition(":")
    if not colon:
        return None
    values = items(rest)
    numbers = [whole(value) for value in values]
    match name.upper():
        case "+CMT" | "+CDS":
            return _Header(Direct)
        case "+CMGR":
            stat = numbers[0]
            return _Header(lambda pdu: Stored(None, 0 if stat is None else stat, pdu))
        case "+CMGL" if len(numbers) > 1 and numbers[0] is not None:
            slot, own = numbers[0], numbers[1]
            return _Header(lambda pdu: Stored(slot, 0 if own is None else own, pdu))
    return None


# ---- one line ----------------------------------------------------------------------------------------------


def items(text: str) -> list[str]:
    """Values between commas, quotes taken off; a comma within quotes divides nothing."""
    found = [quoted or plain.strip() for quoted, plain in _ITEM.findall(text)]
    return found[:-1] if len(found) > 1 and not text.rstrip().endswith(",") else found


def whole(text: str) -> int | None:
    """A whole number of up to nine ASCII digits, or None."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def parse(text: str) -> Line:
    """What one line without its end means."""
    upper = text.upper()
    if upper == "OK":
        return Ok()
    if upper == "ERROR":
        return Failed()
    if upper in _RESULTS:
        return _RESULTS[upper]
    if upper == "RING":
        return Ring()
    if upper.startswith("AT"):
        return Echo(text)
    name, colon, rest = text.partition(":")
    reader = _READERS.get(name.upper()) if colon else None
    read = reader(rest.strip()) if reader else None
    return Other(text) if read is None else read


def _failed(kind: str) -> Callable[[str], Line | None]:
    return lambda rest: Failed(kind, whole(rest))


def _number_of(values: list[str]) -> str:
    """The number, made international by its type."""
    number = values[0]
    abroad = len(values) > 1 and values[1] == "145" and not number.startswith("+")
    return ("+" + number if abroad and number else number)[:NUMBER_LIMIT]


def _listed(rest: str) -> Line | None:
    values = items(rest)
    index, way, stat, mode, party = [whole(value) for value in (*values, "", "", "", "", "")[:5]]
    if index is None or way not in (0, 1) or stat is None or stat > 5:
        return None
    number = _number_of(values[5:7]) if len(values) > 5 else ""
    return Listed(index, way == 1, stat, mode or 0, party == 1, number)


def _registration(rest: str) -> Line | None:
    """`<stat>[,"lac",…]` unasked, `<n>,<stat>[,…]` as an answer: told apart by the second value."""
    values = items(rest)
    second = re.fullmatch(r"[0-9]{1,2}", values[1]) if len(values) > 1 else None
    stat = whole(values[1] if second else values[0])
    return None if stat is None else Registration(stat)


def _first(make: Callable[[int], Line]) -> Callable[[str], Line | None]:
    def read(rest: str) -> Line | None:
        value = whole(items(rest)[0])
        return None if value is None else make(value)

    return read


def _pair(make: Callable[[int, int], Line], last: bool = False) -> Callable[[str], Line | None]:
    def read(rest: str) -> Line | None:
        values = [whole(value) for value in items(rest)]
        one, two = (values[-2:] if last else values[:2]) if len(values) > 1 else (None, None)
        return None if one is None or two is None else make(one, two)

    return read


def _arrived(rest: str) -> Line | None:
    values = items(rest)
    slot = whole(values[1]) if len(values) > 1 else None
    return None if slot is None else Arrived(values[0], slot)


_READERS: dict[str, Callable[[str], Line | None]] = {
    "+CME ERROR": _failed("CME"),
    "+CMS ERROR": _failed("CMS"),
    "+CRING": lambda rest: Ring(),
    "+CLIP": lambda rest: Clip(_number_of(items(rest))),
    "+CCWA": lambda rest: Waiting(_number_of(items(rest))),
    "+CLCC": _listed,
    "+CREG": _registration,
    "+CSQ": _first(Signal),
    "+CSQF": _first(Bars),
    "+CIEV": _pair(Indicator),
    "+CPIN": lambda rest: PinState(rest.strip('" ').upper()),
    "+CMTI": _arrived,
    "+CMGS": _first(SentRef),
    "+CPMS": _pair(Storage, last=True),
    "+CEER": lambda rest: Cause(rest.strip('" ')),
}


# ---- commands ----------------------------------------------------------------------------------------------


def command(text: str) -> bytes:
    """A command line. ValueError unless it is printable ASCII of at most 400 characters that begins with AT."""
    if not re.fullmatch(r"AT[\x20-\x7e]{0,398}", text):
        raise ValueError("a command is AT and printable ASCII, at most 400 characters")
    return text.encode() + b"\r"


def body(pdu: str) -> bytes:
    """A PDU as it follows the prompt. ValueError unless it is hexadecimal."""
    if not re.fullmatch(r"(?:[0-9A-F]{2})+", pdu):
        raise ValueError("a PDU is pairs of hexadecimal digits")
    return pdu.encode() + CTRL_Z
