"""The bench rigctld on a real TCP port of this machine, for as many clients as come."""

import asyncio
import logging

from hw.bench.rigctld import Rigctld

log = logging.getLogger(__name__)


class RigctldPort:
    """Serves `model` on the loop that calls `listen`. `port` 0: any free one, kept over `gone` and `back`."""

    def __init__(self, model: Rigctld | None = None, port: int = 0) -> None:
        self.model = model or Rigctld()
        self.port = port
        self._server: asyncio.Server | None = None
        self._wires: set[_Wire] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def listen(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Wire(self), "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    def shut(self) -> None:
        """Nobody listens any more, every client is cut off. Idempotent."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._timer is not None:
            self._timer.cancel()
        self.drop()

    def drop(self) -> None:
        """Close every connection; clients may come again."""
        for wire in tuple(self._wires):
            wire.cut()

    async def perform(self, verb: str) -> None:
        """One of the verbs. Raises TroubleError."""
        match verb:
            case "drop":
                self.drop()
            case "gone":
                self.shut()
            case "back":
                if self._server is None:
                    await self.listen()
            case _:
                self.model.perform(verb, asyncio.get_running_loop().time())
                self.turn()

    def joined(self, wire: "_Wire") -> int:
        """A client has come."""
        self._wires.add(wire)
        return self.model.connect()

    def parted(self, wire: "_Wire") -> None:
        """It is gone."""
        self._wires.discard(wire)
        self.model.leave(wire.number)

    def turn(self) -> None:
        """Everything that is due goes out; looks again when more will be."""
        loop = asyncio.get_running_loop()
        for wire in tuple(self._wires):
            wire.send(loop.time())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = self.model.deadline
        if at is not None and self._wires:
            self._timer = loop.call_at(max(at, loop.time() + 0.0005), self.turn)


class _Wire(asyncio.Protocol):
    """One client."""

    def __init__(self, port: RigctldPort) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None
        self.number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio wants it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.number = self._port.joined(self)

    def data_received(self, data: bytes) -> None:
        """As asyncio wants it."""
        self._port.model.hear(self.number, data, asyncio.get_running_loop().time())
        self._port.turn()

    def connection_lost(self, exc: Exception | None) -> None:
        """As asyncio wants it."""
        self._port.parted(self)

    def cut(self) -> None:
        """Away at once."""
        if self._transport is not None:
            self._transport.abort()

    def send(self, now: float) -> None:
        """What is due for it; one write for each piece, so that `split` is seen at the other end."""
        while self._transport is not None and (data := self._port.model.take(self.number, now)):
            self._transport.write(data)
        client = self._port.model.clients.get(self.number)
        if client is not None and client.left and not client.out and self._transport is not None:
            self._transport.close()
