"""One connection over a thin link: what is read at one end waits for the line and is written at the other.

Reads no more than has room on the line, so that the sender's own TCP holds it back. Knows no verbs: see link_proxy.
"""

import asyncio
import socket
import struct
from asyncio.trsock import TransportSocket
from collections import deque

from link.hosting.clock import Clock
from scripts.chaos_parts.lane import Lane

SEGMENT = 1460
"""Octets of payload in the largest segment: Ethernet's 1500 without headers."""
IN_FLIGHT = 256 * 1024
"""Octets of one direction that may have left and not yet be taken at the far end: a sender's window."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Octets = bytes | None
"""What arrives: octets, none of them for an end, None for a reset."""


class Reset(Exception):
    """One end reset the connection: so does the other."""


def reset_socket(sock: socket.socket | TransportSocket) -> None:
    """Let its closing be an RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Passing:
    """`near` is who connected, `far` the server; `lanes` lead up and down; nothing passes while `flows` is clear."""

    def __init__(
        self, near: Streams, far: Streams, lanes: tuple[Lane, Lane], clock: Clock, flows: asyncio.Event
    ) -> None:
        self._near, self._far, self._lanes = near, far, lanes
        self._clock, self._flows = clock, flows
        self._lost = False

    def lose(self) -> None:
        """It is in a hole: from now on all is swallowed, and neither end is told anything, not even an end."""
        self._lost = True

    def reset(self) -> None:
        """End it at both ends with an RST."""
        for _, writer in (self._near, self._far):
            sock = writer.get_extra_info("socket")
            if sock is not None and not writer.transport.is_closing():
                reset_socket(sock)
            writer.transport.abort()

    async def run(self) -> None:
        """Until both directions have ended, or one end resets it; then both ends are closed."""
        (up, down), (near, far) = self._lanes, (self._near, self._far)
        ended = False
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._way(near[0], far[1], up))
                both.create_task(self._way(far[0], near[1], down))
            ended = True
        except* (Reset, OSError):
            pass
        finally:
            if not ended:
                self.reset()
            for _, writer in (near, far):
                writer.close()

    async def _way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lane: Lane) -> None:
        line = Line()
        async with asyncio.TaskGroup() as both:
            both.create_task(self._take(reader, lane, line))
            both.create_task(self._give(writer, lane, line))

    async def _take(self, reader: asyncio.StreamReader, lane: Lane, line: "Line") -> None:
        """Read as the line has room; what waits before it waits with the sender."""
        data: Octets = b""
        while True:
            await line.room()
            try:
                data = await reader.read(SEGMENT)
            except OSError:
                data = None
            if self._lost:
                lane.dropped(len(data or b""))
            else:
                await self._flows.wait()
                line.put(await lane.carry(len(data or b"")), data)
            if not data:
                line.put(self._clock.now(), b"")  # also in a hole this way has ended, though nobody is told
                return

    async def _give(self, writer: asyncio.StreamWriter, lane: Lane, line: "Line") -> None:
        """Write what arrives, when it arrives."""
        while True:
            due, data = await line.next()
            await self._clock.sleep_until(due)
            if not self._lost:
                await self._flows.wait()
            if self._lost:
                lane.dropped(len(data or b""))
            elif data is None:
                raise Reset
            elif data:
                writer.write(data)
                await writer.drain()
            elif writer.can_write_eof() and not writer.transport.is_closing():
                writer.write_eof()
            line.arrived(data)
            if not data:
                return


class Line:
    """What has left and not arrived, in order."""

    def __init__(self) -> None:
        self._flying: deque[tuple[float, Octets]] = deque()
        self._octets = 0
        self._came, self._went = asyncio.Event(), asyncio.Event()

    async def room(self) -> None:
        """Return when less than IN_FLIGHT is under way."""
        while self._octets >= IN_FLIGHT:
            self._went.clear()
            await self._went.wait()

    def put(self, due: float, data: Octets) -> None:
        """It arrives at `due`."""
        self._flying.append((due, data))
        self._octets += len(data or b"")
        self._came.set()

    async def next(self) -> tuple[float, Octets]:
        """The next to arrive."""
        while not self._flying:
            self._came.clear()
            await self._came.wait()
        return self._flying.popleft()

    def arrived(self, data: Octets) -> None:
        """It has been taken at the far end."""
        self._octets -= len(data or b"")
        self._went.set()
