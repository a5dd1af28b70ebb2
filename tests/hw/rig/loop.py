"""A shortwave driver and the bench rigctld in a closed loop on a hand-turned clock, bytes cut at random."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from hw.bench.rigctld import Rigctld
from hw.rig.machine import Rig
from hw.rig.messages import Keyed, Reopen, RigReady, Tune
from hw.rig.profile import Profile, load_profile
from hw.rig.protocol import Splitter
from hw.terminal import MakeSafe, PortDown, PortUp, Told, Write
from link.hosting.machine import Tick

F = TypeVar("F")


def made(**changes: Any) -> Profile:
    """The generic profile with these keys."""
    return Profile.model_validate(load_profile("generic").model_dump() | changes)


@dataclass
class Loop:
    """`run(seconds)` turns the clock; `key` and `unkey` are what the guard does over a connection of its own."""

    profile: Profile = field(default_factory=made)
    wanted: Tune | None = None
    seed: int = 0
    lag: float = 0.001
    reopens: bool = True
    now: float = 100.0
    facts: list[tuple[float, object]] = field(default_factory=list)
    wrote: list[tuple[float, str]] = field(default_factory=list)
    safe: list[str] = field(default_factory=list)
    reopened: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.rig = Rig(self.profile, self.wanted)
        self.radio = Rigctld()
        self.guard = self.radio.connect()
        self.client = 0
        self.splitter = Splitter()
        self.down: list[tuple[float, bytes]] = []
        self.up: list[tuple[float, bytes]] = []

    def tell(self, event: object) -> None:
        self.rig, effects = self.rig.handle(event, self.now)
        for effect in effects:
            match effect:
                case Write(data=data):
                    self.wrote.append((self.now, data.decode().strip()))
                    self.down.append((self.now + self.lag, data))
                case Told(fact=fact):
                    self.facts.append((self.now, fact))
                case MakeSafe(reason=reason):
                    self.safe.append(reason)
                case Reopen():
                    self.reopened += 1
                    if self.reopens:
                        self.cut("reopened")
                        self.connect()

    def connect(self) -> None:
        self.client, self.splitter = self.radio.connect(), Splitter()
        self.tell(PortUp())

    def cut(self, reason: str = "cut") -> None:
        self.radio.leave(self.client)
        self.down.clear()
        self.up.clear()
        self.tell(PortDown(reason))

    def verb(self, verb: str) -> None:
        self.radio.perform(verb, self.now)

    def key(self, on: bool = True) -> None:
        self.radio.hear(self.guard, b"T 1\n" if on else b"T 0\n", self.now)
        self.tell(Keyed(on))

    def run(self, seconds: float) -> "Loop":
        end = self.now + seconds
        while True:
            moments = [self.rig.deadline, self.radio.deadline]
            moments += [pipe[0][0] for pipe in (self.up, self.down) if pipe]
            at = max(min((each for each in moments if each is not None), default=end), self.now)
            if at >= end:
                break
            was = self.now
            self.now = at
            moved = self.step()
            if not moved and at == was:
                self.now = min(end, self.now + 0.0005)
        self.now = end
        return self

    def step(self) -> bool:
        moved = False
        while self.down and self.down[0][0] <= self.now:
            self.radio.hear(self.client, self.down.pop(0)[1], self.now)
            moved = True
        while data := self.radio.take(self.client, self.now):
            self.up.append((self.now + self.lag, data))
            moved = True
        self.radio.take(self.guard, self.now)
        while self.up and self.up[0][0] <= self.now:
            self.deliver(self.up.pop(0)[1])
            moved = True
        if self.rig.deadline is not None and self.rig.deadline <= self.now:
            self.tell(Tick())
            moved = True
        return moved

    def deliver(self, data: bytes) -> None:
        while data:
            size = self.random.choice((1, 2, 7, len(data)))
            piece, data = data[:size], data[size:]
            for answer in self.splitter.feed(piece):
                self.tell(answer)

    def ready(self) -> "Loop":
        self.connect()
        self.run(1.0)
        assert self.told(RigReady)
        self.facts.clear()
        return self

    def told(self, kind: type[F]) -> list[F]:
        return [fact for _, fact in self.facts if isinstance(fact, kind)]

    def at(self, kind: type[object]) -> float:
        """When the last such fact was told."""
        return [at for at, fact in self.facts if isinstance(fact, kind)][-1]

    def sent(self, word: str) -> list[str]:
        return [text for _, text in self.wrote if word in text]
