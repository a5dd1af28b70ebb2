"""Speech that waits for its transmitter, and how it catches up: pauses are shortened, speech is played faster.

Never drops speech by itself and never reorders. The time that speech waits only shrinks once frames go out one
for one: of each pause its beginning and its end are kept, and while much waits, sound leaves at most 1.15
times as fast, its pitch kept. Bounds are the caller's: drop_oldest().
"""

import ctypes
from array import array
from collections import deque

from hw.sound.tempo import Tempo

QUIET_PEAK = 64
"""Samples below this (-54 dBFS) are no speech: an idle leg decodes to a little noise, not to zeros."""
QUIET_SHARE = 0.02
"""And so are samples this much (34 dB) below the loudest of the last seconds: noise behind a voice."""
FADE = 0.995
"""How fast the loudest is forgotten, for each frame: to a third in 4 s."""
AFTER_SPEECH = 5
BEFORE_SPEECH = 2
"""Quiet frames kept after and before speech: a pause stays 140 ms long, and a soft word in it whole."""
SHORT = 3
"""Frames: with less waiting sound leaves as it came."""
CATCH_UP_FROM = 8
"""Frames: with so much waiting (160 ms, more than a lead) pauses are shortened, until SHORT; eager, at once."""
FASTER_FROM = 15
"""Frames: with so much waiting (300 ms, more than a lead and a late order make) sound is played faster, until
SHORT. With less, the pauses do it and the voice stays as it is."""
SEAM = 32
"""Samples (2 ms at 16 kHz) over which a shortened pause is joined."""


class Backlog:
    """Whole frames in by put(), whole frames out by take(). One thread at a time."""

    def __init__(self, frame_bytes: int, library: ctypes.PyDLL | None) -> None:
        self._size = frame_bytes
        self._library = library
        self._queue: deque[tuple[bytes, bytes]] = deque()  # frame, and the seam from what was dropped before
        self._rest = b""
        self._tempo: Tempo | None = None
        self._quiet_run = 0
        self._loudest = 0.0
        self._catching_up = False
        self.eager = False
        """Shorten pauses from SHORT on: what waits, waits for a grant and not for a lead."""

    def __len__(self) -> int:
        """Whole frames waiting; what is inside the time scaling or less than a frame is not counted."""
        return len(self._queue)

    def __bool__(self) -> bool:
        """Anything waits."""
        return bool(self._queue or self._rest or self._tempo)

    @property
    def lag_ms(self) -> float:
        """How long the sound that comes now will wait."""
        inside = 2 * self._tempo.waiting if self._tempo is not None else 0
        return (len(self._queue) * self._size + len(self._rest) + inside) * 20 / self._size

    def put(self, frame: bytes, peak: int) -> None:
        """The newest frame. `peak`: its largest sample, 0 when not looked at because it is silence."""
        self._queue.append((frame, b""))
        self._loudest = max(peak, self._loudest * FADE)
        self._catching_up = len(self._queue) > (SHORT if self._catching_up or self.eager else CATCH_UP_FROM)
        if peak >= QUIET_PEAK and peak >= self._loudest * QUIET_SHARE:
            self._quiet_run = 0
            return
        self._quiet_run += 1
        if self._quiet_run > AFTER_SPEECH + BEFORE_SPEECH and self._catching_up:
            self._drop(-1 - BEFORE_SPEECH)

    def take(self, last: bool = False) -> bytes | None:
        """The next frame to play; `last`: nothing more is put in, an odd rest is filled up with silence.

        Not `last`, it always gives a frame when one was put in since the take before, or more waits.
        """
        self._change_tempo()
        if self._tempo is not None:
            self._play_faster(self._tempo, last)
        while len(self._rest) < self._size and self._queue:
            self._rest += self._next()
        if len(self._rest) < self._size and not (last and self._rest):
            return None
        frame, self._rest = self._rest[: self._size], self._rest[self._size :]
        return frame.ljust(self._size, b"\0")

    def drop_oldest(self) -> None:
        """Forget the frame that has waited longest."""
        self._queue.popleft()

    def clear(self) -> None:
        """Forget everything."""
        self._queue.clear()
        self._rest, self._tempo = b"", None

    def _change_tempo(self) -> None:
        if self._tempo is None and self._library is not None and len(self._queue) > FASTER_FROM:
            self._tempo = Tempo(self._library, self._size * 25)
            if self._rest:
                self._tempo.write(self._rest)
                self._rest = b""

    def _play_faster(self, tempo: Tempo, last: bool) -> None:
        """Move one frame from the time scaling to the rest; when it has run dry, all that is still in it.

        One frame stays behind for that case: less than a whole one may be left inside.
        """
        samples, behind = self._size // 2, 0 if last else 1
        while tempo.ready < samples and len(self._queue) > behind:
            tempo.write(self._next())
        if tempo.ready >= samples:
            self._rest += tempo.read(samples)
        else:
            self._rest += tempo.finish()
            self._tempo = None

    def _next(self) -> bytes:
        frame, seam = self._queue.popleft()
        return _joined(seam, frame) if seam else frame

    def _drop(self, index: int) -> None:
        """Leave a quiet frame out; the one behind it starts from where this one would have."""
        frame, seam = self._queue[index]
        following, _ = self._queue[index + 1]
        self._queue[index + 1] = (following, seam or frame[: 2 * SEAM])
        del self._queue[index]


def peak_of(frame: bytes) -> int:
    """The largest sample of a frame."""
    samples = array("h", frame)
    return max(max(samples), -min(samples))


def _joined(seam: bytes, frame: bytes) -> bytes:
    """The frame, faded in from the seam over its first samples."""
    old, new = array("h", seam), array("h", frame[: len(seam)])
    count = len(old)
    mixed = ((old[i] * (count - i) + new[i] * i) // count for i in range(count))
    return array("h", mixed).tobytes() + frame[len(seam) :]
