"""The whole town on fakes and a hand-turned clock: real machines, switchboards, rack and node.

Time moves only by `pass_time`; between two moments everything that can happen happens.
"""

import asyncio
import textwrap
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from central.broadcasts.machine import Broadcast
from central.config import CentralSettings
from central.switchboard import NODE_PEER
from central.voice.node import CORE_LOST, VoiceNode
from central.wiring import wire_core
from firmware.paging.machine import ClipHeld, ClipMissing, FetchClip
from firmware.switchboard import VOICE_PEER
from firmware.uplink.machine import Identity
from firmware.voice.rack import Rack
from firmware.wiring import describe, wire_gateway
from hw.board import parse_board
from link.bus.fake import FakeBroker, FakeBus
from link.bus.port import Will
from link.bus.stream_fake import FakePlace, FakeStreamClient, FakeStreamServer
from link.contract import facts
from link.contract import neighbour as say
from link.contract.envelope import pack
from link.contract.topics import Row, Topics
from link.hosting.clock import HandClock
from link.hosting.runner import Runner
from link.voice.fake import FakeAir, FakeEngine
from link.voice.host import VoiceHost
from link.voice.port import VoiceSettings, frame_bytes

RATE = 16000
FRAME = frame_bytes(RATE)
STEP = 0.02

BOARD = """
board = { name = "flow", kind = "bench", socket = "/nowhere" }
card = [{ name = "r1", driver = "bench" }, { name = "pa1", driver = "bench" }]
output = [{ name = "r1.ptt", pin = 17, longest = 60.0 }, { name = "pa1.amp", pin = 18, longest = 900.0 }]
input = [{ name = "r1.cos", pin = 4 }]
[[line]]
id = "r1"
kind = "radio"
card = "r1"
ptt = "r1.ptt"
cos = "r1.cos"
lead_ms = 60
tail_ms = 40
timeout = 30.0
[[line]]
id = "pa1"
kind = "loudspeaker"
card = "pa1"
relay = "pa1.amp"
warm_up_ms = 300
tail_ms = 200
"""


@dataclass
class FakeGuard:
    """Keeps leases like the guard does; `history` is every change of every output with its time."""

    clock: HandClock
    told: "object" = None
    leases: dict[str, float] = field(default_factory=dict)
    driven: dict[str, bool] = field(default_factory=dict)
    history: list[tuple[float, str, bool]] = field(default_factory=list)

    def feed(self, out: str, left: float, why: str, at_ns: int | None = None) -> bool:
        self.leases[out] = self.clock.now() + left
        self.look()
        return True

    def safe(self, out: str) -> bool:
        self.leases.pop(out, None)
        self.look()
        return True

    def look(self) -> None:
        """Drive what is leased, make safe what is not."""
        for out in {*self.leases, *self.driven}:
            on = self.leases.get(out, 0.0) > self.clock.now()
            if on != self.driven.get(out, False):
                self.driven[out] = on
                self.history.append((self.clock.now(), out, on))
                if callable(self.told):
                    self.told(out, on, "feed" if on else "expired")


