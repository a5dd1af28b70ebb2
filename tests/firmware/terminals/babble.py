"""A gateway's terminals with nothing real at their ends: a test puts bytes in and sees what a line does with them.

The whole way is run, on a hand-turned clock: splitter, driver, desk, line and uplink. Nothing here catches: what a
part raises is counted by its runner, as in the product.
"""

from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any

from firmware.switchboard import Switchboard
from firmware.uplink.messages import Identity
from firmware.wiring import describe, wire_gateway
from hw.bench.map27 import Radio
from hw.bench.phone import BenchPhone
from hw.bench.rigctld import Rigctld
from hw.bench.tetra import Terminal
from hw.board import parse_board
from link.bus.fake import FakeBroker, FakeBus
from link.bus.stream_fake import FakePlace, FakeStreamServer
from link.contract.envelope import pack
from link.hosting.clock import HandClock
from link.hosting.machine import Tick
from link.hosting.runner import Runner
from tests.firmware.authority.plain import plain_desk
from tests.firmware.outbox.memory_store import MemoryStore
from tests.firmware.terminals.closed_loop import MemoryShelf, Ports
from tests.flows.doors import FakeGuard
from tests.flows.test_phone import PHONE
from tests.flows.test_rig_and_map27 import MAP27, RIG
from tests.flows.test_trunked import TETRA

BOARDS = {"tetra": TETRA, "phone": PHONE, "map27": MAP27, "rigctld": RIG}
FAMILIES = tuple(BOARDS)
STEP = 0.02


class _Rig:
    """The bench's rigctld as the other devices are called."""

    def __init__(self) -> None:
        self.rigctld = Rigctld()
        self.client = self.rigctld.connect()

    def hear(self, data: bytes, now: float) -> None:
        self.rigctld.hear(self.client, data, now)

    def take(self, now: float) -> bytes:
        return self.rigctld.take(self.client, now)


class _Phone(BenchPhone):
    def hear(self, data: bytes, now: float) -> None:
        self.feed(data, now)

    def take(self, now: float) -> bytes:
        return self.output(now)


DEVICES: dict[str, Any] = {"tetra": Terminal, "phone": _Phone, "map27": Radio, "rigctld": _Rig}


@dataclass
class _Clock(HandClock):
    """Turned without a loop."""

    def __init__(self) -> None:
        super().__init__()

    def turn(self, seconds: float) -> None:
        self._now += seconds


class Site:
    """One line of a family; `say` gives it bytes, `run` lets time pass, `work` counts what was done meanwhile."""

    def __init__(self, family: str) -> None:
        self.clock, self.shelf, self.ports = _Clock(), MemoryShelf(), Ports()
        self.store = MemoryStore()
        self.family, self.device = family, None
        board = parse_board(BOARDS[family])
        self.guard = FakeGuard(self.clock)
        identity = Identity("gw-b", "main", "1", "1.1", describe(board, {}))
        bus = FakeBus(FakeBroker(self.clock.now), "gw-b")
        server = FakeStreamServer(FakePlace(), "gateway")
        self.switchboard: Switchboard = wire_gateway(
            board,
            identity,
            self.clock,
            bus,
            self.guard,
            server,
            lambda _: None,
            self.shelf,
            self.ports,
            self.store,
            plain_desk("gw-b"),
        )
        self.guard.told = self.switchboard.from_guard
        ((self.name, self.host),) = self.switchboard.terminals.hosts.items()
        self.line = self.switchboard.lines[self.name]
        (self.port,) = self.ports.by_name.values()
        self.heard: list[bytes] = []

    @property
    def runners(self) -> tuple[Runner[Any], ...]:
        return (self.host.runner, self.line, self.switchboard.uplink)

    @property
    def crashes(self) -> dict[str, int]:
        """What raised in a machine or in a desk."""
        return {runner.name: len(runner._crashes) for runner in self.runners if runner._crashes}

    @property
    def known(self) -> tuple[object, ...]:
        """All that the machines hold."""
        return (self.host.runner.machine, self.line.machine)

    def start(self) -> "Site":
        self.switchboard.terminals.start_ports()
        self.settle()
        return self

    def say(self, data: bytes) -> None:
        self.port.say(data)
        self.settle()

    def settle(self) -> None:
        """Every runner empties its inbox, as often as one fills another's."""
        busy = True
        while busy:
            busy = False
            for runner in self.runners:
                while (event := runner.inbox.get_nowait()) is not None:
                    busy = True
                    runner.step(event)
        while self.port.written:
            self.heard.append(self.port.written.popleft())
        del self.heard[:-200]

    def run(self, seconds: float) -> None:
        """Time passes; a device, if there is one, takes part."""
        for _ in range(max(1, round(seconds / STEP))):
            self.clock.turn(STEP)
            now = self.clock.now()
            for runner in self.runners[:2]:
                if (at := runner.machine.deadline) is not None and at <= now:
                    runner.step(Tick())
            self.guard.look()
            self.settle()
            if self.device is not None:
                for data in self.heard:
                    self.device.hear(data, now)
                self.heard.clear()
                self.say(self.device.take(now))

    def evidence(self) -> int:
        """Every fact that waits can be sent, every text stored; how many."""
        for fact in self.store.facts:
            pack(fact.model_dump(mode="python"))
            fact.model_dump_json().encode()
        return len(self.store.facts)


@cache
def _ready(family: str) -> tuple[object, object, object, float]:
    """Driver, line and desk of a line that is ready, made once: with a device of the bench."""
    site = Site(family)
    site.device = DEVICES[family]()
    site.start().run(8.0)
    assert not site.crashes
    return site.host.runner.machine, site.line.machine, vars(site.host.desk), site.clock.now()


def ready(family: str) -> Site:
    """A line whose device has been set up, and then is the test's."""
    site, (driver, line, desk, now) = Site(family), _ready(family)
    site.start()
    site.clock.turn(now - site.clock.now())
    site.host.runner.machine, site.line.machine = driver, line
    for key, value in desk.items():
        setattr(site.host.desk, key, set(value) if isinstance(value, set) else value)
    site.heard.clear()
    return site


def weigh(thing: object, seen: set[int] | None = None) -> int:
    """Characters, octets and members that `thing` holds, however deep."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, str | bytes | bytearray):
        return len(thing)
    if isinstance(thing, dict):
        return len(thing) + sum(weigh(each, seen) for pair in thing.items() for each in pair)
    if is_dataclass(thing) and not isinstance(thing, type):
        return sum(weigh(getattr(thing, each.name), seen) for each in fields(thing))
    if isinstance(thing, tuple | list | set | frozenset) or type(thing).__name__ == "deque":
        return len(thing) + sum(weigh(each, seen) for each in thing)  # type: ignore[arg-type]
    return (
        weigh(vars(thing), seen)
        if type(thing).__module__.startswith("hw.") and hasattr(thing, "__dict__")
        else 1
    )
