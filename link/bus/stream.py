"""The neighbours' door: frames over a Unix stream socket, on the event loop.

A peer that sends garbage, announces too much or does not read is closed and named; it never blocks or breaks
another. At most once: what was under way when a peer went down is gone, its owner says everything again after
the next PeerUp.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import cast

from link.bus.frames import FrameParser, FrameTooLarge, frame
from link.bus.hello import BadHello, check_name, hello, name_in
from link.bus.port import LARGEST_FRAME, BusError, Frame, PeerDown, PeerUp, Sink
from link.bus.socket_path import check_length, listen_at, release
from link.bus.tally import Tally
from link.hosting.backoff import Backoff

log = logging.getLogger(__name__)

WRITE_LIMIT = 1024 * 1024
"""Bytes that may wait for a slow peer before it is dropped."""
HELLO_LIMIT = 5.0
"""Seconds a peer has to say its name."""
GOODBYE_LIMIT = 1.0
"""Seconds that stop() gives to what was accepted and not yet written."""
SETTLED = 2.0
"""Seconds after which a connection starts the back-off anew."""
MOST_PEERS = 64


class _Link(asyncio.Protocol):
    """One connection, either side. `named` is told the peer's name once, `over` once at the end."""

    def __init__(
        self,
        me: str,
        tally: Tally,
        named: Callable[["_Link"], None],
        frame_in: Callable[["_Link", bytes], None],
        over: Callable[["_Link", str], None],
    ) -> None:
        self.peer = ""
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._me, self._tally = me, tally
        self._named, self._frame_in, self._over = named, frame_in, over
        self._parser = FrameParser()
        self._transport: asyncio.Transport | None = None
        self._ended = False
        self._hello_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: the socket is open."""
        self._transport = cast(asyncio.Transport, transport)
        if self._ended:
            self._transport.abort()
            return
        self._transport.write(frame(hello(self._me)))
        self._hello_timer = asyncio.get_running_loop().call_later(
            HELLO_LIMIT, self.end, f"no hello within {HELLO_LIMIT:.0f} s"
        )

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes came."""
        fault = ""
        try:
            frames = self._parser.feed(data)
        except FrameTooLarge as error:
            frames, fault = error.frames, str(error)
        for payload in frames:
            if self._ended:
                return
            if self.peer:
                self._frame_in(self, payload)
            else:
                self._greet(payload)
        if fault and not self._ended:
            self._tally.count("garbage", self.peer or "unnamed", fault)
            self.end(fault)

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: the socket is gone."""
        self._finish(f"the connection broke ({exc})" if exc else "the peer closed the connection")
        if not self.closed.done():
            self.closed.set_result(None)

    def send(self, payload: bytes) -> bool:
        """Queue one frame, or drop a peer that lets more than WRITE_LIMIT wait."""
        transport = self._transport
        if transport is None or self._ended or transport.is_closing():
            return False
        waiting = transport.get_write_buffer_size()
        if waiting + len(payload) > WRITE_LIMIT:
            self._tally.count("slow-peer", self.peer, f"waiting_bytes={waiting}")
            self.end(f"too slow: {waiting} bytes wait for it")
            return False
        transport.write(frame(payload))
        return True

    def end(self, reason: str) -> None:
        """Break the connection now and say why."""
        self._finish(reason)
        if self._transport is not None:
            self._transport.abort()

    async def leave(self) -> None:
        """Write what waits (at most GOODBYE_LIMIT), close, and say nothing any more."""
        self._ended = True
        self._cancel_timer()
        if self._transport is None:
            return
        self._transport.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self.closed), GOODBYE_LIMIT)
            return
        self._transport.abort()
        await self.closed

    def _greet(self, payload: bytes) -> None:
        try:
            self.peer = name_in(payload)
        except BadHello as error:
            self._tally.count("garbage", "unnamed", str(error))
            self.end(str(error))
            return
        self._cancel_timer()
        self._named(self)

    def _finish(self, reason: str) -> None:
        self._cancel_timer()
        if not self._ended:
            self._ended = True
            self._over(self, reason)

    def _cancel_timer(self) -> None:
        if self._hello_timer is not None:
            self._hello_timer.cancel()
            self._hello_timer = None


class _Side:
    """What server and client share: the sink, the counters, the size check."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = Path(path)
        self.name = check_name(name)
        self._tally = Tally(f"stream-{name}")
        self._sink: Sink | None = None

    def dropped(self) -> dict[str, int]:
        """See link.bus.port."""
        return self._tally.counts()

    def _post(self, fact: object) -> None:
        if self._sink is None:
            return
        try:
            self._sink(fact)
        except Exception:
            log.exception("stream=%s the sink raised on %s", self.name, type(fact).__name__)

    def _hand_over(self, link: _Link | None, peer: str, payload: bytes) -> bool:
        if len(payload) > LARGEST_FRAME:
            self._tally.count("too-large-out", peer, f"bytes={len(payload)}")
            return False
        if link is None or not link.send(payload):
            self._tally.count("not-sent", peer)
            return False
        return True


