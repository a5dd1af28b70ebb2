"""A phone's machine and a simulated phone in a closed loop, on a clock turned by hand, bytes split at random."""

from random import Random
from typing import TypeVar

from hw.bench.phone import BenchPhone
from hw.phone.facts import TextArrived, TextKept
from hw.phone.machine import Phone
from hw.phone.profile import PhoneProfile, load_profile
from hw.phone.protocol import Splitter
from hw.terminal import MakeSafe, PortDown, PortUp, Told, Write
from link.hosting.machine import Tick

F = TypeVar("F")


class Rig:
    """`facts`, `safe` (reasons) and `log` (both with commands, in order) since the start or `clear`."""

    def __init__(
        self,
        bench: BenchPhone | None = None,
        seed: int = 1,
        profile: PhoneProfile | None = None,
        pin: str = "",
    ) -> None:
        self.bench = bench or BenchPhone()
        self.phone = Phone(profile or load_profile("generic"), pin)
        self.now = 1000.0
        self.facts: list[object] = []
        self.safe: list[str] = []
        self.log: list[object] = []
        self.keeps = True
        self._splitter = Splitter()
        self._random = Random(seed)

    def clear(self) -> None:
        self.facts.clear()
        self.safe.clear()
        self.log.clear()

    def order(self, event: object) -> None:
        """One event, and whatever follows from it at once."""
        self.phone, effects = self.phone.handle(event, self.now)
        for effect in effects:
            match effect:
                case Write(data):
                    self.log.append(data)
                    self.bench.feed(data, self.now)
                case Told(fact):
                    self.log.append(fact)
                    self.facts.append(fact)
                    if isinstance(fact, TextArrived) and self.keeps:
                        self.order(TextKept(fact.key))
                case MakeSafe(reason):
                    self.log.append(effect)
                    self.safe.append(reason)

    def plug(self, seconds: float = 10.0) -> "Rig":
        self._splitter = Splitter()
        self.order(PortUp())
        self.run(seconds)
        return self

    def unplug(self) -> None:
        self.order(PortDown("cable pulled"))

    def run(self, seconds: float) -> None:
        """Let time go by: each deadline of either side is met."""
        end = self.now + seconds
        for _ in range(20_000):
            self._hear()
            times = [at for at in (self.phone.deadline, self.bench.deadline) if at is not None]
            self.now = max(self.now, min([*times, end]))
            self._hear()
            if self.phone.deadline is not None and self.phone.deadline <= self.now:
                self.order(Tick())
            if self.now >= end and all(at > end for at in times):
                return
        raise AssertionError(f"busy without end: {self.log[-6:]}")

    def _hear(self) -> None:
        data = self.bench.output(self.now)
        while data and self.phone.port:
            size = self._random.choice((1, 1, 2, 5, 400))
            for line in self._splitter.feed(data[:size]):
                self.order(line)
            data = data[size:]

    def told(self, kind: type[F]) -> list[F]:
        """The facts of one kind."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def verb(self, verb: str) -> None:
        self.bench.perform(verb, self.now)
