"""A MAP27 line and the bench radio in a closed loop on a hand-turned clock, bytes cut at random."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from hw.bench.map27 import Radio, transfers
from hw.map27.machine import Map27Line
from hw.map27.messages import Key, Release, TerminalReady
from hw.map27.profile import profile
from hw.map27.protocol import Splitter
from hw.terminal import MakeSafe, PortDown, PortUp, Told, Write
from link.hosting.machine import Tick

F = TypeVar("F")
GROUP = "0/1000"


@dataclass
class Loop:
    """`run(seconds)` turns the clock; `lag` is the delay of each way of the cable."""

    seed: int = 0
    lag: float = 0.015
    vendor: str = "generic"
    changes: dict[str, object] = field(default_factory=dict)
    now: float = 100.0
    radio: Radio = field(default_factory=Radio)
    facts: list[tuple[float, object]] = field(default_factory=list)
    safe: list[str] = field(default_factory=list)
    wrote: list[tuple[float, bytes]] = field(default_factory=list)
    plugged: bool = False
    watch: "Callable[[Loop], None] | None" = None
    steps: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.line = Map27Line(
            profile(self.vendor).model_copy(update={"open_by": "call", **self.changes}), GROUP
        )
        self.splitter = Splitter()
        self.down: list[tuple[float, bytes]] = []
        self.up: list[tuple[float, bytes]] = []

    def tell(self, event: object) -> None:
        self.line, effects = self.line.handle(event, self.now)
        assert not self.line.pending
        for effect in effects:
            match effect:
                case Write(data=data):
                    self.wrote.append((self.now, data))
                    self.down.append((self.now + self.lag, data))
                case Told(fact=fact):
                    self.facts.append((self.now, fact))
                case MakeSafe(reason=reason):
                    self.safe.append(reason)

    def plug(self) -> None:
        self.plugged, self.splitter = True, Splitter()
        self.tell(PortUp())

    def pull(self) -> None:
        self.plugged = False
        self.down.clear()
        self.up.clear()
        self.tell(PortDown("pulled"))

    def verb(self, verb: str) -> None:
        self.radio.perform(verb, self.now)
        self.collect()

    def collect(self) -> None:
        while data := self.radio.take(self.now):
            if self.plugged:
                self.up.append((self.now + self.lag, data))

    def deliver(self, data: bytes) -> None:
        while data:
            size = self.random.choice((1, 2, 5, 40, len(data)))
            piece, data = data[:size], data[size:]
            for frame in self.splitter.feed(piece):
                self.tell(frame)
                self.check()

    def check(self) -> None:
        if self.watch is not None:
            self.watch(self)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            moments = [self.line.deadline, self.radio.deadline]
            moments += [pipe[0][0] for pipe in (self.up, self.down) if pipe]
            at = max(min((each for each in moments if each is not None), default=end), self.now)
            if at > end:
                break
            was = (self.now, len(self.up), len(self.down), self.line)
            self.now = at
            self.step()
            self.steps += 1
            if was == (self.now, len(self.up), len(self.down), self.line):
                if at >= end:
                    break
                self.now = min(end, self.now + 0.001)
        self.now = end
        self.check()

    def step(self) -> None:
        while self.down and self.down[0][0] <= self.now:
            self.radio.hear(self.down.pop(0)[1], self.now)
        self.collect()
        while self.up and self.up[0][0] <= self.now:
            self.deliver(self.up.pop(0)[1])
        if self.line.deadline is not None and self.line.deadline <= self.now:
            self.tell(Tick())
        self.check()

    def ready(self) -> "Loop":
        self.plug()
        self.run(2.0)
        assert self.told(TerminalReady)
        self.facts.clear()
        return self

    def key(self, seconds: float = 20.0, priority: int = 0) -> None:
        self.tell(Key(self.now + seconds, priority))

    def release(self) -> None:
        self.tell(Release())

    def told(self, kind: type[F]) -> list[F]:
        return [fact for _, fact in self.facts if isinstance(fact, kind)]

    def said(self) -> list[bytes]:
        """The network messages sent so far, in order, repeats and all."""
        return transfers(b"".join(data for _, data in self.wrote))
