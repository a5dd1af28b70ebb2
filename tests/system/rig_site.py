"""A shortwave line's driver over TCP, at one of two far ends: the bench rigctld, or Hamlib's own."""

import asyncio
import shutil
import socket
import time
from typing import Any, Protocol, TypeVar

from hw.bench.rigctld import Rigctld
from hw.bench.rigctld_port import RigctldPort
from hw.rig.client import RigctldClient
from hw.rig.machine import Rig
from hw.rig.messages import Reopen
from hw.rig.protocol import Splitter
from hw.terminal import MakeSafe, PortDown, PortUp, Told, Write
from hw.uart import UartData, UartDown, UartFact, UartUp
from link.hosting.backoff import Backoff
from link.hosting.clock import SystemClock
from link.hosting.inbox import Inbox
from link.hosting.runner import Runner
from tests.hw.rig.loop import made

F = TypeVar("F")
RIGCTLD = shutil.which("rigctld")


class FarEnd(Protocol):
    """What both far ends can do."""

    port: int

    async def open(self) -> None: ...
    async def close(self) -> None: ...


class BenchEnd:
    """The shipped simulator."""

    def __init__(self) -> None:
        self.keyed: list[bool] = []
        self.server = RigctldPort(Rigctld(on_ptt=lambda on, at: self.keyed.append(on)))
        self.port = 0

    async def open(self) -> None:
        await self.server.listen()
        self.port = self.server.port

    async def close(self) -> None:
        self.server.shut()


class HamlibEnd:
    """`rigctld -m 1 -P RIG`: without -P RIG its dummy radio refuses PTT."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self._process: asyncio.subprocess.Process | None = None

    async def open(self) -> None:
        assert RIGCTLD is not None
        self._process = await asyncio.create_subprocess_exec(
            *(RIGCTLD, "-m", "1", "-P", "RIG", "-T", "127.0.0.1", "-t", str(self.port)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(10):
            while True:
                try:
                    assert await said(self.port, "f")
                    return
                except OSError:
                    await asyncio.sleep(0.02)

    async def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


async def said(port: int, line: str) -> str:
    """The first line of the answer that a client of its own gets, which then goes away."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(line.encode() + b"\n")
        async with asyncio.timeout(5):
            return (await reader.readline()).decode().strip()
    finally:
        writer.transport.abort()


class Site:
    """The driver with its connection, as the gateway hosts it."""

    def __init__(self, port: int, wanted: Any = None, **profile: Any) -> None:
        quick = {
            "answer_wait": 0.5,
            "poll_every": 0.2,
            "ptt_every": 0.05,
            "meter_every": 0.2,
            "key_wait": 0.3,
        }
        self.told = Inbox("told")
        self.safe: list[str] = []
        self.splitter = Splitter()
        self.runner = Runner("rig", Rig(made(**{**quick, **profile}), wanted), self.perform, SystemClock())
        retry = Backoff(first=0.02, factor=1.0, most=0.02)
        self.client = RigctldClient("rig", self.fact, "127.0.0.1", port, retry=retry)
        self.downs: list[UartDown] = []
        self.task: asyncio.Task[None] | None = None

    def fact(self, fact: UartFact) -> None:
        match fact:
            case UartUp():
                self.splitter = Splitter()
                self.runner.inbox.post(PortUp())
            case UartDown(reason=reason):
                self.downs.append(fact)
                self.runner.inbox.post(PortDown(reason))
            case UartData(data=data):
                for answer in self.splitter.feed(data):
                    self.runner.inbox.post(answer)

    def perform(self, effect: object) -> None:
        match effect:
            case Write(data=data):
                self.client.write(data)
            case Told(fact=fact):
                self.told.post(fact)
            case Reopen(reason=reason):
                self.client.reopen(reason)
            case MakeSafe(reason=reason):
                self.safe.append(reason)

    @property
    def rig(self) -> Rig:
        return self.runner.machine

    def tell(self, event: object) -> None:
        self.runner.inbox.post(event)

    async def __aenter__(self) -> "Site":
        self.client.start()
        self.task = asyncio.create_task(self.runner.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.task is not None
        self.task.cancel()
        await asyncio.to_thread(self.client.stop)

    async def expect(self, kind: type[F], **fields: object) -> F:
        """The next such fact with these values."""
        async with asyncio.timeout(10):
            while True:
                fact = await self.told.get()
                if isinstance(fact, kind) and all(getattr(fact, n) == v for n, v in fields.items()):
                    return fact

    def drain(self) -> list[object]:
        """What was told up to now."""
        found = []
        while (fact := self.told.get_nowait()) is not None:
            found.append(fact)
        return found


async def until(look: Any, what: str, limit: float = 5.0) -> float:
    """Seconds until `look()` is true."""
    start = time.monotonic()
    while not look():
        assert time.monotonic() - start < limit, what
        await asyncio.sleep(0.005)
    return time.monotonic() - start
