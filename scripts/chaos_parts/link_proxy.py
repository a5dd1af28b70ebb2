"""A thin, slow, cut link between a gateway and a server on this machine: a TCP proxy in user space, with verbs.

Back-pressure is real: what does not fit on the line is not read, the small kernel buffer fills, the sender's window
closes. Not modelled, because both ends still talk TCP with this machine's kernel: loss and reordering of single
packets; acknowledgements that fail to come (in a cut, what fits into the buffers is acknowledged, so keep-alives and
user time-outs of TCP do not fire); connecting that takes long (it succeeds at once, the first octet then waits for a
round trip); what acknowledgements and handshakes cost on the line. A "reset" is at both ends at once.
"""

import asyncio
import contextlib
import random
import socket
from dataclasses import dataclass
from typing import Literal, get_args

from link.hosting.clock import Clock, SystemClock
from scripts.chaos_parts.lane import Lane, Traffic
from scripts.chaos_parts.passing import SEGMENT, Passing, Streams, reset_socket

How = Literal["reset", "hole", "stall"]
"""How a link is cut. reset: connections end with an RST, who comes gets one. hole: connections go dead without a word
and stay so, all they send is swallowed. stall: everything waits and goes on when healed, as TCP's retransmissions do.
Who connects in a hole or a stall is accepted and waits."""
BUFFER = 8192
"""Octets asked of the kernel for each socket's buffers (it takes twice that): what may wait for the line."""
MOST = 1000
"""Connections at one time; who comes beyond gets a reset."""


@dataclass(frozen=True)
class Counts:
    """`up`: from who connected to the server, `down`: back. Connections: ever carried, now open, reset by the link."""

    up: Traffic
    down: Traffic
    connections: int
    open: int
    resets: int


