"""Rain: tips of a bucket, counted by an instrument or on a pin, to millimetres and intensity. Pure.

A counter that wraps goes on; one that restarts (the gauge was without power) begins anew, without inventing
rain. A contact that bounces is one tip: edges within the lock-out do not count.
"""

from dataclasses import dataclass, replace

from hw.terminal import Told

MINUTES = 60
BELIEVABLE = 25.0
"""Millimetres that may fall between two readings of a counter; more is a restarted or broken gauge."""


@dataclass(frozen=True)
class Tip:
    """An edge of the bucket's contact."""


@dataclass(frozen=True)
class Count:
    """The gauge's own counter, as a believed Reading of hw.sensors.machine gives it."""

    total: int


@dataclass(frozen=True)
class RainFell:
    """So much more rain; `hour` is the sum of the last sixty minutes, both in mm."""

    gauge: str
    amount: float
    hour: float


@dataclass(frozen=True)
class CounterRestarted:
    """The gauge's counter went back; rain in between is not known."""

    gauge: str


@dataclass(frozen=True)
class RainGauge:
    """`per_tip` in mm; `lock_out` in s; `wrap` is one more than the counter's highest value."""

    name: str
    per_tip: float = 0.2
    lock_out: float = 0.1
    wrap: int = 65536
    last_tip: float | None = None
    total: int | None = None
    minutes: tuple[tuple[int, float], ...] = ()

    @property
    def deadline(self) -> float | None:
        """Nothing is due by itself."""
        return None

    def hour(self, now: float) -> float:
        """Millimetres of the last sixty minutes."""
        return round(sum(amount for minute, amount in self.minutes if minute > now // 60 - MINUTES), 3)

    def handle(self, event: object, now: float) -> tuple["RainGauge", tuple[object, ...]]:
        """The gauge after a Tip or a Count."""
        match event:
            case Tip():
                if self.last_tip is not None and now - self.last_tip < self.lock_out:
                    return replace(self, last_tip=now), ()
                return _fall(replace(self, last_tip=now), 1, now)
            case Count(total=total):
                return self._counted(total, now)
        return self, ()

    def _counted(self, total: int, now: float) -> tuple["RainGauge", tuple[object, ...]]:
        before, gauge = self.total, replace(self, total=total)
        if before is None or total == before:
            return gauge, ()
        more = (total - before) % self.wrap
        if more * self.per_tip > BELIEVABLE:
            return gauge, (Told(CounterRestarted(self.name)),)
        return _fall(gauge, more, now)


def _fall(gauge: RainGauge, tips: int, now: float) -> tuple[RainGauge, tuple[object, ...]]:
    amount, minute = tips * gauge.per_tip, int(now // 60)
    kept = [each for each in gauge.minutes if each[0] > minute - MINUTES]
    if kept and kept[-1][0] == minute:
        kept[-1] = (minute, kept[-1][1] + amount)
    else:
        kept.append((minute, amount))
    gauge = replace(gauge, minutes=tuple(kept))
    return gauge, (Told(RainFell(gauge.name, round(amount, 3), gauge.hour(now))),)
