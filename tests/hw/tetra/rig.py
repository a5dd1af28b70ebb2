"""A TETRA line and the bench terminal in a closed loop on a hand-turned clock, bytes cut at random."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from hw.bench.tetra import Terminal
from hw.terminal import MakeSafe, PortDown, PortUp, Told, Write
from hw.tetra.lines import Ceased, Cleared, Grant, Held
from hw.tetra.machine import TetraLine
from hw.tetra.messages import Key, Release, TerminalReady
from hw.tetra.profile import profile
from hw.tetra.protocol import Splitter
from link.hosting.machine import Tick

F = TypeVar("F")
GROUP = "1000"


@dataclass
class Loop:
    """`run(seconds)` turns the clock; `lag` is the delay of each way of the cable."""

    seed: int = 0
    lag: float = 0.002
    vendor: str = "generic"
    now: float = 100.0
    terminal: Terminal = field(default_factory=Terminal)
    facts: list[tuple[float, object]] = field(default_factory=list)
    safe: list[str] = field(default_factory=list)
    wrote: list[tuple[float, bytes]] = field(default_factory=list)
    granted: set[int] = field(default_factory=set)
    plugged: bool = False
    unheard: bool = False
    """A grant of which the line cannot know went unheard."""
    watch: "Callable[[Loop], None] | None" = None

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.line = TetraLine(profile(self.vendor), GROUP)
        self.splitter = Splitter()
        self.down: list[tuple[float, bytes]] = []
        self.up: list[tuple[float, bytes]] = []

    def tell(self, event: object) -> None:
        self.line, effects = self.line.handle(event, self.now)
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
        while self.up:
            self.deliver(self.up.pop(0)[1])
        self.plugged, self.granted = False, set()
        self.down.clear()
        self.up.clear()
        self.tell(PortDown("pulled"))

    def verb(self, verb: str) -> None:
        self.terminal.perform(verb, self.now)
        self.collect()

    def collect(self) -> None:
        while data := self.terminal.take(self.now):
            if self.plugged:
                self.up.append((self.now + self.lag, data))
            else:
                self.miss(data.decode())
        while self.terminal.swallowed:
            self.miss(self.terminal.swallowed.popleft())

    def miss(self, text: str) -> None:
        """A grant of a call that the line does not know it must cease."""
        for number in re.findall(r"\+CTXG: (\d+),0", text):
            call, demand = self.line.call(int(number)), self.line.demand
            owing = call is not None and call.owing
            asked = demand is not None and demand.instance == int(number)
            self.unheard |= not (owing or asked or int(number) in self.line.owed)

    def deliver(self, data: bytes) -> None:
        while data:
            size = self.random.choice((1, 2, 5, 40, len(data)))
            piece, data = data[:size], data[size:]
            for said in self.splitter.feed(piece):
                match said:
                    case Grant(instance=instance, grant=0):
                        self.granted.add(instance)
                    case Grant(instance=i) | Ceased(instance=i) | Cleared(instance=i):
                        self.granted.discard(i)
                    case Held(instance=i):
                        self.granted.discard(i)
                self.tell(said)
                self.check()

    def check(self) -> None:
        if self.watch is not None:
            self.watch(self)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            moments = [self.line.deadline, self.terminal.deadline]
            moments += [pipe[0][0] for pipe in (self.up, self.down) if pipe]
            at = min((each for each in moments if each is not None), default=end)
            at = max(at, self.now)
            if at > end:
                break
            was = (self.now, len(self.up), len(self.down), self.line)
            self.now = at
            self.step()
            if was == (self.now, len(self.up), len(self.down), self.line):
                if at >= end:
                    break
                self.now = min(end, self.now + 0.001)
        self.now = end
        self.check()

    def step(self) -> None:
        while self.down and self.down[0][0] <= self.now:
            self.terminal.hear(self.down.pop(0)[1], self.now)
        self.collect()
        while self.up and self.up[0][0] <= self.now:
            self.deliver(self.up.pop(0)[1])
        if self.line.deadline is not None and self.line.deadline <= self.now:
            self.tell(Tick())
        self.check()

    def ready(self) -> "Loop":
        self.plug()
        self.run(1.0)
        assert self.told(TerminalReady)
        self.facts.clear()
        return self

    def key(self, seconds: float = 20.0, priority: int = 0) -> None:
        self.tell(Key(self.now + seconds, priority))

    def release(self) -> None:
        self.tell(Release())

    def told(self, kind: type[F]) -> list[F]:
        return [fact for _, fact in self.facts if isinstance(fact, kind)]

    def commands(self) -> list[str]:
        return [data.split(b"\r")[0].decode() for _, data in self.wrote]
