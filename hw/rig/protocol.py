"""rigctld's extended protocol: typed commands to bytes, any bytes to answers. Pure; the parser never raises.

Measured on Hamlib 4.5.4 (rigctld -m 1): every command goes out as `+\\long_name args`, its answer is the same
words as an echo, values, then `RPRT code`. Traps: a word it does not know is run letter by letter or swallowed
without an answer, a missing argument eats the next line: so nothing is ever sent that is not built here. RPRT 0
proves nothing: an unknown mode and, with the radio switched off, every order and every question get it too.
Without `+` a bad mode may be answered twice. Commands to key and unkey do not exist here: they are the guard's.
"""

import re
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

LINE_LIMIT = 200
LINES_LIMIT = 40
"""Of one answer; what is older goes."""
HZ_LIMIT = 10_000_000_000
PASSBAND_LIMIT = 1_000_000
_ECHO = re.compile(r"([a-z]{2,5}_[a-z0-9_]{2,24}): ?(.*)")
_REPORT = re.compile(r"RPRT (-?\d{1,6})")


class Mode(StrEnum):
    """The modes that may be ordered; a radio may stand in others."""

    USB = "USB"
    LSB = "LSB"
    AM = "AM"
    CW = "CW"
    CWR = "CWR"
    FM = "FM"
    RTTY = "RTTY"
    PKTUSB = "PKTUSB"
    PKTLSB = "PKTLSB"


class Level(StrEnum):
    """STRENGTH in dB over S9; RFPOWER_METER (measured) and RFPOWER (as set) 0 to 1 of full power; SWR."""

    STRENGTH = "STRENGTH"
    SWR = "SWR"
    RFPOWER = "RFPOWER"
    RFPOWER_METER = "RFPOWER_METER"


@dataclass(frozen=True, slots=True)
class GetFrequency:
    """In Hz."""


@dataclass(frozen=True, slots=True)
class SetFrequency:
    """In Hz, whole."""

    hz: int


@dataclass(frozen=True, slots=True)
class GetMode:
    """Mode and passband."""


@dataclass(frozen=True, slots=True)
class SetMode:
    """`passband_hz` 0: what the radio takes as normal."""

    mode: Mode
    passband_hz: int = 0


@dataclass(frozen=True, slots=True)
class GetPtt:
    """Whether the radio transmits."""


@dataclass(frozen=True, slots=True)
class GetDcd:
    """Whether the radio's own squelch is open."""


@dataclass(frozen=True, slots=True)
class GetLevel:
    """One meter."""

    level: Level


@dataclass(frozen=True, slots=True)
class GetPower:
    """Whether the radio is switched on; used as the question that finds the end of a mixed-up stream."""


Command = GetFrequency | SetFrequency | GetMode | SetMode | GetPtt | GetDcd | GetLevel | GetPower


def words(command: Command) -> tuple[str, ...]:
    """The command as rigctld reads and echoes it. ValueError for a number or word that is not one."""
    match command:
        case SetFrequency(hz=hz):
            return ("set_freq", _whole(hz, 1, HZ_LIMIT))
        case SetMode(mode=mode, passband_hz=width):
            return ("set_mode", Mode(mode).value, _whole(width, 0, PASSBAND_LIMIT))
        case GetLevel(level=level):
            return ("get_level", Level(level).value)
        case GetFrequency():
            return ("get_freq",)
        case GetMode():
            return ("get_mode",)
        case GetPtt():
            return ("get_ptt",)
        case GetDcd():
            return ("get_dcd",)
        case GetPower():
            return ("get_powerstat",)
    raise ValueError(f"{command!r} is no command to a radio")


def encode(command: Command) -> bytes:
    """The bytes to send. ValueError as `words`."""
    return ("+\\" + " ".join(words(command)) + "\n").encode("ascii")


def _whole(value: object, least: int, most: int) -> str:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{value!r} is no whole number of Hz from {least} to {most}")
    return str(value)


# ---- what comes back ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """One block up to its RPRT. `name` and `args` are the echo ("" when there was none), `code` 0 or negative."""

    name: str
    args: str
    values: tuple[str, ...]
    code: int

    def fits(self, command: Command) -> bool:
        """Whether this is the answer to `command`, by its echo."""
        name, *args = words(command)
        said = self.args.split()
        return self.name == name and (not said or said[:1] == args[:1])