class FakeCard:
    """A sound card in memory: `say` gives it captured frames, `played` is what it was given, with times."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.captured: deque[bytes] = deque()
        self.played: list[tuple[float, bytes]] = []
        self.taken = 0
        self.open = False
        self.mode = "shut"
        self.waiting: deque[bytes] = deque()
        self.finishing = False
        self.drained: object = None
        self.source = self
        self.sink = self

    def pop(self) -> bytes | None:
        return self.captured.popleft() if self.open and self.captured else None

    def push(self, frame: bytes) -> None:
        if self.mode == "shut":
            return
        if any(frame):
            self.waiting.append(frame)
        if self.mode == "open" and self.waiting:
            self.played.append((self.clock.now(), self.waiting.popleft()))
        self.taken += self.mode == "open"
        if self.finishing and not self.waiting and callable(self.drained):
            self.finishing = False
            self.drained()

    def open_capture(self, since_ns: int, delay_ms: int = 0) -> None:
        self.open = True

    def close_capture(self, until_ns: int | None = None) -> None:
        self.open = self.open and until_ns is not None

    def shut_playback(self) -> None:
        self.mode, self.finishing = "shut", False
        self.waiting.clear()

    def hold_playback(self) -> None:
        self.mode = "held"

    def release_playback(self) -> None:
        self.mode = "open"

    def finish_playback(self) -> None:
        self.mode, self.finishing = "open", True


@dataclass
class FakeLedger:
    entries: list[tuple[str, str, dict]] = field(default_factory=list)

    def append(self, kind, subject, payload) -> None:
        self.entries.append((kind, subject, dict(payload)))

    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.entries]


@dataclass
class FakeTapes:
    running: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)

    def conversation(self, group, members, on) -> None:
        self._note(f"group:{group}", members, on)

    def broadcast(self, broadcast, lines, channel, on) -> None:
        self._note(f"broadcast:{broadcast}", lines, on)

    def _note(self, owner, lines, on) -> None:
        if on:
            self.running[owner] = tuple(lines)
        elif self.running.pop(owner, None) is not None:
            self.ended.append(owner)

    def closed(self, fact) -> None:
        pass

    def node_came(self, running) -> None:
        pass

    def of_owner(self, owner, kind):
        return None


class FakeGateway:
    """One gateway: its switchboard, guard, cards and voice process."""

    def __init__(self, world: "World", name: str) -> None:
        self.world, self.name = world, name
        self.board = parse_board(BOARD)
        clock = world.clock
        self.guard = FakeGuard(clock)
        self.place = FakePlace()
        self.server = FakeStreamServer(self.place, "gateway")
        self.bus = FakeBus(world.broker, name)
        self.clips: dict[str, Path] = {}
        self.identity = Identity(name, "main", "1", "boot", 1, describe(self.board, {}))
        self.switchboard = wire_gateway(
            self.board, self.identity, clock, self.bus, self.guard, self.server, self.fetch
        )
        self.guard.told = self.switchboard.from_guard
        self.client = FakeStreamClient(self.place, VOICE_PEER)
        self.engine = FakeEngine(world.air, f"sip:{name}@fake", VoiceSettings(rate_hz=RATE))
        self.cards = {line.id: FakeCard(clock) for line in self.board.lines}

    def fetch(self, effect: FetchClip) -> None:
        path = self.clips.get(effect.sha)
        event = ClipHeld(effect.sha, str(path)) if path else ClipMissing(effect.sha, "not on this gateway")
        for speaker in self.switchboard.speakers.values():
            speaker.inbox.post(event)

    async def start(self) -> None:
        board = self.switchboard
        for serve in (board.uplink.run, board.watch.run, *board.runners()):
            self.world.spawn(serve())
        await self.server.start(board.from_neighbour)
        topics = Topics("main")
        live = topics.of(Row.LIVE, self.name)
        will = Will(live, lambda sid: pack(facts.Death(sid=sid).model_dump(mode="python")))
        await self.start_voice()
        await self.bus.start(board.from_bus, topics.for_gateway(self.name), will)

    async def start_voice(self) -> None:
        clock = self.world.clock

        async def came() -> None:
            for state in rack.states():
                host.tell(state)

        async def left() -> None:
            await rack.gateway_lost()

        host = VoiceHost(self.engine, self.client, say.GATEWAY_VOICE, came, left, 0.5, clock)
        await self.engine.start(host.inbox.post)
        rack = Rack(self.engine, RATE, host.tell, clock)
        for line, card in self.cards.items():
            card.drained = lambda line=line: rack.drained(line)
            await rack.add(line, card)
        await self.client.start(host.inbox.post)
        self.world.spawn(host.run(rack))

    def carrier(self, on: bool) -> None:
        """The squelch of r1 opens or closes."""
        self.switchboard.from_pin("r1")(on, int(self.world.clock.now() * 1e9))

    def ptt(self, out: str = "r1.ptt") -> bool:
        return self.guard.driven.get(out, False)

    def heard(self, line: str = "r1") -> list[bytes]:
        """Frames that left the line's card."""
        return [frame for _, frame in self.cards[line].played]


class World:
    """Three gateways, core and a voice node."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.broker = FakeBroker(self.clock.now)
        self.air = FakeAir()
        self.tasks: list[asyncio.Task[None]] = []
        self.ledger, self.tapes = FakeLedger(), FakeTapes()
        self.orders: list[object] = []
        self.names = ("gw-a", "gw-b", "gw-c")
        settings = CentralSettings.model_validate(
            {
                "state": "/nowhere",
                "run": "/nowhere",
                "api": {"tokens": "/nowhere"},
                "gateway": [{"id": name} for name in self.names],
                "group": [
                    {
                        "id": "valley",
                        "members": [{"line": f"{name}/r1"} for name in self.names],
                        "timeout": 20,
                    }
                ],
                "zone": [{"id": name, "lines": [f"{name}/pa1"]} for name in self.names],
            }
        )
        self.core_place = FakePlace()
        self.node_server = FakeStreamServer(self.core_place, "core")
        self.core_bus = FakeBus(self.broker, "svc-centre")
        self.core = wire_core(
            settings, self.clock, self.core_bus, self.node_server, self.ledger, self.changed, self.run_order
        )
        self.core.tapes = self.tapes
        self.node_client = FakeStreamClient(self.core_place, NODE_PEER)
        self.node_engine = FakeEngine(self.air, "sip:node", VoiceSettings(rate_hz=RATE))
        self.gateways = {name: FakeGateway(self, name) for name in self.names}

    def changed(self, kind: str, name: str) -> None:
        pass

    def run_order(self, order) -> None:
        order()

    def spawn(self, coroutine) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(coroutine))

    async def start(self) -> "World":
        for serve in (*self.core.runners(), self.core.mail.run):
            self.spawn(serve())
        await self.node_server.start(self.core.from_node)
        await self.start_node()
        await self.core_bus.start(self.core.mail.inbox.post, self.core.topics.for_centre())
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
        node = VoiceNode(self.node_engine, limits, Path("/nowhere"), host.tell)
        node.ready = lambda: say.NodeReady(sip="node", calls=64, version="fake", legs=tuple(node.legs))
        self.node = node
        await self.node_client.start(host.inbox.post)
        self.spawn(host.run(node))

    async def settle(self) -> None:
        """Everything that can happen now happens."""
        for _ in range(8):
            self.broker.settle()
            self.core_place.settle()
            for gateway in self.gateways.values():
                gateway.place.settle()
            for _ in range(12):
                await asyncio.sleep(0)
            for gateway in self.gateways.values():
                gateway.guard.look()
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


def word(number: int) -> bytes:
    """A 20 ms frame that cannot be mistaken for another."""
    return (number % 30000 + 1).to_bytes(2, "little") * (FRAME // 2)


def told(text: str) -> str:
    return textwrap.dedent(text)