class StreamServer(_Side):
    """See link.bus.port.NeighbourServer. `name` is what the peers are told."""

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, name)
        self._links: set[_Link] = set()
        self._named: dict[str, _Link] = {}
        self._server: asyncio.Server | None = None
        self._listening: socket.socket | None = None
        self._inode = 0

    async def start(self, sink: Sink) -> None:
        """See NeighbourServer."""
        if self._server is not None:
            raise BusError(f"stream {self.path} is started already")
        self._listening = await asyncio.to_thread(listen_at, self.path, neighbours=True)
        self._inode = self.path.lstat().st_ino
        self._sink = sink
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._accept, sock=self._listening)
        log.info("stream=%s listens path=%s", self.name, self.path)

    async def stop(self) -> None:
        """See NeighbourServer."""
        self._sink = None
        if self._server is None:
            return
        release(self.path, None, self._inode)
        self._server.close()
        await asyncio.gather(*(link.leave() for link in list(self._links)))
        self._links.clear()
        self._named.clear()
        self._server = self._listening = None

    def send(self, peer: str, payload: bytes) -> bool:
        """See NeighbourServer."""
        return self._hand_over(self._named.get(peer), peer, payload)

    def peers(self) -> tuple[str, ...]:
        """See NeighbourServer."""
        return tuple(self._named)

    def _accept(self) -> _Link:
        link = _Link(self.name, self._tally, self._greeted, self._frame_in, self._over)
        self._links.add(link)
        link.closed.add_done_callback(lambda _: self._links.discard(link))
        if len(self._links) > MOST_PEERS:
            self._tally.count("too-many-peers", str(self.path))
            link.end(f"more than {MOST_PEERS} peers")
        return link

    def _greeted(self, link: _Link) -> None:
        older = self._named.get(link.peer)
        if older is not None:
            older.end("a newer connection came under the same name")
        self._named[link.peer] = link
        self._post(PeerUp(link.peer))

    def _frame_in(self, link: _Link, payload: bytes) -> None:
        self._post(Frame(link.peer, payload))

    def _over(self, link: _Link, reason: str) -> None:
        if link.peer and self._named.get(link.peer) is link:
            del self._named[link.peer]
            log.info("stream=%s peer=%s down reason=%r", self.name, link.peer, reason)
            self._post(PeerDown(link.peer, reason))


class StreamClient(_Side):
    """See link.bus.port.NeighbourClient. `name` is what the server is told; tries again after 0.1 to 2 s."""

    def __init__(self, path: Path, name: str, back_off: Backoff | None = None) -> None:
        super().__init__(path, name)
        self._back_off = back_off or Backoff(0.1, 2.0, 2.0)
        self._link: _Link | None = None
        self._up = False
        self._task: asyncio.Task[None] | None = None
        self._said = ""

    async def start(self, sink: Sink) -> None:
        """See NeighbourClient. BusError when the path is too long."""
        if self._task is not None:
            raise BusError(f"stream to {self.path} is started already")
        check_length(self.path)
        self._sink = sink
        self._task = asyncio.create_task(self._run(), name=f"stream-{self.name}")

    async def stop(self) -> None:
        """See NeighbourClient."""
        self._sink = None
        task, self._task = self._task, None
        if task is None:
            return
        link, self._link = self._link, None
        if link is not None:
            await link.leave()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        self._up = False

    def send(self, payload: bytes) -> bool:
        """See NeighbourClient."""
        return self._hand_over(self._link if self._up else None, self.path.name, payload)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                _, self._link = await loop.create_unix_connection(self._new_link, str(self.path))
            except OSError as error:
                self._note(f"nobody answers ({error.strerror or error}): is the neighbour running?")
            else:
                await self._link.closed
                if loop.time() - began > SETTLED:
                    self._back_off.reset()
            await asyncio.sleep(self._back_off.next())

    def _new_link(self) -> _Link:
        return _Link(self.name, self._tally, self._greeted, self._frame_in, self._over)

    def _greeted(self, link: _Link) -> None:
        self._said = ""
        self._up = True
        log.info("stream=%s up peer=%s path=%s", self.name, link.peer, self.path)
        self._post(PeerUp(link.peer))

    def _frame_in(self, link: _Link, payload: bytes) -> None:
        self._post(Frame(link.peer, payload))

    def _over(self, link: _Link, reason: str) -> None:
        self._note(reason)
        if self._up:
            self._up = False
            self._post(PeerDown(link.peer, reason))

    def _note(self, reason: str) -> None:
        level = logging.DEBUG if reason == self._said else logging.WARNING
        self._said = reason
        log.log(level, "stream=%s down path=%s reason=%r", self.name, self.path, reason)
