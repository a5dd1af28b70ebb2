"""One measuring instrument on Modbus: polls, judges what is plausible, says when its value is stale.

A value is believed if it lies within its bounds and has not moved faster than water can; a faster one is held
back until the following readings confirm it, so that a single wrong telegram raises no alarm and a dam that
really breaks raises it a few polls later. What is not known is told as not known, never as the last value.
"""

from dataclasses import dataclass, replace
from typing import Literal

from hw.modbus import protocol as p
from hw.modbus.machine import Answered, Ask, Failed
from hw.sensors.reading import Layout, value_of
from hw.terminal import PortDown, PortUp, Told

Doubt = Literal["no-answer", "refused", "not-a-number", "out-of-range", "jump", "port-down"]


@dataclass(frozen=True)
class SensorSettings:
    """`low`..`high` in the layout's unit; `per_minute` is the fastest believable change (0: any)."""

    name: str
    slave: int = 2
    layout: Layout = Layout()
    low: float = 0.0
    high: float = 100.0
    per_minute: float = 0.0
    confirm: int = 3
    poll: float = 5.0
    stale: float = 60.0
    dead_band: float = 0.0


@dataclass(frozen=True)
class Reading:
    """A believed value that differs from the one told before."""

    sensor: str
    value: float
    unit: str


@dataclass(frozen=True)
class Measured:
    """Effect: a believed value, told or not; comes with every poll, for those who must know that it is fresh."""

    sensor: str
    value: float


@dataclass(frozen=True)
class SensorDoubted:
    """A reading was not believed; told once until a good one comes. `value` None: there was none."""

    sensor: str
    why: Doubt
    value: float | None = None


@dataclass(frozen=True)
class SensorStale:
    """No believable value for so many seconds; the last one must not be shown as present."""

    sensor: str
    seconds: float
    why: str


@dataclass(frozen=True)
class SensorWell:
    """Believable values come again, or for the first time."""

    sensor: str


Step = tuple["Sensor", tuple[object, ...]]


@dataclass(frozen=True)
class Sensor:
    """See the module. Times are monotonic seconds."""

    settings: SensorSettings
    port: bool = False
    poll_at: float | None = None
    decimals: int | None = None
    value: float | None = None
    good_at: float | None = None
    watched_from: float | None = None
    told: float | None = None
    doubt: Doubt | None = None
    stale: bool = False
    suspect: tuple[float, ...] = ()

    @property
    def deadline(self) -> float | None:
        """Next poll, or the moment at which the value is stale."""
        stale_at = None if self.stale or self.watched_from is None else self._stale_at
        return min((each for each in (self.poll_at, stale_at) if each is not None), default=None)

    @property
    def _stale_at(self) -> float:
        since = self.good_at if self.good_at is not None else self.watched_from
        assert since is not None
        return since + self.settings.stale

    def handle(self, event: object, now: float) -> Step:
        """The sensor after `event` and what must be done."""
        sensor = self if self.watched_from is not None else replace(self, watched_from=now)
        sensor, effects = sensor._take(event, now)
        sensor, more = sensor._age(now)
        sensor, asks = sensor._poll(now)
        return sensor, (*effects, *more, *asks)

    def _take(self, event: object, now: float) -> Step:
        s = self.settings
        match event:
            case PortUp():
                return replace(self, port=True, poll_at=now, decimals=None), ()
            case PortDown():
                return replace(self, port=False, poll_at=None)._doubted("port-down", None)
            case Answered(ticket=ticket, reply=p.Registers(values=(number,))) if ticket == f"{s.name}/point":
                sane = number if number <= 6 else -1  # an absurd number of decimals makes no value at all
                return replace(self, decimals=sane), ()
            case Answered(ticket=ticket, reply=reply) if ticket == f"{s.name}/value":
                return self._answered(reply, now)
            case Answered(ticket=ticket) if ticket == f"{s.name}/point":
                return self._doubted("refused", None)
            case Failed(ticket=ticket) if ticket in (f"{s.name}/value", f"{s.name}/point"):
                return self._doubted("no-answer", None)
        return self, ()

    def _answered(self, reply: p.Reply, now: float) -> Step:
        if not isinstance(reply, p.Registers):
            return self._doubted("refused", None)
        if self.settings.layout.decimals_address is not None and self.decimals is None:
            return self, ()  # where the point stands is not known yet
        value = value_of(reply.values, self.decimals or 0, self.settings.layout)
        if value is None:
            return self._doubted("not-a-number", None)
        if not self.settings.low <= value <= self.settings.high:
            return self._doubted("out-of-range", value)
        if self._jumps(value, now) and not self._confirmed(value):
            keep = (*self.suspect, value)[-self.settings.confirm :]
            return replace(self, suspect=keep)._doubted("jump", value)
        return self._believed(value, now)

    def _allowed(self, seconds: float) -> float:
        s = self.settings
        return max(s.per_minute * seconds / 60, s.dead_band, (s.high - s.low) / 1000)

    def _jumps(self, value: float, now: float) -> bool:
        if self.value is None or self.good_at is None or self.settings.per_minute <= 0:
            return False
        return abs(value - self.value) > self._allowed(now - self.good_at)

    def _confirmed(self, value: float) -> bool:
        """The held back readings and this one agree with each other."""
        chain = (*self.suspect, value)[-self.settings.confirm :]
        if len(chain) < self.settings.confirm:
            return False
        step = 2 * self._allowed(self.settings.poll)
        return all(abs(b - a) <= step for a, b in zip(chain, chain[1:], strict=False))

    def _believed(self, value: float, now: float) -> Step:
        s = self.settings
        facts: list[Reading | SensorWell] = []
        if self.doubt is not None or self.stale or self.good_at is None:
            facts.append(SensorWell(s.name))
        moved = self.told is None or abs(value - self.told) > s.dead_band
        if moved or self.stale:
            facts.append(Reading(s.name, value, s.layout.unit))
        told = value if moved or self.stale else self.told
        sensor = replace(self, value=value, good_at=now, told=told, doubt=None, stale=False, suspect=())
        return sensor, (*(Told(fact) for fact in facts), Measured(s.name, value))

    def _doubted(self, why: Doubt, value: float | None) -> Step:
        sensor = self if why == "jump" else replace(self, suspect=())
        if self.doubt == why:
            return sensor, ()
        return replace(sensor, doubt=why), (Told(SensorDoubted(self.settings.name, why, value)),)

    def _age(self, now: float) -> Step:
        if self.stale or self.watched_from is None or now < self._stale_at:
            return self, ()
        fact = SensorStale(self.settings.name, self.settings.stale, self.doubt or "no-answer")
        return replace(self, stale=True), (Told(fact),)

    def _poll(self, now: float) -> Step:
        s = self.settings
        if not self.port or self.poll_at is None or now < self.poll_at:
            return self, ()
        asks: tuple[Ask, ...] = ()
        if s.layout.decimals_address is not None:
            point = p.ReadRegisters(s.slave, s.layout.function, s.layout.decimals_address, 1)
            asks = (Ask(f"{s.name}/point", point),)
        value = p.ReadRegisters(s.slave, s.layout.function, s.layout.address, s.layout.count)
        return replace(self, poll_at=now + s.poll), (*asks, Ask(f"{s.name}/value", value))
