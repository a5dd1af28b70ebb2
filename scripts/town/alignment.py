"""Finds where a reference stands in a recording, window by window, and how much of each 10 ms of it is there.

The numbers behind `scripts.town.listening`, which says what they mean. Pure; numpy only.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
"""Mono sound at RATE_HZ, full scale = 1."""

RATE_HZ = 16_000
FRAME = 160
PRESENT = 0.45
"""A frame is there when this share of its amplitude is, next to the gain of the whole."""
FRAME_ALIKE = 0.35
"""And when so much of what sounds there is this frame (correlation); less is chance."""
CHUNK, WINDOW, HOP = 1.0, 0.2, 0.1
DRIFT = 0.25
"""Seconds that a window may stand away from where its second of speech stands."""
CHUNK_ALIKE, WINDOW_ALIKE = 0.5, 0.6
"""Other speech of the same person reaches 0.46 in a second."""
MOST_DELAYS = 8
SWITCH_COST = 2.0
"""What another delay must win, in frames, to be believed."""


def fast(length: int) -> int:
    """The next power of two: a quick length to transform."""
    return 1 << max(1, length - 1).bit_length()


def power(sound: Samples) -> Samples:
    """Mean power of each 10 ms."""
    count = len(sound) // FRAME
    frames = sound[: count * FRAME].reshape(count, FRAME)
    return (frames**2).mean(axis=1) if count else np.zeros(0)


def find_delays(said: Samples, heard: Samples) -> tuple[float, list[int]]:
    """The best correlation of any second, and the delays (samples) at which windows of it were found."""
    coarse_said, coarse_heard = said[::2], heard[::2]
    size = fast(len(coarse_heard) + int(CHUNK * RATE_HZ))
    spectrum = np.fft.rfft(coarse_heard, size)
    best = 0.0
    votes: dict[int, float] = {}
    chunk = int(CHUNK * RATE_HZ / 2)
    for start in range(0, len(coarse_said), chunk // 2):
        part = coarse_said[start : start + chunk]
        if len(part) < chunk // 2 and start > 0:
            break
        at, alike = _place(part, coarse_heard, size, spectrum)
        best = max(best, alike)
        if alike > CHUNK_ALIKE:  # a word beside it may stand elsewhere, in a second that fits nowhere whole
            around = max(0, 2 * start - chunk), 2 * start + 3 * chunk
            _vote(votes, said, heard, *around, 2 * (at - start))
    merged = _merged(votes)
    return best, sorted(merged, key=lambda delay: -merged[delay])[:MOST_DELAYS]


def _place(part: Samples, whole: Samples, size: int, spectrum: NDArray[np.complex128]) -> tuple[int, float]:
    """Where `part` fits best in `whole`, and how well (normalised correlation)."""
    product = np.fft.irfft(spectrum * np.conj(np.fft.rfft(part, size)), size)[: len(whole)]
    energy = np.cumsum(np.concatenate(([0.0], whole**2, np.zeros(len(part)))))
    under = energy[len(part) : len(part) + len(whole)] - energy[: len(whole)]
    floor = float((part**2).sum()) * 1e-4 + 1e-12
    alike = product / np.sqrt((under + floor) * float((part**2).sum() + 1e-12))
    at = int(np.argmax(alike))
    return at, float(alike[at])


def _vote(votes: dict[int, float], said: Samples, heard: Samples, start: int, end: int, delay: int) -> None:
    """Find each window of one second near its delay; a window that is found votes for where it stands."""
    window, hop, drift = int(WINDOW * RATE_HZ), int(HOP * RATE_HZ), int(DRIFT * RATE_HZ)
    weakest = 0.01 * float(np.max(power(said))) * window
    for at in range(start, min(end, len(said)) - window // 2, hop):
        part = said[at : at + window]
        low = max(0, at + delay - drift)
        area = heard[low : at + delay + window + drift]
        energy = float((part**2).sum())
        if energy < weakest or len(area) < window:
            continue
        size = fast(len(area) + window)
        place, alike = _place(part, area, size, np.fft.rfft(area, size))
        if alike > WINDOW_ALIKE:
            found = low + place - at
            votes[found] = votes.get(found, 0.0) + float(np.sqrt(energy)) * alike


def _merged(votes: dict[int, float]) -> dict[int, float]:
    """Delays less than 1 ms apart are one, called by the one with most votes."""
    merged: dict[int, float] = {}
    for delay in sorted(votes, key=lambda each: -votes[each]):
        near = next((each for each in merged if abs(each - delay) <= RATE_HZ // 1000), None)
        merged[delay if near is None else near] = merged.get(near or delay, 0.0) + votes[delay]
    return merged


@dataclass(frozen=True)
class Frames:
    """For every frame (rows) and delay (columns): scalar product, energy of both; and what follows of them."""

    delays: tuple[int, ...]
    active: NDArray[np.bool_]
    product: Samples
    energy: Samples
    heard_energy: Samples
    gain: float

    @classmethod
    def of(cls, said: Samples, heard: Samples, delays: list[int], active: NDArray[np.bool_]) -> Self:
        """Cut both into frames."""
        count = len(active)
        rows = said[: count * FRAME].reshape(count, FRAME)
        product, energies = np.zeros((count, len(delays))), np.zeros((count, len(delays)))
        for column, delay in enumerate(delays):
            before, after = max(0, -delay), max(0, delay + count * FRAME - len(heard))
            padded = np.pad(heard, (before, after))
            shifted = padded[delay + before : delay + before + count * FRAME].reshape(count, FRAME)
            product[:, column] = (rows * shifted).sum(axis=1)
            energies[:, column] = (shifted**2).sum(axis=1)
        energy = (rows**2).sum(axis=1)
        level = (product.max(axis=1) / np.maximum(energy, 1e-12))[active]
        sure = level[level > 0.5 * np.percentile(level, 90)]
        gain = float(np.median(sure)) if len(sure) and np.median(sure) > 0 else 1.0
        return cls(tuple(delays), active, product, energy, energies, gain)

    @property
    def level(self) -> Samples:
        """How much of each frame is there, 1 = all, by delay; 0 in pauses."""
        level: Samples = self.product / np.maximum(self.energy, 1e-12)[:, None] / self.gain
        level[~self.active] = 0.0
        return level

    def follow(self) -> NDArray[np.int64]:
        """The delay (column) of every frame, -1 where one delay shrank to the next: that was cut out."""
        score = np.clip(self.level, 0.0, 1.0) - PRESENT
        score[~self.active] = 0.0
        score = np.maximum(score, 0.0)
        count, columns = score.shape
        delays = np.array(self.delays)
        total = np.zeros((count, columns))
        came: list[list[tuple[int, int]]] = []
        for row in range(count):
            back: list[tuple[int, int]] = []
            for column in range(columns):
                best, source = (total[row - 1, column], (row - 1, column)) if row else (0.0, (-1, column))
                for other in range(columns):
                    cut = max(0, -(-int(delays[other] - delays[column]) // FRAME))
                    before = row - 1 - cut
                    if other != column and before >= 0 and total[before, other] - SWITCH_COST > best:
                        best, source = total[before, other] - SWITCH_COST, (before, other)
                total[row, column] = best + score[row, column]
                back.append(source)
            came.append(back)
        path = np.full(count, -1, np.int64)
        row, column = count - 1, int(np.argmax(total[-1]))
        while row >= 0:
            path[row] = column
            row, column = came[row][column]
        return path

    def there(self, path: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which sounding frames are present along a path of delays."""
        rows, column = np.arange(len(path)), np.maximum(path, 0)
        alike = self.product / np.sqrt(self.energy[:, None] * self.heard_energy + 1e-18)
        enough = (self.level[rows, column] >= PRESENT) & (alike[rows, column] >= FRAME_ALIKE)
        present: NDArray[np.bool_] = (path >= 0) & enough & self.active
        return present
