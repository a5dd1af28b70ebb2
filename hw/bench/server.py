"""The bench process: one Unix socket for pins, sound and control, serial ports, and the 20 ms clock of all cards.

Input edges leave in the same call that caused them. The clock never drifts: tick n is due at epoch + n * 20
ms, a late tick is made up for, and only after a long stall are ticks left out (and counted).
"""

import asyncio
import json
import logging
import socket
import time
from pathlib import Path

from pydantic import ValidationError

from hw.bench.config import BenchConfig
from hw.bench.control import ControlDesk
from hw.bench.control_link import ControlLink
from hw.bench.gate import FRAME_NS
from hw.bench.lines import LineProtocol, explain
from hw.bench.messages import Sound
from hw.bench.pin_link import PinBoard, PinLink
from hw.bench.ports import Ports
from hw.bench.sound_link import SoundBoard, SoundLink
from hw.bench.wires import PinId
from hw.bench.world import World

log = logging.getLogger(__name__)

MOST_BEHIND = 100


class BenchInUse(Exception):
    """Another bench answers on the socket already."""


class Bench:
    """start() opens the socket, stop() closes everything and removes it."""

    def __init__(self, config: BenchConfig) -> None:
        self._path = config.socket
        self._clock = time.monotonic_ns
        self._pins = PinBoard(self._drive, self._read, self._clock)
        self.world = World(config, self._clock(), self._pins.input_changed)
        self._sound = SoundBoard(self.world)
        self.ports = Ports(self.world, config, self._arm)
        self._desk = ControlDesk(self.world, self._sound, self.ports, self._clock, self._arm)
        self._tick = 0
        self.skipped = 0
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self._links: set[asyncio.Transport] = set()

    async def start(self) -> None:
        """Opens the socket and starts the clock. Raises BenchInUse, OSError."""
        _clear_stale(self._path)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Greeting(self), str(self._path), backlog=64)
        self._path.chmod(0o660)
        await self.ports.start()
        self._schedule(loop)
        log.info("bench=%s devices=%d", self._path, len(self.world.devices))

    async def stop(self) -> None:
        """Ends the clock, every connection and the socket."""
        for timer in (self._timer, self._ticker):
            if timer is not None:
                timer.cancel()
        if self._server is not None:
            self._server.close()
        for transport in list(self._links):
            transport.abort()
        self._desk.close()
        self.ports.close()
        await asyncio.sleep(0)
        self._path.unlink(missing_ok=True)

    def track(self, transport: asyncio.Transport) -> None:
        """Remembers a connection so that stop() can end it."""
        self._links = {link for link in self._links if not link.is_closing()} | {transport}

    def welcome(self, transport: asyncio.Transport, first: bytes, rest: bytes) -> None:
        """Hands a new connection to whom its first line names."""
        link: PinLink | ControlLink
        match _op(first):
            case "attach" | "write":
                link = PinLink(self._pins)
            case "sound":
                self._welcome_sound(transport, first, rest)
                return
            case _:
                link = ControlLink(self._desk)
        transport.set_protocol(link)
        link.connection_made(transport)
        link.data_received(first + b"\n" + rest)

    def _welcome_sound(self, transport: asyncio.Transport, first: bytes, rest: bytes) -> None:
        try:
            link = SoundLink(self._sound, Sound.model_validate_json(first))
        except ValidationError as error:
            refusal = {"ok": False, "error": explain(error, ("sound",))}
            transport.write(json.dumps(refusal).encode() + b"\n")
            transport.close()
            return
        transport.set_protocol(link)
        link.connection_made(transport)
        if rest:
            link.data_received(rest)

    def _drive(self, pin: PinId, level: int) -> None:
        self.world.write(pin, level, self._clock())
        self._arm()

    def _read(self, pin: PinId) -> int | None:
        return self.world.inputs.get(pin)

    def _arm(self) -> None:
        """Sets the timer to the world's next deadline."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.world.deadline
        if deadline is not None:
            self._timer = asyncio.get_running_loop().call_at(deadline / 1e9, self._poke)

    def _poke(self) -> None:
        self.world.poke(self._clock())
        self._arm()

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        due_ns = self.world.epoch_ns + (self._tick + 1) * FRAME_NS
        self._ticker = loop.call_at(due_ns / 1e9, self._on_tick, loop)

    def _on_tick(self, loop: asyncio.AbstractEventLoop) -> None:
        behind = (self._clock() - self.world.epoch_ns) // FRAME_NS - (self._tick + 1)
        if behind > MOST_BEHIND:
            log.warning("bench=stalled skipped_frames=%d", behind)
            self.skipped += behind
            self._tick += behind
        self.world.settle(self.world.epoch_ns + self._tick * FRAME_NS)
        self._tick += 1
        self._schedule(loop)


class _Greeting(LineProtocol):
    """Reads the first line of a connection and hands it on."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._bench.track(self.transport)

    def data_received(self, data: bytes) -> None:
        self._held += data
        first, newline, rest = self._held.partition(b"\n")
        if newline:
            self._bench.welcome(self.transport, first, rest)
        else:
            super().data_received(data)


def _op(line: bytes) -> str:
    try:
        message = json.loads(line)
    except ValueError:
        return ""
    return str(message.get("op", "")) if isinstance(message, dict) else ""


def _clear_stale(path: Path) -> None:
    """Removes a dead bench's socket. Raises BenchInUse when one answers."""
    if not path.exists():
        return
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise BenchInUse(f"{path}: another bench is running on this socket; stop it or choose another path")
