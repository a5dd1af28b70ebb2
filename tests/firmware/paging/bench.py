"""A playout on a hand-turned clock, with a guard and a voice process that do as they are told."""

from dataclasses import dataclass, field

from firmware.effects import FeedOutput, Record, SafeOutput, TellVoice
from firmware.events import OutputRead, VoiceChanged
from firmware.paging.machine import (
    FetchClip,
    Playout,
    SpeakerSettings,
)
from link.contract import facts, orders
from link.contract import neighbour as voice
from link.hosting.machine import Tick

SETTINGS = SpeakerSettings(line="pa1", relay="pa1.amp", card="pa1", warm_up=0.3, tail=0.2)
SHA = "a" * 64


def clip(play: str, priority: int = 5, sha: str = SHA, line: str = "pa1") -> orders.PlayClip:
    return orders.PlayClip(play=play, line=line, sha=sha, size=1000, seconds=2.0, priority=priority)


@dataclass
class Bench:
    playout: Playout = field(default_factory=lambda: Playout(SETTINGS))
    now: float = 1000.0
    lease: float | None = None
    asked: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    told: list[object] = field(default_factory=list)
    fetches: list[str] = field(default_factory=list)
    guard: bool = True
    read: bool = False

    def post(self, event: object) -> None:
        self.playout, effects = self.playout.handle(event, self.now)
        for effect in effects:
            match effect:
                case FeedOutput(until=until):
                    assert until > self.now
                    self.lease = until
                case SafeOutput():
                    self.lease = None
                case TellVoice(order=voice.StartClip(play=play)):
                    assert self.on, "a clip was started with a cold amplifier"
                    self.asked.append(play)
                case TellVoice(order=voice.CutClip(play=play)):
                    self.cut.append(play)
                case Record(fact=fact):
                    self.told.append(fact)
                case FetchClip(sha=sha):
                    self.fetches.append(sha)
        if self.guard and self.on != self.read:
            self.read = self.on
            self.post(OutputRead(self.on, "feed" if self.on else "stop"))

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        for _ in range(10_000):
            if self.playout.deadline is None or self.playout.deadline > end:
                break
            self.now = max(self.now, self.playout.deadline)
            self.post(Tick())
            assert self.playout.deadline is None or self.playout.deadline > self.now, "a deadline that spins"
        self.now = end

    @property
    def on(self) -> bool:
        return self.lease is not None and self.lease > self.now

    def ready(self) -> "Bench":
        self.post(VoiceChanged(up=True))
        return self

    def ended(self) -> dict[str, str]:
        return {f.play: f.result for f in self.told if isinstance(f, facts.ClipFinished)}

    def sound(self, play: str, seconds: float = 2.0) -> None:
        """The voice process plays the whole clip."""
        at = 0.0
        while at < seconds:
            self.post(voice.ClipProgress(play=play, seconds=at + 0.02))
            self.wait(0.5)
            at += 0.5
        self.post(voice.ClipDone(play=play, ok=True, seconds=seconds))
