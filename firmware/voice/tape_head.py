"""One line's sound as it passes the media clock, for a recording: what the line hears and what it sends, mixed.

It stands between the engine and the card and changes nothing. All of it but `change` runs on the media clock's
thread, which alone writes to a tape: no lock, nothing that waits. The newest 0.2 s are always kept, because the order
to record comes after the order to open the line.
"""

from array import array
from collections import deque
from collections.abc import Callable
from typing import Protocol

from link.voice.port import FrameSink, FrameSource

FRAME_NS = 20_000_000
BEFORE = 10
"""Frames kept from before a recording."""
MOST_CHANGES = 32


class Taker(Protocol):
    """Who is given the frames; `firmware.voice.tape.Tape` is one."""

    def frame(self, frame: bytes | None, at_ns: int) -> None:
        """One frame of 20 ms that began at `at_ns` (CLOCK_MONOTONIC); None is silence."""

    def finish(self, at_ns: int) -> None:
        """No frame follows."""


def mixed(one: bytes | None, other: bytes | None) -> bytes | None:
    """The sum of two frames (s16le), clipped; None is silence."""
    if one is None or other is None:
        return other if one is None else one
    sums = (a + b for a, b in zip(array("h", one), array("h", other), strict=False))
    return array("h", [min(32767, max(-32768, s)) for s in sums]).tobytes()


class TapeHead:
    """A FrameSource and FrameSink around those of a card. `given` is for the card's own witness."""

    def __init__(self, source: FrameSource, sink: FrameSink, clock_ns: Callable[[], int]) -> None:
        self._source, self._sink, self._clock_ns = source, sink, clock_ns
        self._heard: bytes | None = None
        self._given: bytes | None = None
        self._tape: Taker | None = None
        self._changes: deque[Taker | None] = deque(maxlen=MOST_CHANGES)
        self._before: deque[bytes | None] = deque(maxlen=BEFORE)

    def change(self, tape: Taker | None) -> None:
        """From the next frame on this tape runs, or none; the one before is finished. Any thread."""
        self._changes.append(tape)

    def pop(self) -> bytes | None:
        """See FrameSource."""
        self._heard = self._source.pop()
        return self._heard

    def given(self, frame: bytes) -> None:
        """The card was given this frame."""
        self._given = frame

    def push(self, frame: bytes) -> None:
        """See FrameSink. The engine reads every source before it writes to a sink: here a tick is complete."""
        self._sink.push(frame)
        now_ns = self._clock_ns()
        if self._changes:
            self.settle(now_ns)
        frame_of_both = mixed(self._heard, self._given)
        self._heard = self._given = None
        if self._tape is not None:
            self._tape.frame(frame_of_both, now_ns)
        else:
            self._before.append(frame_of_both)

    def settle(self, now_ns: int) -> None:
        """Take over what was changed. From another thread only when the media clock has ended."""
        while self._changes:
            tape = self._changes.popleft()
            if self._tape is not None:
                self._tape.finish(now_ns)
            self._tape = tape
            if tape is not None:
                self._wind(tape, now_ns)

    def _wind(self, tape: Taker, now_ns: int) -> None:
        """Give it what was heard just before it."""
        frames = list(self._before)
        self._before.clear()
        while frames and frames[0] is None:
            frames.pop(0)
        for place, frame in enumerate(frames):
            tape.frame(frame, now_ns - (len(frames) - place) * FRAME_NS)
