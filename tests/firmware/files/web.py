"""A web server that answers each request as a test says, and the parts around the transfers of a gateway."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from firmware.files.centre_files import CentreFiles
from firmware.files.held import HeldFiles
from firmware.files.transfers import Transfers, Ways
from link.hosting.clock import Clock, SystemClock

SOUND = b"RIFF" + bytes(range(256)) * 40
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def sha_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


SHA = sha_of(SOUND)


class Site:
    """What a gateway's transfers are given, and what they said."""

    def __init__(self) -> None:
        self.recorded: list[object] = []
        self.missing: list[tuple[str, ...]] = []
        self.busy = ""
        self.playing: frozenset[str] = frozenset()

    def transfers(
        self,
        folder: Path,
        url: str,
        token: str = "",
        quota: int = 500_000_000,
        clock: Clock | None = None,
        rate: float = 1e9,
    ) -> Transfers:
        ways = Ways(
            self.recorded.append,
            lambda told: self.missing.append(told.missing),
            lambda: self.busy,
            lambda: self.playing,
        )
        held, centre = HeldFiles(folder / "files", quota), CentreFiles(url, token)
        return Transfers(held, 100_000, centre, clock or SystemClock(), ways, rate)


class Centre:
    """A web server that answers each request with the next of `answers`, then with the last again."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [whole(SOUND)]
        self.asked: list[tuple[str, str]] = []
        self.ranges: list[str] = []

    async def start(self) -> str:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.serving: set[asyncio.Task[None]] = set()
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self.server.close()
        for task in self.serving:
            task.cancel()
        await asyncio.gather(*self.serving, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.add(asyncio.current_task())
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
            keys = [line.partition(": ")[2] for line in lines if line.lower().startswith("authorization:")]
            ranges = [line.partition(": ")[2] for line in lines if line.lower().startswith("range:")]
            self.ranges.append(ranges[0] if ranges else "")
            self.asked.append((lines[0], keys[0] if keys else ""))
            await self.answers[min(len(self.asked), len(self.answers)) - 1](writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def respond(status: str, body: bytes, announced: int | None = None) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        length = len(body) if announced is None else announced
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n".encode() + body)
        await writer.drain()

    return answer


def whole(data: bytes) -> Answer:
    return respond("200 OK", data)


def cut(data: bytes) -> Answer:
    return respond("200 OK", data[: len(data) // 2], announced=len(data))


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


def rest(data: bytes, at: int) -> Answer:
    """206 with everything from `at` on."""
    head = f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {at}-{len(data) - 1}/{len(data)}\r\n"

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(f"{head}Content-Length: {len(data) - at}\r\n\r\n".encode() + data[at:])
        await writer.drain()

    return answer
