"""The connection to rigctld: bytes come in as facts, bytes go out, and it is made anew for ever. Asyncio.

It knows nothing of what the bytes mean and tells what a serial port tells: whoever hosts one can host this.
rigctld has no password: any program that reaches its port can key the transmitter, so another host than this
one is refused unless the configuration says so.

Traps (Hamlib 4.5.4, measured): rigctld leaves the transmitter on when its client dies, and closes a connection
that is made in the same moment as another one comes or goes: that is retried like any outage.
"""

import asyncio
import errno
import ipaddress
import logging
import os
import threading
import time
from collections.abc import Callable

from hw.uart import UartData, UartDown, UartFact, UartUp
from link.hosting.backoff import Backoff

log = logging.getLogger(__name__)

READ_BYTES = 4096
QUEUE_LIMIT = 4096
"""Bytes that may wait to be sent; what does not fit is refused as a whole."""
BABBLE = 64 * 1024
"""Bytes a second that are read at most: a babbler waits, the others on this loop do not."""
STEADY_S = 10.0
"""After so long a life the next outage is retried at once again."""
CONNECT_S = 2.0
STOP_S = 2.0


def advice(code: int | None, address: str) -> str:
    """What a technician can do about errno `code`."""
    match code:
        case errno.ECONNREFUSED:
            return f"nothing listens on {address}: start rigctld there, see the profile's command line"
        case errno.ETIMEDOUT | errno.EHOSTUNREACH | errno.ENETUNREACH:
            return f"{address} cannot be reached: check the network, or let rigctld run on this machine"
        case errno.EACCES | errno.EPERM:
            return f"a firewall forbids {address}: open it, or let rigctld run on this machine"
        case _:
            return f"rigctld on {address} closed the connection: see its log; it is tried again by itself"


def loopback(host: str) -> bool:
    """Whether `host` is this machine by its numbers, or localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class RigctldClient:
    """start() returns at once; facts go to `sink` on the loop. ValueError for another host without `remote`."""

    def __init__(
        self,
        name: str,
        sink: Callable[[UartFact], object],
        host: str = "127.0.0.1",
        port: int = 4532,
        *,
        remote: bool = False,
        retry: Backoff | None = None,
    ) -> None:
        if not remote and not loopback(host):
            raise ValueError(
                f"{name}: rigctld on {host} has no password, anybody there could key the transmitter: "
                "run it on this machine, or set remote = true on a network of its own"
            )
        self.name = name
        self.host = host
        self.port = port
        self.refused = 0
        """Writes refused: no connection or too much waiting."""
        self._sink = sink
        self._backoff = retry or Backoff(first=0.1, factor=2.0, most=5.0)
        self._wire: _Wire | None = None
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told_down = False

    @property
    def address(self) -> str:
        """For people."""
        return f"{self.host}:{self.port}"

    @property
    def up(self) -> bool:
        """Connected."""
        return self._wire is not None

    def start(self) -> None:
        """Connects and stays connected. From the loop's thread, as everything here but stop()."""
        self._told_down = False
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name=f"rigctld-{self.name}")

    def stop(self) -> None:
        """Closes the connection. Idempotent; any thread, and another one than the loop's waits until it is done."""
        if self._loop is None or self._task is None:
            return
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        if here:
            self._end()
            return
        done = threading.Event()

        def end() -> None:
            self._end()
            done.set()

        self._loop.call_soon_threadsafe(end)
        if not done.wait(STOP_S):
            log.error("rigctld=%s its loop does not run: not closed", self.name)

    def _end(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        if self._wire is not None:
            self._wire.drop("stopped")
            self._wire = None

    def write(self, data: bytes) -> bool:
        """Send `data`, whole or not at all; False = refused and counted. Never waits."""
        if self._wire is None or not self._wire.send(data):
            self.refused += 1
            return False
        return True

    def reopen(self, reason: str) -> None:
        """Give this connection up and make another."""
        if self._wire is not None:
            self._wire.drop(reason)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            reason, code, since = "", None, time.monotonic()  # type: str, int | None, float
            try:
                async with asyncio.timeout(CONNECT_S):
                    _, wire = await loop.create_connection(self._make_wire, self.host, self.port)
            except TimeoutError:
                reason, code = "no connection in time", errno.ETIMEDOUT
            except OSError as error:
                reason, code = _plain(error), error.errno
            else:
                reason = await self._serve(wire)
                if time.monotonic() - since > STEADY_S:
                    self._backoff.reset()
            self._tell_down(reason, advice(code, self.address))
            await asyncio.sleep(self._backoff.next())

    def _make_wire(self) -> "_Wire":
        return _Wire(lambda data: self._sink(UartData(self.name, data)))

    async def _serve(self, wire: "_Wire") -> str:
        self._wire, self._told_down = wire, False
        log.info("rigctld=%s up address=%s", self.name, self.address)
        self._sink(UartUp(self.name, self.address))
        wire.begin()
        try:
            return await wire.lost
        finally:
            self._wire = None
            wire.drop("stopped")

    def _tell_down(self, reason: str, text: str) -> None:
        if self._told_down:
            return
        self._told_down = True
        log.warning("rigctld=%s down reason=%r advice=%r", self.name, reason, text)
        self._sink(UartDown(self.name, reason, text))


def _plain(error: OSError) -> str:
    """asyncio hides the system's words behind its own."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)


class _Wire(asyncio.BufferedProtocol):
    """One connection. Reading waits after each piece as long as that piece takes at BABBLE."""

    def __init__(self, hear: Callable[[bytes], object]) -> None:
        self._hear = hear
        self._buffer = bytearray(READ_BYTES)
        self._transport: asyncio.Transport | None = None
        self._again: asyncio.TimerHandle | None = None
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def begin(self) -> None:
        """From now on it is heard."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def send(self, data: bytes) -> bool:
        """Whether it was taken."""
        wire = self._transport
        if wire is None or wire.is_closing() or wire.get_write_buffer_size() + len(data) > QUEUE_LIMIT:
            return False
        wire.write(data)
        return True

    def drop(self, reason: str) -> None:
        """Close at once."""
        if not self.lost.done():
            self.lost.set_result(reason)
        if self._again is not None:
            self._again.cancel()
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio wants it; the first bytes wait until `begin`."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.pause_reading()

    def get_buffer(self, sizehint: int) -> bytearray:
        """As asyncio wants it."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """As asyncio wants it."""
        if self.lost.done() or self._transport is None:
            return
        self._transport.pause_reading()
        self._again = asyncio.get_running_loop().call_later(nbytes / BABBLE, self.begin)
        self._hear(bytes(self._buffer[:nbytes]))

    def connection_lost(self, exc: Exception | None) -> None:
        """As asyncio wants it."""
        if not self.lost.done():
            why = f" ({_plain(exc)})" if isinstance(exc, OSError) else ""
            self.lost.set_result(f"rigctld closed the connection{why}")
