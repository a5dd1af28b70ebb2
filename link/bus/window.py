"""The byte window: what was handed to the vendor's client and is not yet acknowledged.

Needed because paho forgets its own in-flight limit after a reconnect. `acknowledged` runs on the vendor's
thread with the vendor's lock held, so it only puts into a queue and never takes our lock; callers never hold
our lock while they call the vendor.
"""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from link.bus.tally import Tally

NOBODY_LISTENS = 0x10
OVERHEAD = 16
"""Bytes that a PUBLISH has besides topic and payload, rounded up."""


class Window:
    """At most `limit` bytes in flight; one larger message may go alone. Refusals go to `tally`.

    `unheard` is told the topic of what reached nobody; on the thread that settles, no lock held.
    """

    def __init__(
        self,
        limit: int,
        tally: Tally,
        unheard: Callable[[str], object] = str,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = now
        self._moved_at = 0.0
        self._unheard = unheard
        self._limit = limit
        self._tally = tally
        self._most = 65535
        self._used = 0
        self._count = 0
        self._in_flight: dict[int, tuple[int, str]] = {}
        self._early: dict[int, int] = {}  # acknowledged before `sent` was told the message id
        self._answers: SimpleQueue[tuple[int, int]] = SimpleQueue()
        self._lock = threading.Lock()

    def bound(self, messages: int) -> None:
        """Also hold at most this many messages: the broker's receive maximum."""
        with self._lock:
            self._most = messages

    def take(self, size: int) -> bool:
        """Reserve `size` bytes before the hand-over; False when they do not fit now."""
        if not self._answers.empty():
            self.settle()
        with self._lock:
            if self._count and (self._count >= self._most or self._used + size > self._limit):
                return False
            if not self._count:
                self._moved_at = self._now()
            self._used += size
            self._count += 1
            return True

    def sent(self, mid: int, size: int, topic: str) -> None:
        """The hand-over of reserved bytes succeeded under message id `mid`."""
        with self._lock:
            code = self._early.pop(mid, None)
            if code is None:
                self._in_flight[mid] = (size, topic)
                return
            self._used -= size
            self._count -= 1
        self._judge(topic, code)

    def give_back(self, size: int) -> None:
        """The hand-over of reserved bytes failed."""
        with self._lock:
            self._used -= size
            self._count -= 1

    def acknowledged(self, mid: int, code: int = 0) -> None:
        """The broker (QoS 1) or the socket (QoS 0) took `mid`; `code` is MQTT 5's. No lock of ours."""
        self._answers.put((mid, code))

    def settle(self) -> None:
        """Book the acknowledgements that came in. Any thread, but not from a vendor's callback."""
        while True:
            try:
                mid, code = self._answers.get_nowait()
            except Empty:
                return
            with self._lock:
                flight = self._in_flight.pop(mid, None)
                if flight is None:
                    self._early[mid] = code
                    continue
                self._used -= flight[0]
                self._count -= 1
                self._moved_at = self._now()
            self._judge(flight[1], code)

    def stalled(self) -> float:
        """Seconds since anything was acknowledged, while something waits for it; 0 when nothing does."""
        with self._lock:
            return self._now() - self._moved_at if self._count else 0.0

    def empty(self) -> bool:
        """Whether all that was handed over is acknowledged."""
        self.settle()
        with self._lock:
            return self._count == 0

    def room(self) -> int:
        """Bytes that fit now."""
        self.settle()
        with self._lock:
            return max(0, self._limit - self._used)

    def _judge(self, topic: str, code: int) -> None:
        if code == NOBODY_LISTENS:
            self._unheard(topic)
        if code >= 0x80:
            self._tally.count("refused-by-broker", topic, f"code=0x{code:02X}: check its access rules")
