"""One simulated gateway: the shipped contract, uplink, outbox and playout on thin devices.

Wired by firmware.wiring as a real one; with the real door to the broker and a real outbox on disk.
"""

import asyncio
import contextlib
import random
import secrets
import sqlite3
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from firmware.authority.desk import AuthorityDesk
from firmware.authority.trust import Trust
from firmware.authority.writer import AuthorityWriter
from firmware.build import firmware_version
from firmware.outbox.writer import OutboxWriter
from firmware.paging.machine import ClipHeld, FetchClip
from firmware.switchboard import Switchboard
from firmware.terminals.host import Port
from firmware.terminals.shelf import DiskShelf
from firmware.timekeeping.kernel import boot_id
from firmware.uplink.messages import Identity
from firmware.wiring import describe, wire_gateway
from firmware.wiring_inputs import wire_inputs
from hw.board import Board, parse_board
from hw.board_parts import RigPort, SerialPort
from link.bus.broker_settings import BrokerSettings
from link.bus.paho_bus import PahoBus
from link.bus.port import Message, Will
from link.contract import facts
from link.contract.envelope import pack
from link.contract.field_facts import SensorRead
from link.contract.topics import Row, Topics
from link.hosting.beat import BeatChanged
from link.hosting.clock import Clock
from scripts.fleet_parts.thin import NotedStore, ThinGuard, ThinVoice
from scripts.town.outbox_ledger import note_commits

ORDERS_KEPT = 16
QUOTA = 20_000_000
REALM = "main"
SPEAKER = "pa1"
BOARD = """
board = { name = "simulated", kind = "bench", socket = "/nowhere" }
card = [{ name = "r1", driver = "bench" }, { name = "pa1", driver = "bench" }]
output = [{ name = "r1.ptt", pin = 17, longest = 60.0 }, { name = "pa1.amp", pin = 18, longest = 900.0 }]
input = [{ name = "r1.cos", pin = 4 }, { name = "door.in", pin = 5 }]
contact = [{ name = "door", input = "door.in" }]
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


@dataclass(frozen=True)
class Access:
    """How simulated gateways reach the broker; times in seconds, `spread` as in link.spread."""

    host: str
    port: int
    spread: float
    first_retry: float
    longest_retry: float

    def settings(self, name: str, password: str) -> BrokerSettings:
        """Of one of them."""
        return BrokerSettings(
            host=self.host,
            port=self.port,
            client_id=name,
            username=name,
            password=password,
            spread=self.spread,
            back_off_first=self.first_retry,
            back_off_most=self.longest_retry,
        )


def simulated_board() -> Board:
    """A radio line, a loudspeaker and a contact."""
    return parse_board(BOARD)


def no_port(entry: SerialPort | RigPort, baud: int, rts_cts: bool, sink: object) -> Port:
    """Its board has no ports."""
    raise OSError(f"a simulated gateway has no port {entry.name}")


class SimulatedGateway:
    """`prepare` it, then `connect`; it serves until its tasks are cancelled by `close`.

    `ordered`: when its newest commands came in from the broker (monotonic ns).
    """

    def __init__(
        self, name: str, board: Board, access: Access, password: str, folder: Path, clock: Clock
    ) -> None:
        self.name = name
        self.outbox = folder / f"{name}.db"
        self._clock = clock
        boot = f"{boot_id()}.{secrets.token_hex(4)}"
        lines = describe(board, {}, legs=False)
        self.guard, self.voice = ThinGuard(clock=clock), ThinVoice()
        self.store = NotedStore(OutboxWriter(self.outbox, boot, QUOTA))
        self.accepted = AuthorityWriter(folder / f"{name}-authority.db")
        self.bus = PahoBus(access.settings(name, password))
        self.board: Switchboard = wire_gateway(
            board,
            Identity(name, REALM, firmware_version(), boot, lines),
            clock,
            self.bus,
            self.guard,
            self.voice,
            self._hold,
            DiskShelf(folder / name),
            no_port,
            self.store,
            AuthorityDesk.of(Trust(name, plain=True), secrets.token_bytes(16), self.accepted),
        )
        self.guard.told = self.board.from_guard
        self._door = wire_inputs(board, self.board, {}, clock, self.guard).wires.heard("door.in")
        self.ordered: deque[int] = deque(maxlen=ORDERS_KEPT)
        self._open = False
        self._level = 2.0
        self._tasks: list[asyncio.Task[None]] = []

    def _hold(self, effect: FetchClip) -> None:
        """Every clip is held already."""
        path = self.voice.hold(effect.sha, effect.size)
        for speaker in self.board.speakers.values():
            speaker.inbox.post(ClipHeld(effect.sha, path))

    async def prepare(self) -> None:
        """Its machines run and its outbox is open; nobody knows of it yet."""
        board = self.board
        for serve in (board.uplink.run, *board.runners()):
            self._tasks.append(asyncio.create_task(serve()))
        await self.voice.start(board.from_neighbour)
        await asyncio.to_thread(self._open_store)
        board.perform_watch(BeatChanged(up=True))

    def _open_store(self) -> None:
        self.store.start(self.board.outbox.heard)
        note_commits(self.outbox)
        self.board.authority.loaded(self.accepted.start(self.board.authority.from_store))

    async def connect(self) -> None:
        """Begin to connect; it stays connected by itself."""
        topics = Topics(REALM)
        live = topics.of(Row.LIVE, self.name)
        will = Will(live, lambda sid: pack(facts.Death(sid=sid).model_dump(mode="python")))
        command = topics.of(Row.COMMAND, self.name)

        def hear(fact: object) -> None:
            if isinstance(fact, Message) and fact.topic == command:
                self.ordered.append(time.monotonic_ns())
            self.board.from_bus(fact)

        await self.bus.start(hear, topics.for_gateway(self.name), will)

    @property
    def up(self) -> bool:
        """Its session stands."""
        return self.board.uplink.machine.up

    @property
    def waiting(self) -> int:
        """Events in its outbox, as it knows itself."""
        return sum(count for _, count in self.board.outbox.runner.machine.counted.waiting)

    def happen(self, rng: random.Random) -> None:
        """Something happens on the site: the water moves, or now and then somebody uses the door."""
        if rng.random() < 0.1:
            self._open = not self._open
            self._door(self._open, int(self._clock.now() * 1e9))
        else:
            self.measure(rng)

    def measure(self, rng: random.Random) -> None:
        """The water moves."""
        self._level = round(self._level + rng.uniform(-0.05, 0.05), 2)
        self.board.record(SensorRead(sensor="level", value=self._level, unit="m"))

    async def close(self) -> None:
        """Disconnect, commit, end."""
        await self.bus.stop()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        with contextlib.suppress(sqlite3.Error):
            await asyncio.to_thread(self.store.writer.stop)
        await asyncio.to_thread(self.accepted.stop)
