"""A gateway with thin devices on a real broker: real uplink, outbox file and bus door; what it sends is noted.

`start` it as a process would start; `halt` ends it. Several after each other may have the same file.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from firmware.outbox.writer import OutboxWriter
from firmware.uplink.messages import Identity
from firmware.wiring import describe, listens_to, wire_gateway
from hw.board import parse_board
from link.bus.broker_settings import BrokerSettings
from link.bus.paho_bus import PahoBus
from link.bus.port import BusUp, Will
from link.bus.stream_fake import FakePlace, FakeStreamServer
from link.contract import facts
from link.contract.batch import open_batch
from link.contract.envelope import pack
from link.contract.lanes import lane_of
from link.contract.link_facts import EventsDropped, IslandBegan, IslandEnded
from link.contract.profile import ProfileName
from link.contract.topics import Row, Topics
from link.contract.wire import Wire
from link.hosting.clock import HandClock, SystemClock
from tests.firmware.authority.plain import plain_desk
from tests.firmware.terminals.closed_loop import MemoryShelf, Ports
from tests.flows.acks import AckingCentre
from tests.flows.doors import FakeGuard
from tests.flows.gateway import BOARD

TOPICS = Topics("main")
GATEWAY = "g-one"
OWN = (EventsDropped, IslandBegan, IslandEnded)
QUICK = {"back_off_first": 0.1, "back_off_most": 0.3, "settled": 0.2}


@dataclass(frozen=True)
class Sent:
    """A batch that the bus door took: its first event, how many, its octets; `session` counts connections."""

    session: int
    epoch: int
    first: int
    count: int
    octets: int


class Watched(PahoBus):
    """The real bus door; notes the batches that went through it, and the contract's window at each connection."""

    def __init__(self, settings: BrokerSettings) -> None:
        super().__init__(settings)
        self.sent: list[Sent] = []
        self.windows: list[int] = []

    def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, expiry: int | None = None
    ) -> bool:
        took = super().publish(topic, payload, qos=qos, retain=retain, expiry=expiry)
        if took and topic == TOPICS.of(Row.EVENTS, GATEWAY):
            head, rows = open_batch(payload)
            self.sent.append(Sent(len(self.windows), head.epoch, head.first_seq, len(rows), len(payload)))
        return took


class ThinGateway:
    """See the module. `user`: as which it signs in, where the broker asks."""

    def __init__(
        self,
        at: tuple[str, int],
        path: Path,
        *,
        profile: ProfileName = "broad",
        password: str | None = None,
        most: int = 10_000,
    ) -> None:
        board = parse_board(BOARD)
        user = GATEWAY if password else None
        settings = BrokerSettings(*at, GATEWAY, username=user, password=password, **QUICK)
        self.bus = Watched(settings)
        self.store = OutboxWriter(path, f"1.{time.monotonic_ns()}", most=most)
        identity = Identity(GATEWAY, "main", "1", self.store.boot, describe(board, {}), profile)
        self.board = wire_gateway(
            *(board, identity, SystemClock(), self.bus, FakeGuard(HandClock())),
            *(FakeStreamServer(FakePlace(), "gateway"), lambda effect: None),
            *(MemoryShelf(), Ports(), self.store, plain_desk(GATEWAY)),
        )
        self.tasks: list[asyncio.Task[None]] = []

    @property
    def outbox(self):
        """The machine of its outbox."""
        return self.board.outbox.runner.machine

    @property
    def window(self) -> int:
        """Octets of the contract's window, from rate and measured round trip alone (§6)."""
        srtt = 1.0 if self.outbox.srtt is None else self.outbox.srtt
        return min(64_000, int(2 * self.outbox.profile.rate * srtt))

    @property
    def waiting(self) -> int:
        """Events that the centre has not acknowledged, as counted last."""
        return sum(count for _, count in self.outbox.counted.waiting)

    def record(self, *told: Wire) -> None:
        for fact in told:
            self.board.record(fact)

    def make(self, *numbers: int) -> None:
        """One event for each number, which can be found again by it."""
        self.record(*(facts.LineClosed(line="r1", seconds=number) for number in numbers))

    async def start(self) -> "ThinGateway":
        runners = (self.board.uplink.run, *self.board.runners())
        self.tasks = [asyncio.create_task(serve()) for serve in runners]
        await asyncio.to_thread(self.store.start, self.board.outbox.heard)
        identity = self.board.uplink.machine.identity
        live = TOPICS.of(Row.LIVE, GATEWAY)
        will = Will(live, lambda sid: pack(facts.Death(sid=sid).model_dump(mode="python")))
        await self.bus.start(self._heard, listens_to(identity), will)
        return self

    def _heard(self, fact: object) -> None:
        if isinstance(fact, BusUp):
            self.bus.windows.append(self.window)
        self.board.from_bus(fact)

    async def halt(self) -> None:
        await self.bus.stop()
        await asyncio.to_thread(self.store.stop)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def gateway(at: tuple[str, int], path: Path, **more: object) -> AsyncIterator[ThinGateway]:
    """One, from its start to its end."""
    made = await ThinGateway(at, path, **more).start()  # type: ignore[arg-type]
    try:
        yield made
    finally:
        await made.halt()


@contextlib.asynccontextmanager
async def acking(port: int) -> AsyncIterator[AckingCentre]:
    """A centre that only takes events and acknowledges them, on a bus door of its own."""
    made = AckingCentre(PahoBus(BrokerSettings("127.0.0.1", port, "svc-centre", **QUICK)))
    await made.start()
    try:
        yield made
    finally:
        await made.bus.stop()


def typical(centre: AckingCentre) -> list[Wire]:
    """What a centre took of the lane of events in its order, without what the gateway says of itself."""
    events = sorted(centre.events.items())
    facts_of = [event.fact for _, event in events if lane_of(type(event.fact)) == "evt"]
    return [
        fact for fact in facts_of if not isinstance(fact, OWN) and getattr(fact, "subject", "") != "broker"
    ]


async def until(done: Callable[[], object], most: float = 10.0, what: str = "it") -> float:
    """Wait for it; the seconds it took."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < most, f"{what} did not come within {most:g} s"
        await asyncio.sleep(0.01)
    return time.monotonic() - began
