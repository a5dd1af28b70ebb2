"""One loudspeaker: a relay that powers an amplifier, a warm-up, then sound. A pure machine.

Without its relay it emits nothing. Times are monotonic nanoseconds.
"""

from dataclasses import dataclass, field, replace

from hw.bench.radio import MS, Change, Elapsed, Levels, Troubled
from hw.bench.trouble import Trouble


@dataclass(frozen=True)
class RelayPin:
    """The relay's input became active or inactive."""

    on: bool


LoudspeakerEvent = RelayPin | Troubled | Elapsed


@dataclass(frozen=True)
class Loudspeaker:
    """Facts of one loudspeaker; durations in nanoseconds."""

    warm_up_ns: int = 0
    trouble: Trouble = field(default_factory=Trouble)
    pin: bool = False
    powered_since: int | None = None
    seen_ns: int = -1
    told: Levels = (("relay", False), ("sounding", False))

    @property
    def warm_from(self) -> int | None:
        """When the powered amplifier is warm; None when it has no power or is dead."""
        if self.powered_since is None or self.trouble.mute:
            return None
        return self.powered_since + self.warm_up_ns + int(self.trouble.late_ms * MS)

    def sounding(self, now: int) -> bool:
        """The amplifier passes sound."""
        return self.warm_from is not None and now >= self.warm_from

    @property
    def deadline(self) -> int | None:
        """When the amplifier will be warm, or None."""
        return self.warm_from if self.warm_from is not None and self.warm_from > self.seen_ns else None

    def handle(self, event: LoudspeakerEvent, now: int) -> tuple["Loudspeaker", tuple[Change, ...]]:
        """The loudspeaker after an event and what changed outside."""
        speaker, before = _settle(self, now)
        match event:
            case RelayPin(on):
                speaker = replace(speaker, pin=on)
            case Troubled(trouble):
                speaker = replace(speaker, trouble=trouble)
            case Elapsed():
                pass
        closed = speaker.pin or (speaker.trouble.stick_ptt and speaker.powered_since is not None)
        if closed != (speaker.powered_since is not None):
            speaker = replace(speaker, powered_since=now if closed else None)
        speaker, after = _settle(speaker, now)
        return speaker, before + after


def _settle(speaker: Loudspeaker, now: int) -> tuple[Loudspeaker, tuple[Change, ...]]:
    told = dict(speaker.told)
    levels = (("relay", speaker.pin), ("sounding", speaker.sounding(now)))
    changes = tuple(Change(what, value) for what, value in levels if told[what] != value)
    return replace(speaker, told=levels, seen_ns=max(now, speaker.seen_ns)), changes
