"""Captured frames between a card's reader thread and the media clock thread.

Closed, it keeps only the newest frames (the pre-roll) and gives None; opened with a time, it gives what was
captured from then on, so that the start of a word is not lost. Nothing here blocks or locks: both threads
only use the ends of a deque.
"""

import time
from collections import deque
from collections.abc import Callable

from hw.sound.level import Meter

FRAME_NS = 20_000_000
PRE_ROLL = 10
MOST = 6
GUARD_NS = 5_000_000
"""How much older than its reader the first frame must be, so that the next ones never come too late."""


class Capture:
    """A FrameSource. Counters: dropped = frames lost as the clock was late, empty = pops without a frame.

    Set before the card starts: `pre_roll`, the frames kept while closed; `listener`, called on the reader thread with
    each frame and its time, after the frame can be had by pop() (it must be quick and must not raise).
    """

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.frames = 0
        self.dropped = 0
        self.empty = 0
        self.meter = Meter()
        self.pre_roll = PRE_ROLL
        self.listener: Callable[[bytes, int], object] | None = None
        self._held: deque[tuple[int, bytes]] = deque()
        self._open = False
        self._since_ns = 0
        self._until_ns: int | None = None
        self._limit = MOST
        self._clock = clock
        self._fresh = True

    @property
    def is_open(self) -> bool:
        """Whether pop() gives sound."""
        return self._open

    def open_capture(self, since_ns: int) -> None:
        """Lets pop() deliver what was captured since (monotonic ns), less one frame."""
        self._since_ns = since_ns - FRAME_NS
        self._limit = self.pre_roll + MOST
        self._until_ns = None
        self._fresh = True
        self._open = True

    def close_capture(self, until_ns: int | None = None) -> None:
        """pop() gives None again and the pre-roll starts to gather: at once, or once the sound captured up to
        until_ns (monotonic ns) has been given, so that the end of a word is not lost."""
        if until_ns is None:
            self._open = False
        else:
            self._until_ns = until_ns

    def deliver(self, frame: bytes, at_ns: int) -> None:
        """Reader thread: one frame, complete at at_ns."""
        self.frames += 1
        self.meter.add(frame)
        self._held.append((at_ns, frame))
        if not self._open:
            while len(self._held) > self.pre_roll:
                self._discard()
        else:
            while len(self._held) > self._limit:
                self.dropped += self._discard()
        if self.listener is not None:
            self.listener(frame, at_ns)

    def pop(self) -> bytes | None:
        """Media clock thread: the next frame, or None."""
        if not self._open:
            return None
        try:
            while self._held[0][0] < self._since_ns:
                self._held.popleft()
            if self._fresh and self._too_fresh():
                return None
            at_ns, frame = self._held.popleft()
        except IndexError:
            self.empty += not self._fresh
            return None
        self._fresh = False
        if self._until_ns is not None and at_ns >= self._until_ns:
            self._open = False
        # The pre-roll may be long at first; the bound follows it down and never rises again.
        self._limit = max(MOST, min(self._limit, len(self._held) + 1))
        return frame

    def clear(self) -> None:
        """Forgets what is held (the card is gone)."""
        self._held.clear()

    def _too_fresh(self) -> bool:
        return len(self._held) == 1 and self._clock() - self._held[0][0] < GUARD_NS

    def _discard(self) -> int:
        try:
            self._held.popleft()
        except IndexError:
            return 0
        return 1
