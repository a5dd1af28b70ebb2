"""One clip that sounds, or is about to: what is known of it, and when it is given up. A part of the playout machine."""

from dataclasses import dataclass, replace

from firmware.effects import TellVoice
from firmware.paging.amplifier import FEED_FOR
from link.contract import neighbour as voice
from link.contract import orders

START_LIMIT = 3.0
"""Seconds that the voice process may take to hand over the first frame."""
OVERRUN = 5.0
"""Seconds, besides a tenth of its length, that a clip may take longer than it is before it is cut."""
DUCK_DB = 20.0
"""So much lower is a background clip while something more urgent sounds."""


@dataclass(frozen=True)
class Sounding:
    """`asked_at`: the voice process was told to play it; `progress_at`: newest sign that the card took sound of it;
    `gap`: why the amplifier was off meanwhile, if it was. Times are monotonic seconds."""

    order: orders.PlayClip
    path: str
    asked_at: float | None = None
    progress_at: float | None = None
    played: float = 0.0
    gap: str = ""
    ducked: bool = False

    @property
    def play(self) -> str:
        """Its playing."""
        return self.order.play

    @property
    def gain_db(self) -> float:
        """How loud it shall be now."""
        return self.order.gain_db - (DUCK_DB if self.ducked else 0.0)

    @property
    def given_up(self) -> tuple[float, str] | None:
        """When, and why, it is cut unless its end is told before; None before it was asked for."""
        if self.asked_at is None:
            return None
        started = self.progress_at is not None
        stall = self.progress_at + FEED_FOR if self.progress_at is not None else self.asked_at + START_LIMIT
        overrun = self.asked_at + self.order.seconds * 1.1 + OVERRUN
        return (overrun, "overran") if started and overrun < stall else (stall, "voice-stalled")

    def start(self, now: float) -> tuple["Sounding", TellVoice]:
        """Ask for it."""
        order = voice.StartClip(play=self.play, line=self.order.line, path=self.path, gain_db=self.gain_db)
        return replace(self, asked_at=now), TellVoice(order)

    def duck(self, on: bool) -> tuple["Sounding", tuple[TellVoice, ...]]:
        """Lower it, or bring it back."""
        changed = replace(self, ducked=on)
        if changed == self or self.asked_at is None:
            return changed, ()
        return changed, (TellVoice(voice.SetClipGain(play=self.play, gain_db=changed.gain_db)),)

    def progress(self, seconds: float, amplifier_on: bool, now: float) -> "Sounding":
        """The card took `seconds` of it so far."""
        gap = self.gap or ("" if amplifier_on else "it did not go on")
        return replace(self, progress_at=now, played=max(self.played, seconds), gap=gap)
