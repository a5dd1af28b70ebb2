"""The gateway's side of the guard: feeds and safe orders go down, the outputs' changes come up as facts.

Lives on the gateway's event loop and never blocks it. A feed the socket does not take at once is dropped and
counted, never queued: a late lease is a wrong lease. A safe order that cannot be written cuts the connection,
which makes everything safe. Feeds must come from whoever decides that the air is held, renewed each time;
nothing here repeats one by itself.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hw.guard.machine import Feed, Hello, Report, Safe
from hw.guard.protocol import LineSplitter, Malformed, Turned, Welcome, decode_reply, encode
from link.hosting.backoff import Backoff

log = logging.getLogger(__name__)

READ_SIZE = 65536
QUIET = 1.0
"""Seconds a guard may take to welcome a client before the client tries again."""


@dataclass(frozen=True)
class GuardUp:
    """The guard has taken this gateway; the state of each output follows as OutputChanged."""


@dataclass(frozen=True)
class GuardDown:
    """The guard cannot be reached any more; it makes, or has made, every output safe."""

    reason: str


@dataclass(frozen=True)
class OutputChanged:
    """Output `out` went on or safe at `at_ns` (monotonic); `why` as in hw.guard.machine.Why."""

    out: str
    on: bool
    why: str
    at_ns: int


class GuardClient:
    """Keeps one connection to the guard, and comes back with back-off. All calls from the loop's thread."""

    def __init__(self, path: Path | str, backoff: Backoff | None = None) -> None:
        self.dropped = 0
        self.malformed = 0
        self._path = str(path)
        self._backoff = backoff or Backoff(first=0.05, most=1.0)
        self._sock: socket.socket | None = None
        self._welcomed = False
        self._splitter = LineSplitter()
        self._lost: asyncio.Future[str] | None = None
        self._task: asyncio.Task[None] | None = None
        self._sink: Callable[[object], object] = lambda fact: None

    async def start(self, sink: Callable[[object], object]) -> None:
        """Begin to connect; facts go to `sink` until `stop`."""
        self._sink = sink
        self._task = asyncio.create_task(self._keep_connected(), name="guard-client")

    async def stop(self) -> None:
        """Close the connection (the guard makes everything safe) and end."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    @property
    def up(self) -> bool:
        """The guard can be spoken to."""
        return self._sock is not None and self._welcomed

    def feed(self, out: str, left: float, why: str = "", at_ns: int | None = None) -> bool:
        """Ask that `out` be on for `left` more seconds (at most 5) from `at_ns`, by default now.

        Pass the `at_ns` at which the lease was worked out if that was earlier. False: not sent, and not kept;
        ValueError when more than 5 s are asked for.
        """
        left_ms = int(left * 1000)
        if left_ms <= 0:
            return False
        line = encode(Feed(out, left_ms, time.monotonic_ns() if at_ns is None else at_ns, why))
        if self._sock is None or not self._send(line):
            self.dropped += 1
            if self.dropped == 1:
                log.warning("out=%s feed dropped: the guard takes nothing (more is only counted)", out)
            return False
        return True

    def safe(self, out: str) -> bool:
        """Order `out` safe now; also ends a lock. False: no connection, so it is safe already."""
        if self._sock is None:
            return False
        if not self._send(encode(Safe(out, time.monotonic_ns()))):
            self._lose("a safe order could not be written")
            return False
        return True

    def _send(self, line: bytes) -> bool:
        """True if the socket took the whole line."""
        assert self._sock is not None
        try:
            sent = self._sock.send(line)
        except BlockingIOError:
            return False
        except OSError as error:
            self._read(self._sock)  # a guard that turned us away said why before it closed
            self._lose(str(error))
            return False
        if sent < len(line):  # the rest would have to be queued, and half a line is no use
            self._lose("half a line was taken")
            return False
        return True

    def _lose(self, reason: str) -> None:
        """Close at once, so that the guard sees it even if this loop hangs next."""
        if self._sock is not None:
            asyncio.get_running_loop().remove_reader(self._sock)
            self._sock.close()
            self._sock = None
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(reason)

    async def _keep_connected(self) -> None:
        told = ""
        while True:
            reason = await self._connection()
            if self._welcomed or reason != told:
                log.warning("guard=%s down reason=%r", self._path, reason)
                self._sink(GuardDown(reason))
                told = reason
            if self._welcomed:
                self._backoff.reset()
            await asyncio.sleep(self._backoff.next())

    async def _connection(self) -> str:
        """One connection from the try to its loss; returns why it ended."""
        loop = asyncio.get_running_loop()
        self._welcomed, self._splitter, self._lost = False, LineSplitter(), loop.create_future()
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)
        quiet = loop.call_later(QUIET, self._judge_silence)
        try:
            await loop.sock_connect(sock, self._path)
            self._sock = sock
            loop.add_reader(sock, self._read, sock)
            self._send(encode(Hello()))
            return await self._lost
        except OSError as error:
            return str(error)
        finally:
            quiet.cancel()
            self._lose("stopped")
            sock.close()

    def _judge_silence(self) -> None:
        if not self._welcomed:
            self._lose(f"the guard has not answered for {QUIET:g} s")

    def _read(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(str(error))
            return
        if not data:
            self._lose("the guard has closed the connection")
            return
        for line in self._splitter.take(data):
            try:
                self._take(decode_reply(line))
            except Malformed as reason:
                self.malformed += 1
                if self.malformed == 1:
                    log.warning("guard=%s said %r: %s (more is only counted)", self._path, line[:80], reason)

    def _take(self, reply: Report | Welcome | Turned) -> None:
        match reply:
            case Report(out, on, at_ns, why):
                self._sink(OutputChanged(out, on, why, at_ns))
            case Turned(why):
                self._lose(why)
            case Welcome(outputs):
                self._welcomed = True
                log.info("guard=%s up outputs=%d", self._path, outputs)
                self._sink(GuardUp())
