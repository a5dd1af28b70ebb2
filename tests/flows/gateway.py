"""One gateway on fakes: its switchboard, guard, cards, ports and voice process."""

from pathlib import Path
from typing import TYPE_CHECKING

from firmware.config import GatewayLinkSettings
from firmware.paging.machine import ClipHeld, ClipMissing, FetchClip
from firmware.switchboard import VOICE_PEER
from firmware.uplink.messages import Identity
from firmware.voice.rack import Rack
from firmware.wiring import describe, listens_to, wire_gateway
from firmware.wiring_desired import DesiredHost
from firmware.wiring_inputs import sensor_bauds, wire_inputs
from firmware.wiring_modbus import wire_buses
from hw.board import parse_board
from link.bus.fake import FakeBus
from link.bus.port import Will
from link.bus.stream_fake import FakePlace, FakeStreamClient, FakeStreamServer
from link.contract import facts
from link.contract import neighbour as say
from link.contract.envelope import pack
from link.contract.topics import Row, Topics
from link.voice.fake import FakeEngine
from link.voice.host import VoiceHost
from link.voice.port import VoiceSettings, frame_bytes
from tests.firmware.authority.plain import plain_desk
from tests.firmware.outbox.memory_store import MemoryStore
from tests.firmware.terminals.closed_loop import MemoryShelf, Ports
from tests.flows.doors import FakeCard, FakeGuard, MemoryDesired

if TYPE_CHECKING:
    from tests.flows.world import World

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


class FakeGateway:
    """One gateway: its switchboard, guard, cards and voice process."""

    def __init__(self, world: "World", name: str, board: str = BOARD) -> None:
        self.world, self.name = world, name
        self.board = parse_board(board)
        clock = world.clock
        self.guard = FakeGuard(clock)
        self.place = FakePlace()
        self.server = FakeStreamServer(self.place, "gateway")
        self.bus = FakeBus(world.broker, name)
        self.clips: dict[str, Path] = {}
        self.shelf, self.ports = MemoryShelf(), Ports()
        self.store = MemoryStore()
        self.identity = Identity(name, "main", "1", "1.1", describe(self.board, {}))
        self.switchboard = wire_gateway(
            self.board,
            self.identity,
            clock,
            self.bus,
            self.guard,
            self.server,
            self.fetch,
            self.shelf,
            self.ports,
            self.store,
            plain_desk(name),
        )
        self.guard.told = self.switchboard.from_guard
        self.buses = wire_buses(self.board, clock, self.switchboard.tell_health, sensor_bauds(self.board))
        self.wired = wire_inputs(self.board, self.switchboard, self.buses.hosts, clock, self.guard)
        self.link = GatewayLinkSettings(profile="broad")
        self.desired_shelf, self.in_force = MemoryDesired(), list[object]()
        self.files: dict[str, bytes] = {}
        self.desired = DesiredHost(
            self.switchboard,
            clock,
            self.desired_shelf,
            self.fetch_file,
            self.link,
            Path("/nowhere"),
            self.in_force.append,
        )
        self.client = FakeStreamClient(self.place, VOICE_PEER)
        self.engine = FakeEngine(world.air, f"sip:{name}@fake", VoiceSettings(rate_hz=RATE))
        self.cards = {line.id: FakeCard(clock) for line in self.board.lines}

    def fetch(self, effect: FetchClip) -> None:
        path = self.clips.get(effect.sha)
        event = ClipHeld(effect.sha, str(path)) if path else ClipMissing(effect.sha, "not on this gateway")
        for speaker in self.switchboard.speakers.values():
            speaker.inbox.post(event)

    async def fetch_file(self, sha: str, size: int) -> bytes:
        if sha not in self.files:
            raise OSError("not on this gateway")
        return self.files[sha]

    async def start(self) -> None:
        board, first = self.switchboard, len(self.world.tasks)
        for serve in (board.uplink.run, board.watch.run, *board.runners(), *self.buses.runners()):
            self.world.spawn(serve())
        await self.desired.begin()
        for serve in self.desired.runners():
            self.world.spawn(serve())
        self.tasks = self.world.tasks[first:]
        await self.server.start(board.from_neighbour)
        topics = Topics("main")
        live = topics.of(Row.LIVE, self.name)
        will = Will(live, lambda sid: pack(facts.Death(sid=sid).model_dump(mode="python")))
        await self.start_voice()
        self.switchboard.terminals.start_ports()
        self.buses.open_ports(self.ports)
        self.store.start(board.outbox.heard)
        await self.bus.start(board.from_bus, listens_to(self.identity), will)

    def kill(self) -> None:
        """The gateway process dies in mid-step: nothing is released, nothing fed any more."""
        for task in self.tasks:
            task.cancel()

    def furnish(self, rack: Rack) -> None:
        """What a test puts around the voice process before its cards."""

    async def start_voice(self) -> None:
        clock = self.world.clock

        async def came() -> None:
            for state in rack.states():
                host.tell(state)

        async def left() -> None:
            await rack.gateway_lost()

        host = VoiceHost(self.engine, self.client, say.GATEWAY_VOICE, came, left, 0.5, clock)
        await self.engine.start(host.inbox.post)
        self.rack = rack = Rack(self.engine, RATE, host.tell, clock)
        self.furnish(rack)
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