class Splitter:
    """Bytes in any pieces, answers out. Holds at most LINES_LIMIT lines of LINE_LIMIT bytes."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._long = False
        self._lines: deque[str] = deque(maxlen=LINES_LIMIT)

    def feed(self, data: bytes) -> list[Answer]:
        """The answers that are whole after `data`."""
        found = []
        *whole, rest = data.split(b"\n")
        for piece in whole:
            self._take(piece)
            text = "" if self._long else _text(self._line)
            self._line.clear()
            self._long = False
            report = _REPORT.fullmatch(text)
            if report:
                found.append(_block(tuple(self._lines), int(report[1])))
                self._lines.clear()
            elif text:
                self._lines.append(text)
        self._take(rest)
        return found

    def _take(self, piece: bytes) -> None:
        room = LINE_LIMIT - len(self._line)
        self._long = self._long or len(piece) > room
        self._line += piece[:room]


def _text(line: bytearray) -> str:
    return bytes(byte for byte in line if 0x20 <= byte < 0x7F).decode("ascii").strip()


def _block(lines: tuple[str, ...], code: int) -> Answer:
    for at in reversed(range(len(lines))):
        echo = _ECHO.fullmatch(lines[at])
        if echo:
            return Answer(echo[1], echo[2], lines[at + 1 :], code)
    return Answer("", "", lines, code)


@dataclass(frozen=True, slots=True)
class Done:
    """An order was taken; that it was carried out only a reading shows."""


@dataclass(frozen=True, slots=True)
class Frequency:
    """Where the radio stands."""

    hz: int


@dataclass(frozen=True, slots=True)
class ModeRead:
    """Any mode name that hamlib knows."""

    mode: str
    passband_hz: int


@dataclass(frozen=True, slots=True)
class Flag:
    """PTT, squelch or power switch."""

    on: bool


@dataclass(frozen=True, slots=True)
class Value:
    """A meter."""

    value: float


@dataclass(frozen=True, slots=True)
class Refused:
    """RPRT with this code (positive here)."""

    code: int

    @property
    def why(self) -> str:
        """In words."""
        return error_words(self.code)


@dataclass(frozen=True, slots=True)
class Unread:
    """RPRT 0 and no value that can be read: so rigctld answers when the radio is switched off."""


Reading = Done | Frequency | ModeRead | Flag | Value | Refused | Unread


def read(command: Command, answer: Answer) -> Reading:
    """What `answer` says to `command`; never raises on any answer."""
    if answer.code != 0:
        return Refused(abs(answer.code))
    values = [line.rpartition(":")[2].strip() for line in answer.values]
    number = _number(values[0]) if values else None
    match command:
        case SetFrequency() | SetMode():
            return Done()
        case GetMode():
            width = _number(values[1]) if len(values) > 1 else None
            if values and re.fullmatch(r"[A-Z0-9-]{1,12}", values[0]):
                return ModeRead(values[0], int(width) if width and 0 < width <= PASSBAND_LIMIT else 0)
        case GetFrequency() if number is not None and 1 <= number <= HZ_LIMIT:
            return Frequency(round(number))
        case GetPtt() | GetDcd() | GetPower() if number is not None and number in (0, 1, 2, 3, 4):
            return Flag(number != 0)
        case GetLevel() if number is not None and abs(number) < 1e6:
            return Value(number)
    return Unread()


def _number(text: str) -> float | None:
    """Maybe not finite: every use of it has its bounds."""
    try:
        return float(text)
    except ValueError:
        return None


_WORDS = {
    1: "invalid parameter",
    2: "invalid configuration",
    3: "out of memory",
    4: "not implemented for this radio",
    5: "the radio did not answer in time",
    6: "input/output error on the way to the radio",
    7: "hamlib's internal error",
    8: "the radio's answer was not understood",
    9: "the radio rejected the command",
    10: "truncated",
    11: "not available on this radio",
    12: "this VFO cannot be addressed",
    13: "error on the bus to the radio",
    14: "collision on the bus to the radio",
    15: "bad argument",
    16: "invalid VFO",
    17: "out of the radio's domain",
    18: "outdated function",
    19: "security error",
    20: "the radio is switched off",
    21: "limit exceeded",
    22: "access denied",
}
NOT_HAD = frozenset({4, 11, 18})
"""The radio will never have it."""
GONE = frozenset({5, 6, 8, 13, 14, 20})
"""The radio, or the way to it, does not work."""


def error_words(code: int) -> str:
    """The code of an RPRT in words."""
    return _WORDS.get(abs(code), f"hamlib error {abs(code)}")
