"""Level and clip meter of one direction of a card. Cheap: looks at every fifth 20 ms frame only.

Standard library only; the audioop module is gone from Python 3.13, so it is not used.
"""

import math
from array import array
from dataclasses import dataclass
from operator import mul

EVERY = 5
WINDOW = 10
SECONDS_PER_LOOK = EVERY * 0.02
STRIDE = 3
"""Samples taken for the rms; odd, so that no common sampling ratio falls on it."""
QUIET_RMS = 33.0
FLOOR_DBFS = -96.0


@dataclass(frozen=True)
class Level:
    """One second of sound: peak 0..32768, rms in dBFS, samples at full scale per second, seconds of silence
    so far (below -60 dBFS)."""

    peak: int = 0
    rms_dbfs: float = FLOOR_DBFS
    clipped_per_s: float = 0.0
    silence_s: float = 0.0


class Meter:
    """Call add() with every frame; read `level` from any thread (it is replaced about once a second)."""

    def __init__(self) -> None:
        self.level = Level()
        self._skip = 0
        self._looks = 0
        self._peak = 0
        self._squares = 0.0
        self._clipped = 0
        self._silence_s = 0.0

    def add(self, frame: bytes) -> None:
        """One frame of s16le mono."""
        self._skip += 1
        if self._skip >= EVERY:
            self._skip = 0
            self._look(array("h", frame))

    def add_silence(self) -> None:
        """One frame of digital silence."""
        self._skip += 1
        if self._skip >= EVERY:
            self._skip = 0
            self._count(0, 0.0, 0)

    def _look(self, samples: "array[int]") -> None:
        peak = max(max(samples), -min(samples))
        some = samples[::STRIDE]
        square = sum(map(mul, some, some)) / len(some)
        clipped = samples.count(32767) + samples.count(-32768) if peak >= 32767 else 0
        self._count(peak, square, clipped)

    def _count(self, peak: int, square: float, clipped: int) -> None:
        self._silence_s = self._silence_s + SECONDS_PER_LOOK if square < QUIET_RMS**2 else 0.0
        self._peak = max(self._peak, peak)
        self._squares += square
        self._clipped += clipped
        self._looks += 1
        if self._looks == WINDOW:
            rms = math.sqrt(self._squares / WINDOW)
            dbfs = 20 * math.log10(rms / 32768) if rms > 0.5 else FLOOR_DBFS
            per_second = self._clipped / (WINDOW * 0.02)
            self.level = Level(self._peak, dbfs, per_second, self._silence_s)
            self._looks, self._peak, self._squares, self._clipped = 0, 0, 0.0, 0
