"""The MAP27 data link on the gateway's side: establishment, numbers, window, retries, keep-alive, reset. Pure.

What is sent is sent again until it is acknowledged, N2 times at most; then, or when nothing at all is heard
for T4, or when the radio asks for the link anew, the link is lost: everything that waited is forgotten and the
establishment begins again. Whoever uses it must not believe that anything forgotten has arrived. A link that is
lost as soon as it stands is made anew only after a silence that doubles: two requests under way at once make
either side answer the other's with one more, and that never ends by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hw.map27.protocol import Frame, LinkAck, LinkRequest, LinkTransfer

WAITING_LIMIT = 64
T0_FIRST = 0.1
SLACK = 1.2
"""By so much T1 is longer than the time that two frames need on the wire."""
SETTLED = 1.0
"""Seconds after which a link that stands is no longer young."""


@dataclass(frozen=True)
class Terms:
    """What the gateway offers; the lower of both sides counts. Times in seconds."""

    baud: int = 9600
    n1: int = 6
    k: int = 1
    n2: int = 10
    t0_most: float = 5.0
    t3: float = 5.0
    t4: float = 46.0
    """Silence after which the link has failed: more than N3 times the radio's own T3, which may be 15 s."""

    def t1(self, n1: int) -> float:
        """T1: how long an acknowledgement may take, with frames of `n1`."""
        octets = (16 * (n1 + 1) + 11) + 11
        return max(0.1, SLACK * 2 * octets * 10 / self.baud)


@dataclass(frozen=True)
class Turn:
    """What one step brought: frames to write, messages that arrived, and whether the link came or went."""

    link: "Link"
    out: tuple[Frame, ...] = ()
    heard: tuple[bytes, ...] = ()
    up: bool = False
    lost: str = ""
    """Why the link that stood is gone; empty when it is not."""