class LinkProxy:
    """Between whoever connects to `address` and the server at `to`. Made and used on one running loop."""

    def __init__(
        self, to: tuple[str, int], *, port: int = 0, clock: Clock | None = None, seed: int = 0
    ) -> None:
        self.to = to
        self.state: str = "up"
        self._clock = clock or SystemClock()
        self._chance = random.Random(seed)
        self._up, self._down = Lane(self._clock), Lane(self._clock)
        self._flows = asyncio.Event()
        self._flows.set()
        self._port = port
        self._listening: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._cutting: asyncio.Task[None] | None = None
        self._passing: set[Passing] = set()
        self._served: set[asyncio.Task[None]] = set()
        self._carried = self._resets = 0

    @property
    def address(self) -> tuple[str, int]:
        """Where to connect: the same port from the first `start` to the end."""
        return "127.0.0.1", self._port

    @property
    def counts(self) -> Counts:
        """What went over it so far."""
        return Counts(self._up.traffic, self._down.traffic, self._carried, len(self._served), self._resets)

    async def start(self) -> tuple[str, int]:
        """Listen; the address. OSError if the port is taken."""
        self._listen()
        return self.address

    async def stop(self) -> None:
        """Reset all and let go of the port."""
        self._end_cutting()
        self._deaf()
        ending = [*self._served]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    # ---- verbs ---------------------------------------------------------------------------------------------

    def delay(self, round_trip: float) -> None:
        """Each direction takes half of `round_trip` (seconds) from now on."""
        if not 0 <= round_trip <= 60:
            raise ValueError(f"a round trip of {round_trip} s: 0 to 60 are possible")
        self._up.delay = self._down.delay = round_trip / 2

    def rate(self, up: float | None = None, down: float | None = None) -> None:
        """Bit/s of each direction, headers included, from the next segment on; None: no limit."""
        for each in (up, down):
            if each is not None and each < 300:
                raise ValueError(f"a rate of {each} bit/s: 300 is the least; to stop all, cut")
        self._up.rate, self._down.rate = up, down

    def cut(self, how: How = "reset") -> None:
        """Cut it until `heal`."""
        self._check(how)
        self._end_cutting()
        self._cut(how)

    def refuse(self) -> None:
        """Nobody gets in until `heal`; who is in stays in."""
        self._end_cutting()
        self._mend()
        self._deaf()
        self.state = "refuse"

    def heal(self) -> None:
        """No cut, no refusal, and no further cuts; delay and rates stay."""
        self._end_cutting()
        self._mend()

    def cut_every(
        self,
        every: float,
        lasting: float,
        how: How = "reset",
        *,
        jitter: float = 0.0,
        times: int | None = None,
    ) -> None:
        """Every `every` seconds, give or take the share `jitter` by the seed, cut for `lasting` seconds; until `heal`.

        The first cut comes after the first wait; after `times` cuts it stays healed.
        """
        self._check(how)
        if not 0 <= jitter < 1 or not 0 < lasting < every * (1 - jitter):
            raise ValueError(f"cuts of {lasting} s every {every} s ± {jitter:.0%} leave nothing between them")
        self.heal()
        self._cutting = asyncio.get_running_loop().create_task(
            self._cut_again(every, lasting, how, jitter, times)
        )

    # ---- inside --------------------------------------------------------------------------------------------

    def _check(self, how: str) -> None:
        if how not in get_args(How):
            raise ValueError(f"cut {how!r}: known are {', '.join(get_args(How))}")

    async def _cut_again(
        self, every: float, lasting: float, how: How, jitter: float, times: int | None
    ) -> None:
        done, begins = 0, self._clock.now()
        while times is None or done < times:
            begins += every * (1 + jitter * self._chance.uniform(-1, 1))
            await self._clock.sleep_until(begins)
            self._cut(how)
            await self._clock.sleep_until(begins + lasting)
            self._mend()
            done += 1

    def _end_cutting(self) -> None:
        if self._cutting is not None:
            self._cutting.cancel()
            self._cutting = None

    def _cut(self, how: How) -> None:
        self._mend()
        self.state = how
        if how == "reset":
            for each in list(self._passing):
                self._resets += 1
                each.reset()
            return
        self._flows.clear()
        if how == "hole":
            for each in self._passing:
                each.lose()

    def _mend(self) -> None:
        self.state = "up"
        self._flows.set()
        if self._listening is None:
            self._listen()

    def _listen(self) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _narrow(sock)
        try:
            sock.bind(("127.0.0.1", self._port))
        except OSError:
            sock.close()
            raise
        sock.listen(128)
        sock.setblocking(False)
        self._port = int(sock.getsockname()[1])
        self._listening = sock
        self._accepting = asyncio.get_running_loop().create_task(self._accept(sock))

    def _deaf(self) -> None:
        if self._accepting is not None:
            self._accepting.cancel()
        if self._listening is not None:
            self._listening.close()
        self._listening = self._accepting = None

    async def _accept(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            near, _ = await loop.sock_accept(sock)
            if self.state == "reset" or len(self._served) >= MOST:
                self._resets += 1
                reset_socket(near)
                near.close()
                continue
            task = loop.create_task(self._serve(near))
            self._served.add(task)
            task.add_done_callback(self._served.discard)

    async def _serve(self, near: socket.socket) -> None:
        """Carry one connection to its end."""
        far = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            await self._flows.wait()
            await self._clock.sleep_until(self._clock.now() + self._up.delay + self._down.delay)
            _narrow(far)
            far.setblocking(False)
            await asyncio.get_running_loop().sock_connect(far, self.to)
            ends = [await _streams(near), await _streams(far)]
        except BaseException as error:
            for sock in (near, far):
                with contextlib.suppress(OSError):
                    reset_socket(sock)
                    sock.close()
            if isinstance(error, OSError):
                return
            raise
        passing = Passing(ends[0], ends[1], (self._up, self._down), self._clock, self._flows)
        self._passing.add(passing)
        self._carried += 1
        try:
            await passing.run()
        finally:
            self._passing.discard(passing)


def _narrow(sock: socket.socket) -> None:
    """Small buffers and segments of an ordinary network, before it listens or connects."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)


async def _streams(sock: socket.socket) -> Streams:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reader, writer = await asyncio.open_connection(sock=sock, limit=SEGMENT)
    writer.transport.set_write_buffer_limits(high=SEGMENT)
    return reader, writer
