"""A door with TLS before a plain port of this machine, for tests: every connection is carried on as it is."""

import asyncio
import ssl
import threading
from pathlib import Path


class TlsBefore:
    """Listens with TLS 1.3 at `port` and carries on to `behind`; runs in a thread of its own."""

    def __init__(self, certificate: Path, key: Path, behind: int) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._context.load_cert_chain(certificate, key)
        self._behind = behind
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._carry, "127.0.0.1", 0, ssl=self._context)
        )
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            ours = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in ours:
                task.cancel()
            await asyncio.gather(*ours, return_exceptions=True)
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _carry(self, ours: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        theirs, on = await asyncio.open_connection("127.0.0.1", self._behind)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pour(ours, on))
                group.create_task(_pour(theirs, answer))
        except* OSError:
            pass
        finally:
            on.close()
            answer.close()


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    sink.close()
