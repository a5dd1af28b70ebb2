"""The radio's side of a MAP27 link, written apart from the gateway's so that neither hides the other's faults. Pure.

Frames and the time come in, frames that are due lie in `out`. One message is unanswered at a time.
"""

from collections import deque
from dataclasses import dataclass, field

from hw.map27.protocol import Frame, LinkAck, LinkRequest, LinkTransfer

T0, T1, T3 = 0.5, 0.6, 10.0
TRIES = 10
QUEUE_LIMIT = 200


@dataclass
class RadioLink:
    """See the module. `resets` counts how often a link that stood was taken down."""

    n1: int = 14
    out: deque[Frame] = field(default_factory=lambda: deque(maxlen=1000))
    queue: deque[bytes] = field(default_factory=lambda: deque(maxlen=QUEUE_LIMIT))
    ready: bool = False
    resets: int = 0
    skip: int = 0
    """Added to the number of the next message: one that is wrong."""
    requested: bool = False
    number: int = 1
    expected: int = 1
    credit: int = 0
    flight: bytes | None = None
    tries: int = 0
    t0_at: float | None = None
    t1_at: float = 0.0
    t3_at: float = 0.0

    @property
    def deadline(self) -> float | None:
        """When something may be due."""
        if not self.ready:
            return self.t0_at
        return self.t3_at if self.flight is None else min(self.t3_at, self.t1_at)

    def power_on(self, now: float) -> None:
        """Everything is forgotten; it asks for a link."""
        self.queue.clear()
        self.out.clear()
        self._forget()
        self._request(now)

    def say(self, data: bytes, now: float) -> None:
        """A message for the gateway; while the link is down it waits."""
        self.queue.append(data)
        self._next(now)

    def hear(self, frame: Frame, now: float) -> bytes | None:
        """A frame from the gateway; the message in it when it is new."""
        match frame:
            case LinkRequest():
                self._requested(now)
            case LinkAck() if not self.ready:
                if self.requested and frame.expected == 1:
                    self.credit = frame.credit
                    self._stands(now)
            case LinkAck():
                self._acknowledged(frame, now)
            case LinkTransfer() if not self.ready:
                self._request(now)
            case LinkTransfer():
                return self._transferred(frame, now)
        return None

    def pass_time(self, now: float) -> None:
        """Requests again, sends again, keeps alive."""
        if not self.ready:
            if self.t0_at is not None and now >= self.t0_at:
                self._request(now)
            return
        if self.flight is not None and now >= self.t1_at:
            self.tries += 1
            if self.tries >= TRIES:
                self._reset(now)
                return
            self.t1_at = now + T1
            self.out.append(LinkTransfer(self.number, self.flight))
        if now >= self.t3_at:
            self._answer(now)

    def _forget(self) -> None:
        self.ready, self.requested, self.flight, self.t0_at = False, False, None, None
        self.number, self.expected, self.credit, self.tries = 1, 1, 0, 0

    def _request(self, now: float) -> None:
        self.out.append(LinkRequest(self.n1, 1))
        self.requested, self.t0_at = True, now + T0

    def _reset(self, now: float) -> None:
        self.resets += 1
        self._forget()
        self._request(now)

    def _requested(self, now: float) -> None:
        if self.ready:
            self._reset(now)
        if not self.requested:
            self._request(now)
        self._answer(now)

    def _stands(self, now: float) -> None:
        self.ready, self.t0_at = True, None
        self._answer(now)
        self._next(now)

    def _answer(self, now: float) -> None:
        self.out.append(LinkAck(self.expected, 1))
        self.t3_at = now + T3

    def _acknowledged(self, frame: LinkAck, now: float) -> None:
        gone = (frame.expected - self.number) & 0xFF
        if gone > (self.flight is not None):
            self._reset(now)
            return
        self.credit = frame.credit
        if gone:
            self.flight, self.number = None, (self.number + 1) & 0xFF
        self._next(now)

    def _next(self, now: float) -> None:
        if not self.ready or self.flight is not None or not self.credit or not self.queue:
            return
        self.flight, self.tries, self.t1_at = self.queue.popleft(), 0, now + T1
        self.number, self.skip = (self.number + self.skip) & 0xFF, 0
        self.out.append(LinkTransfer(self.number, self.flight))

    def _transferred(self, frame: LinkTransfer, now: float) -> bytes | None:
        ahead = (frame.number - self.expected) & 0xFF
        if ahead not in (0, 255):
            self._reset(now)
            return None
        if ahead == 0:
            self.expected = (self.expected + 1) & 0xFF
        self._answer(now)
        return frame.data if ahead == 0 else None
