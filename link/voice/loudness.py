"""Makes every bearer equally loud: follows how loudly somebody speaks, and says by how much to turn him up or down.

Theory: the active speech level is the mean power of the frames in which somebody speaks. A frame counts as speech when
it stands out of the quietest of the last second and is not far below the loudest of late: a steady noise or tone never
does, nor does the noise between words. The gain moves towards TARGET_DBFS slowly, and only in such frames; so a
pause, however long, raises nothing. Peaks limit it at once: it is never so high that the loudest of late would clip.

Standard library only, about 20 us a frame of 8 kHz: it runs in the media clock's thread, for whoever talks.
"""

import math
from array import array
from collections import deque
from operator import mul

TARGET_DBFS = -23.0
"""Active speech level of everybody in the bridge."""
MOST_UP, MOST_DOWN = 18.0, -20.0
"""Limits of the gain, dB."""
UP_STEP, DOWN_STEP = 0.2, 0.6
"""dB of a frame of speech: 10 dB/s up, 30 dB/s down."""
CEILING = 29_200
"""Peaks stay below it: -1 dBFS."""
CLIPPED_CUT = 0.7
"""What was cut off is at least so much louder than can be seen."""
PEAK_FADE = 0.9988
"""Of a frame of speech: half a dB in a second."""
STANDS_OUT, BELOW_LOUDEST = 8.0, 18.0
SILENT_DBFS, FAINT_DBFS = -80.0, -55.0
LOUDEST_FADE = 0.06
"""dB of a frame: 3 dB/s."""
WINDOW = 50
"""Frames in which the quietest is looked for, and over which the level is averaged."""
SURE = 10
"""Frames of speech before anything is moved: 0.2 s."""
STRIDE = 3
"""Samples taken for the power; odd, so that no common sampling ratio falls on it."""


class Leveller:
    """One leg. Tell the gain that is in force by `applied` (a factor); `gain` is the wanted one."""

    def __init__(self) -> None:
        self.gain = self.applied = 1.0
        self._db = 0.0
        self._peak = 0.0
        self._power = 0.0
        self._count = 0
        self._quiet: deque[float] = deque(maxlen=WINDOW)
        self._loudest = -120.0

    def begin(self) -> None:
        """He begins to talk anew: what was heard of noise before counts no more; the gain stays."""
        self._quiet.clear()
        self._loudest = -120.0

    def hear(self, frame: bytes) -> float:
        """The gain wanted after this frame of the bridge (s16le mono, as it came through `applied`)."""
        samples = array("h", frame)
        peak = max(max(samples), -min(samples)) if samples else 0
        if peak == 0:
            return self.gain
        some = samples[::STRIDE]
        power = sum(map(mul, some, some)) / len(some) / (self.applied * self.applied)
        db = 10 * math.log10(power / 2**30) if power > 1 else -120.0
        if self._speaks(db):
            self._count = min(self._count + 1, WINDOW)
            self._power += (power - self._power) / self._count
            self._peak = max(self._peak * PEAK_FADE, peak / self.applied)
            if self._count >= SURE:
                self._move()
        if peak * self.gain / self.applied > CEILING:
            self._cut(peak)
        return self.gain

    def _speaks(self, db: float) -> bool:
        """Whether a frame of this level, before the gain, is speech."""
        if db < SILENT_DBFS:
            return False
        self._quiet.append(db)
        self._loudest = max(self._loudest - LOUDEST_FADE, db)
        faint = max(FAINT_DBFS, min(self._quiet) + STANDS_OUT, self._loudest - BELOW_LOUDEST)
        return db > faint

    def _move(self) -> None:
        """A step towards the target, not beyond what the peaks allow."""
        level = 10 * math.log10(self._power / 2**30)
        room = 20 * math.log10(CEILING / self._peak)
        wanted = max(MOST_DOWN, min(MOST_UP, TARGET_DBFS - level, max(room, 0.0)))
        step = max(-DOWN_STEP, min(UP_STEP, wanted - self._db))
        self._db += step
        self.gain = 10 ** (self._db / 20)

    def _cut(self, peak: int) -> None:
        """The frame is louder than all of late: down at once, but not below what came in."""
        if self.gain <= 1.0:
            return
        loud = peak / self.applied / (CLIPPED_CUT if peak >= 32767 else 1.0)
        self._peak = max(self._peak, loud)
        self.gain = max(1.0, min(self.gain, CEILING / loud))
        self._db = 20 * math.log10(self.gain)
