"""The neighbours' door in memory: a server and its clients, turned by hand, with verbs for trouble.

Keeps what link.bus.stream promises (names, whole frames, order, newest connection wins, slow peer dropped).
Nothing moves until the place is turned.
"""

import logging
from collections import deque

from link.bus.hello import check_name
from link.bus.port import LARGEST_FRAME, BusError, Frame, PeerDown, PeerUp, Sink
from link.bus.tally import Tally

log = logging.getLogger(__name__)

WRITE_LIMIT = 1024 * 1024
CLOSED = "the peer closed the connection"


class FakePlace:
    """Stands for one socket path: at most one server, any number of clients."""

    def __init__(self) -> None:
        self.server: FakeStreamServer | None = None
        self.clients: list[FakeStreamClient] = []
        self.stalled: set[str] = set()
        self._away: set[str] = set()

    def turn(self) -> int:
        """Connect who waits, deliver what was sent before. Returns how many moved."""
        moved = 0
        server = self.server
        if server is not None:
            for client in list(self.clients):
                if not client.up and client.name not in self._away:
                    self._connect(server, client)
                    moved += 1
        for client in list(self.clients):
            if client.up and server is not None:
                moved += self._carry(client.outgoing, server, client.name)
                if client.name not in self.stalled:
                    moved += self._carry(client.incoming, client, server.name)
        return moved

    def settle(self, most: int = 10_000) -> None:
        """Turn until nothing moves. RuntimeError when frames chase each other for ever."""
        for _ in range(most):
            if not self.turn():
                return
        raise RuntimeError(f"the fake socket did not come to rest in {most} turns")

    # ---- trouble -------------------------------------------------------------------------------------------

    def cut(self, client: str, reason: str = CLOSED) -> None:
        """Break the client's connection and keep it broken until `mend`."""
        self._away.add(client)
        for each in list(self.clients):
            if each.name == client:
                self.part(each, reason)

    def mend(self, client: str) -> None:
        """The client may connect again, at the next turn."""
        self._away.discard(client)

    def stall(self, client: str) -> None:
        """The client stops reading until `resume`; what is sent to it piles up."""
        self.stalled.add(client)

    def resume(self, client: str) -> None:
        """The client reads again."""
        self.stalled.discard(client)

    def garbage(self, client: str) -> None:
        """The client sends something that is no frame: the server closes it, it comes again."""
        for each in list(self.clients):
            if each.name == client and each.up and self.server is not None:
                self.server.tally.count("garbage", client)
                self.part(each, "a frame of 1195725856 bytes is announced, 262144 are allowed", CLOSED)

    # ---- inside --------------------------------------------------------------------------------------------

    def part(self, client: "FakeStreamClient", reason: str, reason_there: str | None = None) -> None:
        """End a connection: the server hears `reason`, the client `reason_there` (default: the same)."""
        if not client.up:
            return
        client.up = False
        client.outgoing.clear()
        client.incoming.clear()
        if self.server is not None:
            self.server.post(PeerDown(client.name, reason))
            client.post(PeerDown(self.server.name, reason_there or reason))

    def _connect(self, server: "FakeStreamServer", client: "FakeStreamClient") -> None:
        for other in self.clients:
            if other is not client and other.up and other.name == client.name:
                self.part(other, "a newer connection came under the same name", CLOSED)
                self._away.add(client.name)  # both would take it from each other for ever
        client.up = True
        server.post(PeerUp(client.name))
        client.post(PeerUp(server.name))

    def _carry(self, frames: deque[bytes], to: "_FakeSide", sender: str) -> int:
        moved = 0
        for _ in range(len(frames)):
            if not frames:
                break
            to.post(Frame(sender, frames.popleft()))
            moved += 1
        return moved


class _FakeSide:
    """What both ends share."""

    def __init__(self, place: FakePlace, name: str) -> None:
        self.name = check_name(name)
        self.tally = Tally(f"fake-stream-{name}")
        self.place = place
        self._sink: Sink | None = None

    def dropped(self) -> dict[str, int]:
        """See link.bus.port."""
        return self.tally.counts()

    def post(self, fact: object) -> None:
        """Give a fact to the sink, as the real door does."""
        if self._sink is None:
            return
        try:
            self._sink(fact)
        except Exception:
            log.exception("stream=%s the sink raised on %s", self.name, type(fact).__name__)

    def _refuse(self, kind: str, peer: str) -> bool:
        self.tally.count(kind, peer)
        return False


class FakeStreamServer(_FakeSide):
    """See link.bus.port.NeighbourServer."""

    async def start(self, sink: Sink) -> None:
        """See NeighbourServer."""
        if self.place.server is not None:
            raise BusError(f"socket is in use by a live process, {self.place.server.name}: stop it first")
        self._sink = sink
        self.place.server = self

    async def stop(self) -> None:
        """See NeighbourServer."""
        if self.place.server is not self:
            return
        self._sink = None
        for client in list(self.place.clients):
            while client.up and client.incoming:
                client.post(Frame(self.name, client.incoming.popleft()))
            self.place.part(client, CLOSED)
        self.place.server = None

    def send(self, peer: str, payload: bytes) -> bool:
        """See NeighbourServer."""
        if len(payload) > LARGEST_FRAME:
            return self._refuse("too-large-out", peer)
        for client in self.place.clients:
            if client.name == peer and client.up:
                waiting = sum(map(len, client.incoming))
                if waiting + len(payload) > WRITE_LIMIT:
                    self.place.part(client, f"too slow: {waiting} bytes wait for it", CLOSED)
                    return self._refuse("slow-peer", peer)
                client.incoming.append(bytes(payload))
                return True
        return self._refuse("not-sent", peer)

    def peers(self) -> tuple[str, ...]:
        """See NeighbourServer."""
        return tuple(client.name for client in self.place.clients if client.up)


class FakeStreamClient(_FakeSide):
    """See link.bus.port.NeighbourClient; connects at the place's next turn."""

    def __init__(self, place: FakePlace, name: str) -> None:
        super().__init__(place, name)
        self.up = False
        self.outgoing: deque[bytes] = deque()
        self.incoming: deque[bytes] = deque()

    async def start(self, sink: Sink) -> None:
        """See NeighbourClient."""
        if self in self.place.clients:
            raise BusError(f"stream {self.name} is started already")
        self._sink = sink
        self.place.clients.append(self)

    async def stop(self) -> None:
        """See NeighbourClient."""
        if self not in self.place.clients:
            return
        self._sink = None
        server = self.place.server
        while self.up and server is not None and self.outgoing:
            server.post(Frame(self.name, self.outgoing.popleft()))
        self.place.part(self, CLOSED)
        self.place.clients.remove(self)

    def send(self, payload: bytes) -> bool:
        """See NeighbourClient."""
        if len(payload) > LARGEST_FRAME:
            return self._refuse("too-large-out", self.name)
        if not self.up:
            return self._refuse("not-sent", self.name)
        if sum(map(len, self.outgoing)) + len(payload) > WRITE_LIMIT:
            self.place.part(self, CLOSED, "too slow")
            return self._refuse("slow-peer", self.name)
        self.outgoing.append(bytes(payload))
        return True
