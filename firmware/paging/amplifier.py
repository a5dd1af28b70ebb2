"""The amplifier of one loudspeaker and the outputs around it: zones on, amplifier on, warm; amplifier off, zones off.

A part of the playout machine: frozen, pure. It is told whether sound is wanted and what the guard reads back, and
gives feeds and safe orders in this order only. A zone's lease outlives the amplifier's, so that even a gateway that
dies switches no loaded amplifier's zones.
"""

from dataclasses import dataclass, field, replace

from firmware.effects import FeedOutput, SafeOutput

FEED_FOR = 1.5
"""Seconds of amplifier lease that one sign of progress buys."""
FEED_EVERY = 0.5
ZONES_LONGER = 0.4
"""Seconds that a zone's lease outlives the amplifier's."""
ZONES_WITHIN = 0.5
"""Seconds that the zones have until they read on; then the amplifier goes on all the same."""
OFF_WITHIN = 0.3
"""Seconds that the amplifier has until it reads off; then the zones go off all the same."""

Step = tuple["Amplifier", tuple[object, ...]]


@dataclass(frozen=True)
class Amplifier:
    """Outputs by name; `reads_on` are those that the guard reads as on. Times are monotonic seconds."""

    relay: str
    zones: tuple[str, ...] = ()
    warm_up: float = 0.3
    wanted_at: float | None = None
    amp_at: float | None = None
    warm_at: float | None = None
    off_at: float | None = None
    reads_on: frozenset[str] = frozenset()
    fed_at: float = field(default=-1e9, compare=False)

    @property
    def on(self) -> bool:
        """The amplifier's relay reads on."""
        return self.relay in self.reads_on

    @property
    def through(self) -> bool:
        """The amplifier and every zone read on: sound can reach all loudspeakers."""
        return {self.relay, *self.zones} <= self.reads_on

    @property
    def deadline(self) -> float | None:
        """Next feed, or the end of a wait for a read-back."""
        if self.wanted_at is not None:
            moments = [self.fed_at + FEED_EVERY]
            if self.amp_at is None:
                moments.append(self.wanted_at + ZONES_WITHIN)
            return min(moments)
        return self.off_at + OFF_WITHIN if self.off_at is not None else None

    def is_warm(self, now: float) -> bool:
        """Sound may start."""
        return self.warm_at is not None and now >= self.warm_at

    def start(self, now: float) -> "Amplifier":
        """Sound is wanted from now on; one that is on and reads so stays warm."""
        if self.wanted_at is not None and self.on:
            return self
        return replace(self, wanted_at=now, amp_at=None, warm_at=None, off_at=None, fed_at=-1e9)

    def stop(self, now: float, why: str) -> Step:
        """No more sound is wanted: the amplifier goes off now, the zones when it reads off."""
        if self.wanted_at is None and self.off_at is None:
            return self, (SafeOutput(self.relay, why),)
        stopped = replace(self, wanted_at=None, amp_at=None, warm_at=None, off_at=now)
        return stopped, (SafeOutput(self.relay, why),)

    def at_once(self, why: str) -> Step:
        """Everything off, whatever was under way."""
        outs = (self.relay, *self.zones)
        stopped = replace(self, wanted_at=None, amp_at=None, warm_at=None, off_at=None)
        return stopped, tuple(SafeOutput(out, why) for out in outs)

    def read(self, out: str, on: bool, now: float) -> "Amplifier":
        """The read-back of one of the outputs. An amplifier that closes late is warm late."""
        reads_on = self.reads_on | {out} if on else self.reads_on - {out}
        amplifier = replace(self, reads_on=reads_on)
        warming = self.warm_at is not None and now < self.warm_at
        if out == self.relay and on and not self.on and warming:
            amplifier = replace(amplifier, warm_at=now + self.warm_up)
        return amplifier

    def drive(self, now: float, why: str) -> Step:
        """What is due now."""
        if self.wanted_at is None:
            return self._wind_up(now)
        amplifier = self
        zones_ready = set(self.zones) <= self.reads_on or now >= self.wanted_at + ZONES_WITHIN
        if self.amp_at is None and zones_ready:
            amplifier = replace(self, amp_at=now, warm_at=now + self.warm_up, fed_at=-1e9)
        if now < amplifier.fed_at + FEED_EVERY:
            return amplifier, ()
        feeds = [FeedOutput(zone, now + FEED_FOR + ZONES_LONGER, why) for zone in self.zones]
        if amplifier.amp_at is not None:
            feeds.append(FeedOutput(self.relay, now + FEED_FOR, why))
        return replace(amplifier, fed_at=now), tuple(feeds)

    def _wind_up(self, now: float) -> Step:
        if self.off_at is None or (self.on and now < self.off_at + OFF_WITHIN):
            return self, ()
        return replace(self, off_at=None), tuple(SafeOutput(zone, "finished") for zone in self.zones)
