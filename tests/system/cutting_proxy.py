"""A TCP proxy that counts octets and breaks connections after as many as a test says."""

import asyncio
import contextlib
from collections.abc import Iterable


class CuttingProxy:
    """Each new connection is broken after the next of `cuts` octets, up and down together; then none is any more."""

    def __init__(self, to: int, cuts: Iterable[int]) -> None:
        self.to = to
        self.cuts = list(cuts)
        self.made = 0
        self.up = self.down = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            far, forth = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:
            back.transport.abort()
            return
        room = [self.cuts.pop(0) if self.cuts else 1 << 60]
        pumps = [asyncio.create_task(self._pump(*way, room)) for way in ((near, forth, 1), (far, back, 0))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.made += room[0] <= 0
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for writer in (forth, back):
                writer.transport.abort()

    async def _pump(self, source, sink, up: int, room: list[int]) -> None:
        with contextlib.suppress(OSError):
            while room[0] > 0 and (data := await source.read(4096)):
                data = data[: room[0]]
                room[0] -= len(data)
                sink.write(data)
                await sink.drain()
                self.up += len(data) * up
                self.down += len(data) * (1 - up)
