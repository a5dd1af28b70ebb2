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


def clip(play: str, priority: int = 5, sha: str = SHA, line: str = "pa1", **more: object) -> orders.PlayClip:
    fields = {"play": play, "line": line, "sha": sha, "size": 1000, "seconds": 2.0, "priority": priority}
    return orders.PlayClip.model_validate(fields | more)


@dataclass
class Bench:
    """`outputs` is what the guard reads of each output; `history` every change of one with its time; `orders` what
    the voice process was told, in order."""

    playout: Playout = field(default_factory=lambda: Playout.start(SETTINGS))
    now: float = 1000.0
    leases: dict[str, float] = field(default_factory=dict)
    outputs: dict[str, bool] = field(default_factory=dict)
    history: list[tuple[float, str, bool]] = field(default_factory=list)
    orders: list[object] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    told: list[object] = field(default_factory=list)
    fetches: list[str] = field(default_factory=list)
    guard: bool = True

    def post(self, event: object) -> None:
        self.playout, effects = self.playout.handle(event, self.now)
        for effect in effects:
            match effect:
                case FeedOutput(out=out, until=until):
                    assert until > self.now
                    self.leases[out] = until
                case SafeOutput(out=out):
                    self.leases.pop(out, None)
                case TellVoice(order=order):
                    self._order(order)
                case Record(fact=fact):
                    self.told.append(fact)
                case FetchClip(sha=sha):
                    self.fetches.append(sha)
        self.read_back()

    def _order(self, order: object) -> None:
        self.orders.append(order)
        match order:
            case voice.StartClip(play=play):
                assert self.on, "a clip was started with a cold amplifier"
                self.asked.append(play)
            case voice.CutClip(play=play):
                self.cut.append(play)

    def read_back(self) -> None:
        """The guard tells every output that changed."""
        for out in {*self.leases, *self.outputs}:
            on = self.leases.get(out, 0.0) > self.now
            if self.guard and on != self.outputs.get(out, False):
                self.outputs[out] = on
                self.history.append((self.now, out, on))
                self.post(OutputRead(on, "feed" if on else "stop", out))

    def lock(self, out: str = "pa1.amp", why: str = "longest") -> None:
        """The guard makes an output safe by itself."""
        self.leases.pop(out, None)
        if self.outputs.get(out):
            self.outputs[out] = False
            self.history.append((self.now, out, False))
        self.post(OutputRead(False, why, out))

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        for _ in range(10_000):
            if self.playout.deadline is None or self.playout.deadline > end:
                break
            self.now = max(self.now, self.playout.deadline)
            self.read_back()
            self.post(Tick())
            assert self.playout.deadline is None or self.playout.deadline > self.now, "a deadline that spins"
        self.now = end
        self.read_back()

    @property
    def on(self) -> bool:
        return self.leases.get("pa1.amp", 0.0) > self.now

    def place(self, out: str) -> int:
        """When `out` changed first, by count."""
        return [each for _, each, _ in self.history].index(out)

    def current_plays(self) -> list[str]:
        return [each.play for each in self.playout.sounding]

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
