"""Core and one gateway on a real broker, in one process: real machines, switchboards and bus doors, no voice."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from central.config import CentralSettings
from central.desired.keeping import DesiredKeeping
from central.ingest import Ingest
from central.wiring import wire_core
from firmware.config import GatewayLinkSettings
from firmware.desired.shelf import DesiredShelf
from firmware.uplink.messages import Identity
from firmware.wiring import describe, listens_to, wire_gateway
from firmware.wiring_desired import DesiredHost
from hw.board import parse_board
from link.bus.broker_settings import BrokerSettings
from link.bus.paho_bus import PahoBus
from link.bus.port import BusUp, Message, Will
from link.bus.stream_fake import FakePlace, FakeStreamServer
from link.contract import facts
from link.contract.envelope import pack
from link.contract.topics import Row, Topics
from link.hosting.clock import HandClock, SystemClock
from tests.firmware.authority.plain import plain_desk
from tests.firmware.outbox.memory_store import MemoryStore
from tests.firmware.terminals.closed_loop import MemoryShelf, Ports
from tests.flows.doors import FakeEvents, FakeGuard, FakeLedger, FakeTapes, MemoryDesiredRows
from tests.flows.gateway import BOARD
from tests.system.mosquitto_fixture import Mosquitto

TOPICS = Topics("main")
GATEWAY = "g-one"
QUICK = {"back_off_first": 0.05, "back_off_most": 0.3, "settled": 0.2}


class Stranger:
    """A client that may read and write everything; keeps the newest message of each topic, and all in their order."""

    def __init__(self, broker: Mosquitto) -> None:
        self.bus = PahoBus(BrokerSettings("127.0.0.1", broker.port, "stranger", **QUICK))
        self.newest: dict[str, Message] = {}
        self.ups = 0
        self.payloads: list[bytes] = []
        self.messages: list[Message] = []

    def heard(self, fact: object) -> None:
        if isinstance(fact, Message):
            self.newest[fact.topic] = fact
            self.payloads.append(fact.payload)
            self.messages.append(fact)
        elif isinstance(fact, BusUp):
            self.newest.clear()
            self.ups += 1

    def payload(self, row: Row) -> bytes:
        topic = TOPICS.of(row, GATEWAY)
        return self.newest[topic].payload if topic in self.newest else b""

    def says(self, row: Row, payload: bytes, retain: bool) -> None:
        assert self.bus.publish(TOPICS.of(row, GATEWAY), payload, retain=retain)


class DocumentsRig:
    """`start`, then look; `stop` ends everything."""

    def __init__(self, broker: Mosquitto, folder: Path) -> None:
        self.broker, self.folder = broker, folder
        self.clock, self.ledger = SystemClock(), FakeLedger()
        self.tasks: list[asyncio.Task[None]] = []
        self.stranger = Stranger(broker)
        settings = CentralSettings.model_validate(
            {
                **{"state": folder, "run": folder, "api": {"tokens": folder}, "link": {"spread": 0.2}},
                **{"gateway": [{"id": GATEWAY}]},
                **{"group": [{"id": "valley", "members": [{"line": f"{GATEWAY}/r1"}]}]},
            }
        )
        self.core_bus = PahoBus(BrokerSettings("127.0.0.1", broker.port, "svc-centre", **QUICK))
        self.core = wire_core(
            settings,
            self.clock,
            self.core_bus,
            FakeStreamServer(FakePlace(), "core"),
            self.ledger,
            lambda kind, name: None,
            lambda order: order(),
        )
        self.core.tapes = FakeTapes()
        events = FakeEvents(self.ledger, self.clock.wall)
        evidence = self.core.evidence.hear
        self.ingest = Ingest(events, self.clock, evidence, self.core.acknowledge, self.core.alarm)
        self.core.intake = self.ingest
        self.rows = MemoryDesiredRows()
        self.documents = DesiredKeeping(settings, self.core, self.rows, self.no_clips, folder, self.clock)
        self.core.documents = self.documents
        self._wire_gateway()

    def _wire_gateway(self) -> None:
        board = parse_board(BOARD)
        self.store = MemoryStore()
        self.bus = PahoBus(BrokerSettings("127.0.0.1", self.broker.port, GATEWAY, **QUICK))
        identity = Identity(GATEWAY, "main", "1", "1.1", describe(board, {}))
        place = FakeStreamServer(FakePlace(), "gateway")
        guard = FakeGuard(HandClock())
        self.gateway = wire_gateway(
            *(board, identity, self.clock, self.bus, guard, place),
            self.obeyed,
            MemoryShelf(),
            Ports(),
            self.store,
            plain_desk(GATEWAY),
        )
        link = GatewayLinkSettings(spread=0.2)
        shelf = DesiredShelf(self.folder)
        self.host = DesiredHost(self.gateway, self.clock, shelf, self.no_file, link, self.folder)
        self.fetched: list[object] = []

    def obeyed(self, effect: object) -> None:
        self.fetched.append(effect)

    async def no_clips(self) -> tuple:
        return ()

    async def no_file(self, sha: str, size: int) -> bytes:
        raise OSError("there are no files here")

    async def start(self) -> "DocumentsRig":
        await self.documents.resume()
        await self.host.begin()
        runners = (*self.core.runners(), self.core.mail.run, self.ingest.run, *self.documents.runners())
        mine = (self.gateway.uplink.run, *self.gateway.runners(), *self.host.runners())
        self.tasks = [asyncio.create_task(serve()) for serve in (*runners, *mine)]
        will = Will(
            TOPICS.of(Row.LIVE, GATEWAY), lambda sid: pack(facts.Death(sid=sid).model_dump(mode="python"))
        )
        await self.stranger.bus.start(self.stranger.heard, ("sw/1/#",))
        await self.core_bus.start(
            self.core.mail.inbox.post, TOPICS.for_centre(), self.documents.centre.will()
        )
        self.store.start(self.gateway.outbox.heard)
        await self.bus.start(self.gateway.from_bus, listens_to(self.gateway.uplink.machine.identity), will)
        await self.until(lambda: self.machine.reported is not None and self.machine.reported.rev_applied == 1)
        return self

    @property
    def machine(self):
        return self.core.gateways[GATEWAY].machine

    def refused(self) -> list[tuple[str, str]]:
        told = [p for kind, _, p in self.ledger.entries if kind == "fact.MessageRefused"]
        return [(p["where"], p["reason"]) for p in told]

    async def until(self, done: Callable[[], object], most: float = 10.0) -> float:
        """Wait for it; the seconds it took."""
        began = time.monotonic()
        while not done():
            assert time.monotonic() - began < most, "it did not come in time"
            await asyncio.sleep(0.005)
        return time.monotonic() - began

    async def stop(self) -> None:
        for bus in (self.bus, self.core_bus, self.stranger.bus):
            await bus.stop()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
