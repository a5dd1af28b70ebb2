"""The whole town on fakes and a hand-turned clock: real machines, switchboards, rack and node.

Time moves only by `pass_time`; between two moments everything that can happen happens.
"""

import asyncio
import tempfile
import textwrap
from pathlib import Path

from central.broadcasts.machine import Broadcast
from central.config import CentralSettings
from central.desired.content import ClipKnown
from central.desired.keeping import DesiredKeeping
from central.ingest import Ingest
from central.patch_book import PatchBook
from central.switchboard import NODE_PEER
from central.voice.node import CORE_LOST, VoiceNode
from central.wiring import wire_core
from link.bus.fake import FakeBroker, FakeBus
from link.bus.stream_fake import FakePlace, FakeStreamClient, FakeStreamServer
from link.contract import neighbour as say
from link.hosting.clock import HandClock
from link.hosting.runner import Runner
from link.voice.fake import FakeAir, FakeEngine
from link.voice.host import VoiceHost
from link.voice.port import VoiceSettings
from tests.flows.doors import FakeEvents, FakeLedger, FakeTapes, MemoryDesiredRows
from tests.flows.gateway import BOARD, FRAME, RATE, STEP, FakeGateway


class World:
    """Three gateways, core and a voice node."""

    def __init__(
        self, boards: dict[str, str] | None = None, members: tuple[str, ...] = (), **more: object
    ) -> None:
        boards = boards or {}
        self.clock = HandClock()
        self.broker = FakeBroker(self.clock.now)
        self.air = FakeAir()
        self.tasks: list[asyncio.Task[None]] = []
        self.ledger, self.tapes = FakeLedger(), FakeTapes()
        self.orders: list[object] = []
        self.names = ("gw-a", "gw-b", "gw-c")
        settings = self.settings(members, more)
        self.core_place = FakePlace()
        self.node_server = FakeStreamServer(self.core_place, "core")
        self.core_bus = FakeBus(self.broker, "svc-centre")
        self.core = wire_core(
            settings, self.clock, self.core_bus, self.node_server, self.ledger, self.changed, self.run_order
        )
        self.core.tapes = self.tapes
        self.patches = PatchBook(self.core, None, self.clock, self.spawn)
        self.ingest = Ingest(
            FakeEvents(self.ledger, self.clock.wall),
            self.clock,
            self.core.evidence.hear,
            self.core.acknowledge,
            self.core.alarm,
        )
        self.core.intake = self.ingest
        self.desired_store, self.clips, self.takes_in = MemoryDesiredRows(), list[ClipKnown](), True
        self.desired = DesiredKeeping(
            settings,
            self.core,
            self.desired_store,
            self.named_clips,
            Path(tempfile.gettempdir()) / "spillway-flow",
            self.clock,
            ingest_ok=lambda: self.takes_in,
        )
        self.core.documents = self.desired
        self.node_client = FakeStreamClient(self.core_place, NODE_PEER)
        self.node_engine = FakeEngine(self.air, "sip:node", VoiceSettings(rate_hz=RATE, edges=("phones",)))
        self.gateways = {name: FakeGateway(self, name, boards.get(name, BOARD)) for name in self.names}

    def settings(self, members: tuple[str, ...], more: dict[str, object]) -> CentralSettings:
        return CentralSettings.model_validate(
            {
                "state": "/nowhere",
                "run": "/nowhere",
                "api": {"tokens": "/nowhere"},
                "gateway": [{"id": name} for name in self.names],
                "group": [
                    {
                        "id": "valley",
                        "members": [
                            {"line": line} for line in members or (f"{name}/r1" for name in self.names)
                        ],
                        "timeout": 20,
                    }
                ],
                "zone": [{"id": name, "lines": [f"{name}/pa1"]} for name in self.names],
                **more,
            }
        )

    def changed(self, kind: str, name: str) -> None:
        self.desired.changed(kind, name)

    async def named_clips(self) -> tuple[ClipKnown, ...]:
        return tuple(self.clips)

    def run_order(self, order) -> None:
        order()

    def spawn(self, coroutine) -> "asyncio.Task[None]":
        self.tasks.append(asyncio.get_running_loop().create_task(coroutine))
        return self.tasks[-1]

    async def start(self) -> "World":
        await self.desired.resume()
        for serve in (*self.core.runners(), self.core.mail.run, self.ingest.run, *self.desired.runners()):
            self.spawn(serve())
        self.spawn(self.patches.run())
        await self.node_server.start(self.core.from_node)
        await self.start_node()
        await self.core_bus.start(
            self.core.mail.inbox.post, self.core.topics.for_centre(), self.desired.centre.will()
        )
        for gateway in self.gateways.values():
            await gateway.start()
        await self.pass_time(3.0)
        return self

    async def start_node(self) -> None:
        async def came() -> None:
            host.tell(node.ready())

        async def left() -> None:
            await node.core_lost()

        host = VoiceHost(
            self.node_engine, self.node_client, say.CENTRE_VOICE, came, left, CORE_LOST, self.clock
        )
        limits = await self.node_engine.start(host.inbox.post)
        node = VoiceNode(self.node_engine, limits, Path("/nowhere"), host.tell, edge="phones")
        node.ready = lambda: say.NodeReady(sip="node", calls=64, version="fake", legs=tuple(node.legs))
        self.node = node
        await self.node_client.start(host.inbox.post)
        self.spawn(host.run(node))

    async def settle(self) -> None:
        """Everything that can happen now happens."""
        calm = 0
        for _ in range(8):
            self.broker.settle()
            self.core_place.settle()
            for gateway in self.gateways.values():
                gateway.place.settle()
            turns = await rest(12)
            for gateway in self.gateways.values():
                gateway.guard.look()
            calm = 0 if turns else calm + 1
            if calm == 2:
                break
        failed = [task for task in self.tasks if task.done() and not task.cancelled() and task.exception()]
        for task in failed:
            raise AssertionError("a part of the town died") from task.exception()

    async def pass_time(self, seconds: float) -> None:
        """`seconds` go by, 20 ms of sound at a time."""
        for _ in range(round(seconds / STEP)):
            await self.clock.advance(STEP, self.settle)
            self.air.tick()

    async def broadcast(self, broadcast: Broadcast) -> Runner[Broadcast]:
        runner = Runner(f"broadcast-{broadcast.id}", broadcast, self.core.perform_broadcast, self.clock)
        self.core.broadcasts[broadcast.id] = runner
        self.spawn(runner.run())
        await self.settle()
        return runner

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def rest(most: int) -> int:
    """Let the loop turn until nothing on it is ready, `most` times at the most; how often there was something."""
    ready = asyncio.get_running_loop()._ready
    for turns in range(most):
        if not ready:
            return turns
        await asyncio.sleep(0)
    return most


def word(number: int) -> bytes:
    """A 20 ms frame that cannot be mistaken for another."""
    return (number % 30000 + 1).to_bytes(2, "little") * (FRAME // 2)


def told(text: str) -> str:
    return textwrap.dedent(text)
