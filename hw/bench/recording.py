"""What one device emitted, from start to stop, kept as a sparse unnamed file: silence costs nothing.

Sample accurate to the bench clock: sample i of the sound is the emission at start_ns + i samples.
"""

import tempfile
from pathlib import Path
from typing import BinaryIO

from hw.bench.gate import RATE_HZ, SAMPLE_NS
from hw.bench.wav import write_wav

MOST_S = 3600


class Recording:
    """Collects emitted frames; `epoch_ns` is the bench clock's zero, `now_ns` the asked start."""

    def __init__(self, epoch_ns: int, now_ns: int) -> None:
        self._epoch_ns = epoch_ns
        self.first = -(-(now_ns - epoch_ns) // SAMPLE_NS)
        self.start_ns = epoch_ns + self.first * SAMPLE_NS
        self.cut_short = False
        self._file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115  closed by close()

    def add(self, frame_start_ns: int, frame: bytes) -> None:
        """One emitted frame; what lies before the start is cut, after the longest time dropped."""
        at = (frame_start_ns - self._epoch_ns) // SAMPLE_NS - self.first
        if at > MOST_S * RATE_HZ:
            self.cut_short = True
            return
        if at < 0:
            frame = frame[-2 * at :]
            at = 0
        if frame:
            self._file.seek(2 * at)
            self._file.write(frame)

    def length(self, stop_ns: int) -> int:
        """Samples from the start to stop_ns."""
        return min(max(0, (stop_ns - self.start_ns) // SAMPLE_NS), MOST_S * RATE_HZ)

    def save(self, path: Path, stop_ns: int) -> None:
        """Writes the sound from start to stop as WAV. Raises WavError."""
        write_wav(path, self._file, self.length(stop_ns))

    def close(self) -> None:
        """Frees the file."""
        self._file.close()