@dataclass(frozen=True)
class Link:
    """See the module. `flight`: sent, not acknowledged; the first of them has the number `oldest`."""

    terms: Terms = field(default_factory=Terms)
    open: bool = False
    """The port is there and the link is wanted."""
    ready: bool = False
    n1: int = 0
    k: int = 0
    credit: int = 0
    """S(k): how many may be in flight."""
    oldest: int = 1
    expected: int = 1
    """V(R): the number the next message from the radio must bear."""
    waiting: tuple[bytes, ...] = ()
    flight: tuple[bytes, ...] = ()
    tries: int = 0
    talked: bool = False
    """A message went or came since the link was made."""
    t0: float = T0_FIRST
    t0_at: float = 0.0
    t1_at: float = 0.0
    t3_at: float = 0.0
    t4_at: float = 0.0
    made_at: float = 0.0
    calm: float = T0_FIRST
    """The next silence, should the link be lost while it is young."""
    calm_until: float = float("-inf")

    @property
    def deadline(self) -> float | None:
        """When something must be sent or given up."""
        if not self.open:
            return None
        if not self.ready:
            return self.t0_at
        moments = [self.t3_at, self.t4_at] + ([self.t1_at] if self.flight else [])
        return min(moments)

    @property
    def room(self) -> int:
        """Longest message in octets."""
        return 16 * (self.n1 + 1)

    def holds(self, wanted: Callable[[bytes], bool]) -> bool:
        """Whether such a message waits or is not yet acknowledged."""
        return any(wanted(data) for data in (*self.flight, *self.waiting))

    def without(self, unwanted: Callable[[bytes], bool]) -> "Link":
        """Without the messages of this kind that were not sent yet."""
        return replace(self, waiting=tuple(data for data in self.waiting if not unwanted(data)))

    # -- what the gateway wants --

    def start(self, now: float) -> Turn:
        """The port is open: ask for the link."""
        fresh = Link(self.terms, open=True)
        return fresh.ask(now)

    def stop(self) -> "Link":
        """The port is gone."""
        return Link(self.terms)

    def reset(self, why: str, now: float) -> Turn:
        """Give the link up and make it anew; one that is young only after a silence in which nothing is heard."""
        if self.ready and now < self.made_at + SETTLED:
            longer = min(self.calm * 2, max(self.terms.t0_most, T0_FIRST))
            until = now + self.calm
            calm = Link(self.terms, open=True, calm=longer, calm_until=until, t0_at=until)
            return Turn(calm, lost=why)
        was, again = self.ready, Link(self.terms, open=True).ask(now)
        return replace(again, lost=why if was else "")

    def send(self, data: bytes, now: float, first: bool = False) -> Turn:
        """Send a message; `first` overtakes what waits. It is dropped when the link is down or the queue full."""
        if not self.ready or len(data) > self.room or (len(self.waiting) >= WAITING_LIMIT and not first):
            return Turn(self)
        waiting = (data, *self.waiting) if first else (*self.waiting, data)
        return replace(self, waiting=waiting[:WAITING_LIMIT]).pour(now)

    # -- steps of it --

    def ask(self, now: float) -> Turn:
        """Ask for the link, and again in a while."""
        asked = replace(self, t0_at=now + self.t0, t0=min(self.t0 * 2, max(self.terms.t0_most, T0_FIRST)))
        return Turn(asked, (LinkRequest(self.terms.n1, self.terms.k),))

    def pour(self, now: float) -> Turn:
        """Send what the radio's credit allows."""
        count = max(0, min(self.credit, self.k) - len(self.flight))
        ready, rest = self.waiting[:count], self.waiting[count:]
        if not ready:
            return Turn(self)
        number = self.oldest + len(self.flight)
        out = tuple(LinkTransfer((number + n) & 0xFF, data) for n, data in enumerate(ready))
        link = replace(self, waiting=rest, flight=(*self.flight, *ready), talked=True)
        if not self.flight:
            link = replace(link, tries=0, t1_at=now + self.terms.t1(self.n1))
        return Turn(link, out)

    # -- what the radio says --

    def received(self, frame: Frame, now: float) -> Turn:
        """A frame from the radio."""
        if not self.open or now < self.calm_until:
            return Turn(self)
        match frame:
            case LinkRequest():
                return self._requested(frame, now)
            case LinkAck():
                return self._acknowledged(frame, now) if self.ready else self._first_ack(frame, now)
            case LinkTransfer() if self.ready:
                return self._transferred(frame, now)
        return self.ask(now)  # it believes in a link that is not there

    def made(self, n1: int, k: int, credit: int, now: float) -> Turn:
        """The link stands."""
        made = Link(self.terms, open=True, ready=True, n1=n1, k=k, credit=credit, calm=self.calm, made_at=now)
        made = replace(made, t3_at=now + self.terms.t3, t4_at=now + self.terms.t4)
        return Turn(made, (LinkAck(1, k),), up=True)

    def _requested(self, frame: LinkRequest, now: float) -> Turn:
        n1, k = min(frame.n1, self.terms.n1), max(1, min(frame.k, self.terms.k))
        if not self.ready:
            return self.made(n1, k, 0, now)
        if not self.talked:  # our acknowledgement was lost, or they crossed: the same link again
            made = self.made(n1, k, 0, now)
            return replace(made, link=replace(made.link, waiting=self.waiting), up=False)
        again = self.reset("the radio asked for the link anew", now)
        if now < again.link.calm_until:
            return again
        made = again.link.made(n1, k, 0, now)
        return replace(made, out=(*again.out, *made.out), lost=again.lost)

    def _first_ack(self, frame: LinkAck, now: float) -> Turn:
        if frame.expected != 1:  # of a link that is no more
            return Turn(self)
        return self.made(self.terms.n1, self.terms.k, frame.credit, now)

    def _acknowledged(self, frame: LinkAck, now: float) -> Turn:
        gone = (frame.expected - self.oldest) & 0xFF
        if gone > len(self.flight):
            return self.reset("the radio acknowledged what was never sent", now)
        link = replace(self, credit=frame.credit, t4_at=now + self.terms.t4)
        if gone:
            oldest = (self.oldest + gone) & 0xFF
            link = replace(link, flight=self.flight[gone:], oldest=oldest, tries=0)
            link = replace(link, t1_at=now + self.terms.t1(self.n1))
        return link.pour(now)

    def _transferred(self, frame: LinkTransfer, now: float) -> Turn:
        link = replace(self, t4_at=now + self.terms.t4)
        ahead = (frame.number - self.expected) & 0xFF
        if ahead == 0:
            link = replace(link, expected=(self.expected + 1) & 0xFF, talked=True)
            return Turn(link.answered(now), (LinkAck(link.expected, self.k),), (frame.data,))
        if ahead < self.k or ahead >= 256 - self.k:  # one before it was lost, or it comes a second time
            return Turn(link.answered(now), (LinkAck(self.expected, self.k),))
        return self.reset("the radio lost count of its messages", now)

    def answered(self, now: float) -> "Link":
        """With T3 running from now."""
        return replace(self, t3_at=now + self.terms.t3)

    # -- time --

    def tick(self, now: float) -> Turn:
        """Send again, keep alive, give up."""
        if not self.open:
            return Turn(self)
        if not self.ready:
            return self.ask(now) if now >= self.t0_at else Turn(self)
        if now >= self.t4_at:
            return self.reset("nothing was heard from the radio", now)
        if self.flight and now >= self.t1_at:
            if self.tries + 1 >= self.terms.n2:
                return self.reset("the radio does not acknowledge", now)
            link = replace(self, tries=self.tries + 1, t1_at=now + self.terms.t1(self.n1))
            out = [LinkTransfer((self.oldest + n) & 0xFF, data) for n, data in enumerate(self.flight)]
            return Turn(link, tuple(out))
        if now >= self.t3_at:
            return Turn(self.answered(now), (LinkAck(self.expected, self.k),))
        return Turn(self)
