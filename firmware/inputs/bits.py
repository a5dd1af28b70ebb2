"""The inputs of one Modbus module (function 2): polls them, tells changes. Performs nothing.

Neighbouring bits are asked for in one telegram. A module that does not answer is asked seldom, so that it does not
take the bus from those that live; what it said last stands meanwhile and is said to be old.
"""

from dataclasses import dataclass, replace

from hw.modbus import protocol as p
from hw.modbus.machine import Answered, Ask, Failed
from hw.terminal import PortDown, PortUp, Told

PERIOD = 0.15
RETREAT = 3.0
"""Seconds between polls of a module that answers, and of one that does not."""
GAP = 16
"""Bits that nobody wants and that are fetched all the same rather than with a second telegram."""
SPAN = 256


@dataclass(frozen=True)
class Bit:
    """`place` is the address of the discrete input `name`."""

    name: str
    place: int
    active_high: bool = True


@dataclass(frozen=True)
class BitsChanged:
    """Inputs whose level is new: (name, level) each."""

    levels: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class BitsLost:
    """The module cannot be read; told once. why: no-answer | garbled | port-down | what it refused with."""

    module: str
    why: str


@dataclass(frozen=True)
class BitsBack:
    """It can be read again."""

    module: str


Step = tuple["BitModule", tuple[object, ...]]


@dataclass(frozen=True)
class BitModule:
    """See the module. Times are monotonic seconds."""

    name: str
    slave: int
    bits: tuple[Bit, ...]
    levels: tuple[tuple[str, bool], ...] = ()
    poll_at: float | None = None
    lost: str = ""

    @property
    def deadline(self) -> float | None:
        """The next poll."""
        return self.poll_at

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """(first bit, count) of every telegram."""
        spans: list[tuple[int, int]] = []
        for place in sorted({bit.place for bit in self.bits}):
            first, count = spans[-1] if spans else (place, 0)
            if spans and place <= first + count + GAP and place - first < SPAN:
                spans[-1] = (first, place - first + 1)
            else:
                spans.append((place, 1))
        return tuple(spans)

    def handle(self, event: object, now: float) -> Step:
        """The module after `event` and what must be done."""
        module, effects = self._take(event, now)
        if module.poll_at is None or now < module.poll_at:
            return module, effects
        asks = tuple(
            Ask(f"{self.name}/{first}", p.ReadBits(self.slave, 2, first, count))
            for first, count in self.spans
        )
        wait = RETREAT if module.lost else PERIOD
        return replace(module, poll_at=now + wait), (*effects, *asks)

    def _take(self, event: object, now: float) -> Step:
        match event:
            case PortUp():
                return replace(self, poll_at=now), ()
            case PortDown():
                module, effects = self._gone("port-down")
                return replace(module, poll_at=None), effects
            case Answered(request=p.ReadBits(address=first), reply=p.Bits(values=values)):
                return self._read(first, values, now)
            case Answered(reply=p.Refusal() as refusal):
                return self._gone(refusal.words)
            case Failed(why=why) if why != "port-down":
                return self._gone(why)
        return self, ()

    def _gone(self, why: str) -> Step:
        if self.lost:
            return self, ()
        return replace(self, lost=why), (Told(BitsLost(self.name, why)),)

    def _read(self, first: int, values: tuple[bool, ...], now: float) -> Step:
        levels = dict(self.levels)
        for bit in self.bits:
            if first <= bit.place < first + len(values):
                levels[bit.name] = values[bit.place - first] == bit.active_high
        new = tuple((name, on) for name, on in levels.items() if dict(self.levels).get(name) != on)
        facts: list[object] = [Told(BitsChanged(new))] if new else []
        module = replace(self, levels=tuple(levels.items()))
        if self.lost:
            facts.append(Told(BitsBack(self.name)))
            module = replace(module, lost="", poll_at=now + PERIOD)
        return module, tuple(facts)
