"""A TCP relay that tests can cut: the far end then sees its peer die without a goodbye."""

import asyncio
import contextlib
import socket


class Wire:
    """Relays one loopback port to another; `cut` breaks what stands and refuses what comes until `mend`."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Transport] = set()
        self._listening: socket.socket | None = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])

    async def mend(self) -> None:
        if self._listening is None:
            self._listening = socket.create_server(("127.0.0.1", self.port))
        if self._server is None:
            self._server = await asyncio.start_server(self._relay, sock=self._listening)

    def shut(self) -> None:
        """Refuse whoever comes."""
        if self._server is not None:
            self._server.close()
        if self._listening is not None:
            self._listening.close()
        self._server = self._listening = None

    async def cut(self) -> None:
        self.shut()
        for transport in list(self._open):
            transport.abort()
        await asyncio.sleep(0)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        ends = [writer.transport, there_writer.transport]
        self._open.update(ends)
        try:
            await asyncio.gather(self._pump(reader, there_writer), self._pump(there_reader, writer))
        finally:
            for end in ends:
                end.abort()
                self._open.discard(end)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()
