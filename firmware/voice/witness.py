"""What one loudspeaker played and what its microphone heard, 20 ms by 20 ms, for the proof of sound.

`played` comes on the media clock's thread and sets the pace, `heard` on the monitor card's reader thread; both are
quick and never wait. A little of the newest quiet is always kept, because a judgement needs the silence before the
sound, also of a clip that follows another one.
"""

from array import array
from collections import deque
from math import log10
from operator import mul

from firmware.voice.channel import CountingSink
from hw.proof.collect import FLOOR, FRAME, Collector, Evidence

QUIET_DBFS = -60.0
"""What is played below this is quiet."""
SETTLE = round(0.8 / FRAME)
"""Frames after the last sound in which the room may still ring; they are no quiet."""
QUIET_KEPT = round(0.6 / FRAME)
FRESH = round(0.1 / FRAME)
"""Frames for which the last level heard still counts when the microphone is late."""
AMPERE_FRESH = round(30.0 / FRAME)
MOST = 16
"""Playings gathered at a time; the oldest gives way."""
STRIDE = 3

Row = tuple[float, float | None, bool | None, float | None]


def level_of(frame: bytes) -> float:
    """Level of s16le mono in dBFS without its DC part, of every third sample; FLOOR at least."""
    if frame.count(0) == len(frame):
        return FLOOR
    samples = array("h", frame[: len(frame) & ~1])[::STRIDE]
    mean = sum(samples) / len(samples)
    square = sum(map(mul, samples, samples)) / len(samples) - mean * mean
    return max(10 * log10(square / 32768**2), FLOOR) if square > 0 else FLOOR


class Witness:
    """See the module. `relay` and `ampere` are set by `seen`, in the loop."""

    def __init__(self) -> None:
        self._gathering: dict[str, Collector] = {}
        self._quiet: deque[Row] = deque(maxlen=QUIET_KEPT)
        self._since_sound = SETTLE
        self._heard: float | None = None
        self._heard_age = 0
        self._fresh: deque[float] = deque(maxlen=8)
        self._relay: bool | None = None
        self._ampere: float | None = None
        self._ampere_age = 0

    def heard(self, frame: bytes, at_ns: int) -> None:
        """A frame of the monitor card."""
        self._fresh.append(level_of(frame))

    def seen(self, relay: bool, ampere: float | None) -> None:
        """The amplifier's relay and current, as last read."""
        self._relay = relay
        if ampere is not None:
            self._ampere, self._ampere_age = ampere, 0

    def played(self, frame: bytes) -> None:
        """A frame that the loudspeaker's card took, or quiet if it took none."""
        row = (level_of(frame), self._level_heard(), self._relay, self._current())
        self._since_sound = 0 if row[0] > QUIET_DBFS else self._since_sound + 1
        if self._since_sound > SETTLE:
            self._quiet.append(row)
        for collector in tuple(self._gathering.values()):
            collector.frame(*row)

    def _level_heard(self) -> float | None:
        self._heard_age += 1
        loudest: float | None = None
        while self._fresh:
            level = self._fresh.popleft()
            loudest = level if loudest is None else max(loudest, level)
        if loudest is not None:
            self._heard, self._heard_age = loudest, 0
        return self._heard if self._heard_age <= FRESH else None

    def _current(self) -> float | None:
        self._ampere_age += 1
        return self._ampere if self._ampere_age <= AMPERE_FRESH else None

    def begin(self, play: str) -> None:
        """Gather for `play`, the newest quiet first."""
        collector = Collector()
        for row in tuple(self._quiet):
            collector.frame(*row)
        while len(self._gathering) >= MOST:
            self._gathering.pop(next(iter(self._gathering)))
        self._gathering[play] = collector

    def end(self, play: str) -> Evidence | None:
        """What was gathered for `play`; None: nothing was."""
        collector = self._gathering.pop(play, None)
        return collector.evidence() if collector is not None else None

    def forget(self) -> None:
        """Nobody will ask any more."""
        self._gathering.clear()


class Tap:
    """A card's playback side whose sound is witnessed: only what the card took counts as played."""

    def __init__(self, sink: CountingSink, witness: Witness) -> None:
        self._sink = sink
        self._witness = witness

    def push(self, frame: bytes) -> None:
        """Media clock thread: one frame."""
        before = self._sink.taken
        self._sink.push(frame)
        self._witness.played(frame if self._sink.taken != before else b"")
