"""Captured frames between a card's reader thread and the media clock thread.

Closed, it keeps only the newest frames (the pre-roll) and gives None; opened with a time, it gives what was
captured from then on, so that the start of a word is not lost. Opened with a delay, it stays so far behind
that the squelch tail before a carrier's end has not been given when the end is known. Nothing here blocks or
locks: both threads only use the ends of a deque.
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
SLACK_NS = 40_000_000
"""By how much a delay may fall short (a card that lost frames) before it is made up."""
MOST_GAPS = 8
"""Ends of carriers that may stand unplayed in the delay; a carrier that flutters more loses the oldest gap."""


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
        self._delay_ns = 0
        self._most = self._limit = MOST
        self._gaps: tuple[tuple[int, int], ...] = ()
        self._clock = clock
        self._fresh = True

    @property
    def is_open(self) -> bool:
        """Whether pop() gives sound."""
        return self._open

    def open_capture(self, since_ns: int, delay_ms: int = 0) -> None:
        """Lets pop() deliver what was captured since (monotonic ns), less one frame, each frame delay_ms late.

        Still open up to the end of an earlier carrier, that one's last words come first.
        """
        since_ns -= FRAME_NS
        if self._open and self._until_ns is not None:
            self._gaps = (*self._gaps, (self._until_ns + FRAME_NS, since_ns))[-MOST_GAPS:]
        else:
            self._since_ns, self._gaps = since_ns, ()
            self._fresh = True
        self._delay_ns = delay_ms * 1_000_000
        self._most = MOST + -(-self._delay_ns // FRAME_NS)
        self._limit = self.pre_roll + self._most
        self._until_ns = None
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
            while self._unwanted(self._held[0][0]):
                self._held.popleft()
            if self._too_fresh(self._held[0][0]):
                return None
            if self._until_ns is not None and self._held[0][0] > self._until_ns + FRAME_NS:
                self._open = False
                return None
            at_ns, frame = self._held.popleft()
        except IndexError:
            self.empty += not self._fresh
            return None
        self._fresh = False
        if self._until_ns is not None and at_ns >= self._until_ns:
            self._open = False
        # The pre-roll may be long at first; the bound follows it down and never rises again.
        self._limit = max(self._most, min(self._limit, len(self._held) + 1))
        return frame

    def clear(self) -> None:
        """Forgets what is held (the card is gone)."""
        self._held.clear()

    def _unwanted(self, at_ns: int) -> bool:
        """Captured before the carrier came, or between two carriers."""
        return at_ns < self._since_ns or any(low < at_ns < high for low, high in self._gaps)

    def _too_fresh(self, at_ns: int) -> bool:
        """The first frame waits until the next ones will not come too late, and until the delay is reached."""
        if not self._fresh and not self._delay_ns:
            return False
        age = self._clock() - at_ns
        if not self._fresh:
            self._fresh = age < self._delay_ns - SLACK_NS
            self.empty += self._fresh
            return self._fresh
        return age < self._delay_ns or (len(self._held) == 1 and age < GUARD_NS)

    def _discard(self) -> int:
        try:
            self._held.popleft()
        except IndexError:
            return 0
        return 1
