"""The ticks of a bridge's clock, counted: which tick it is, and when each was, in monotonic and in wall time.

A source of silence that the bridge asks once a tick. Recorders hear it from their first tick to their last, so that
a file has one frame for each tick and sample n of it is tick `first + n // samples_a_frame`. `pop` is called by the
media clock's thread, the rest by any other.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from link.voice.port import FRAME_MS, Moment

MARK_EVERY = 50
"""Ticks for each of which a mark is kept, a second: the one that was least late, for a busy machine runs them late and
then makes up for it. What it does not make up for is a hole."""
MARKS_KEPT = 2 * 3600
FRAME_NS = FRAME_MS * 1_000_000
SURE_NS = FRAME_NS * 3 // 4
"""So soon after a tick the next one has not begun."""


class Metronome:
    """`frame` is what the bridge is given: silence. The clocks can be turned by hand."""

    def __init__(
        self,
        frame: bytes,
        mono_ns: Callable[[], int] = time.monotonic_ns,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._frame, self._mono_ns, self._wall_ns = frame, mono_ns, wall_ns
        self._lock = threading.Condition()
        self._last = self._prompt = Moment(0, mono_ns(), wall_ns())
        self._marks: deque[Moment] = deque(maxlen=MARKS_KEPT)

    def pop(self) -> bytes:
        """The clock has ticked."""
        now = Moment(self._last.tick + 1, self._mono_ns(), self._wall_ns())
        with self._lock:
            self._last = now
            if _late(now) < _late(self._prompt) or now.tick % MARK_EVERY == 1:
                self._prompt = now
            if now.tick % MARK_EVERY == 0:
                self._marks.append(self._prompt)
            self._lock.notify_all()
        return self._frame

    def push(self, frame: bytes) -> None:
        """Nothing is to be heard here."""

    def last(self) -> Moment:
        """The newest tick."""
        with self._lock:
            return self._last

    def joined(self, before: Moment) -> Moment:
        """First tick of what was connected since `before` was the last: the one after it.

        Not sure when a tick passed meanwhile, or may have begun.
        """
        after = self.last()
        sure = after.tick == before.tick and self._mono_ns() - before.mono_ns < SURE_NS
        return Moment(
            before.tick + 1, before.mono_ns + FRAME_NS, before.wall_ns + FRAME_NS, sure and before.tick > 0
        )

    def soon(self) -> bool:
        """Whether enough of this tick is left to connect something within it."""
        with self._lock:
            return self._mono_ns() - self._last.mono_ns < SURE_NS // 2

    def wait_soon(self, most: float) -> None:
        """Wait for such a moment, `most` seconds at the longest."""
        with self._lock:
            self._lock.wait_for(self.soon, most)

    def when(self, tick: int) -> Moment:
        """When that tick was, by the nearest mark; of one to come, when it will be."""
        with self._lock:
            near = min((*self._marks, self._prompt), key=lambda mark: abs(mark.tick - tick))
        away = (tick - near.tick) * FRAME_NS
        return Moment(tick, near.mono_ns + away, near.wall_ns + away)


def _late(tick: Moment) -> int:
    """How late it was (ns), counted from no matter when."""
    return tick.mono_ns - tick.tick * FRAME_NS
