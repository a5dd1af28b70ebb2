"""Timekeeping: which wall time a gateway believes, and how good it is. Pure.

Theory: a small computer without a battery clock starts in 1970 or where it was switched off. Time never goes
below a floor, the latest of the build, the provisioning and the last time known; the floor moves on with the
monotonic clock. Only a time kept by NTP, or an authenticated one, lifts it: a battery clock in the year 2099
must not take the fleet's evidence along. The system clock is never set from here.
"""

from dataclasses import dataclass, replace

from link.contract.link_facts import TimeQuality

SAMPLE_EVERY = 10.0
KEEP_EVERY = 60.0
"""Seconds between writes of the last time known."""
SLACK = 2.0
"""Seconds by which the system clock may lie below the floor and still be believed: NTP moves it a little."""
STEP = 0.5
"""Seconds of a change that is worth an event."""


@dataclass(frozen=True)
class Sampled:
    """The system clock (Unix s) as it stands; `synced`: NTP keeps it; `battery`: it was set from a battery clock."""

    system: float
    synced: bool
    battery: bool


@dataclass(frozen=True)
class TimeTold:
    """An authenticated time (Unix s) that has certainly passed."""

    wall: float


@dataclass(frozen=True)
class KeepFloor:
    """Effect: remember this last time known (Unix s) over a power cut."""

    wall: float


@dataclass(frozen=True)
class ClockNews:
    """Effect: the wall clock was moved by `by` seconds against the monotonic one, or its quality changed."""

    by: float
    quality: TimeQuality


@dataclass(frozen=True)
class Timekeeping:
    """`floor` (Unix s) held at `floor_at` (monotonic s); `known`: it comes from more than the build."""

    floor: float
    floor_at: float
    known: bool
    quality: TimeQuality = "none"
    ahead: float | None = None
    kept_at: float | None = None
    sampled_at: float | None = None

    @property
    def deadline(self) -> float | None:
        """When the system clock is looked at again."""
        return None if self.sampled_at is None else self.sampled_at + SAMPLE_EVERY

    def lowest(self, now: float) -> float:
        """The floor as it stands now (Unix s)."""
        return self.floor + (now - self.floor_at)

    def wall(self, system: float, now: float) -> float:
        """The time to believe (Unix s)."""
        lowest = self.lowest(now)
        return system if system >= lowest - SLACK else lowest

    def handle(self, event: object, now: float) -> tuple["Timekeeping", tuple[object, ...]]:
        """The keeper after `event` and what must be done."""
        match event:
            case Sampled():
                return self._sampled(event, now)
            case TimeTold(wall=wall) if wall > self.lowest(now):
                return replace(self, floor=wall, floor_at=now, known=True), ()
        return self, ()

    def _sampled(self, sample: Sampled, now: float) -> tuple["Timekeeping", tuple[object, ...]]:
        quality = self._judge(sample, now)
        wall = self.wall(sample.system, now)
        ahead = wall - now
        by = 0.0 if self.ahead is None else ahead - self.ahead
        kept = replace(self, quality=quality, ahead=ahead, sampled_at=now)
        if quality == "ntp":
            kept = replace(kept, floor=max(sample.system, self.lowest(now)), floor_at=now, known=True)
        effects: tuple[object, ...] = ()
        if quality != self.quality or abs(by) >= STEP:
            effects = (ClockNews(by, quality),)
        if kept.kept_at is None or now >= kept.kept_at + KEEP_EVERY:
            effects = (*effects, KeepFloor(kept.lowest(now)))
            kept = replace(kept, kept_at=now)
        return kept, effects

    def _judge(self, sample: Sampled, now: float) -> TimeQuality:
        if sample.system < self.lowest(now) - SLACK:
            return "est" if self.known else "none"
        if sample.synced:
            return "ntp"
        if sample.battery:
            return "rtc"
        return "est" if self.known else "none"
