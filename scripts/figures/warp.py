"""Follows speech that is heard late, with shortened pauses and a little faster: what of it is missing, how late.

A window of what was said is looked for at every delay; the best path through the delays shrinks them, or grows them by
what a jitter buffer does on a busy machine.
Time scaling joins two periods of a voice into one, which is no loss: a step of up to 25 ms is taken for that
(a voice fits its own next period so well that two joints may be seen as one). Pure; numpy only.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16000
PER_MS = RATE_HZ // 1000
HOP = 10 * PER_MS
WINDOW = 2 * HOP
JOINT_MS = 25.0
GROWTH = 60 * PER_MS
"""Samples by which a delay may grow from one window to the next."""
LOUD_DB = 25.0
"""Windows so much weaker than the loudest are pauses."""
FOUND = 0.6
SWITCH = 0.4
"""What another delay must win, in windows that fit, to be believed."""
TORN_MS = 40
"""A joint may tear windows for so long."""
Sound = NDArray[np.float64]


@dataclass(frozen=True)
class Followed:
    """`lost_ms` of sounding speech missing; (seconds said, ms late) for each window found."""

    lost_ms: float
    lags: tuple[tuple[float, float], ...]

    @property
    def most_ms(self) -> float:
        """The greatest lag; 0 when nothing was found."""
        return max((lag for _, lag in self.lags), default=0.0)

    @property
    def last_ms(self) -> float:
        """The lag at the end; 0 when nothing was found."""
        return self.lags[-1][1] if self.lags else 0.0


def follow(said: Sound, heard: Sound, most_ms: int) -> Followed:
    """Both at RATE_HZ, from the same moment; a lag of up to `most_ms` is looked for."""
    said, heard = said.astype(np.float64), heard.astype(np.float64)
    starts = _loud(said)
    if not len(starts):
        return Followed(0.0, ())
    fits = _fits(said, heard, starts, most_ms * PER_MS)
    delays = _path(fits)
    found = fits[np.arange(len(starts)), delays] >= FOUND
    lags = tuple(
        (float(at) / RATE_HZ, float(delay) / PER_MS)
        for at, delay, there in zip(starts, delays, found, strict=True)
        if there
    )
    return Followed(_lost(starts, found, delays), lags)


def _loud(said: Sound) -> NDArray[np.int64]:
    """Where the windows begin that are no pause."""
    begins = np.arange(0, len(said) - WINDOW + 1, HOP)
    power = np.array([float((said[at : at + WINDOW] ** 2).mean()) for at in begins])
    if not len(power) or power.max() <= 0:
        return np.zeros(0, np.int64)
    return begins[power > power.max() * 10 ** (-LOUD_DB / 10)].astype(np.int64)


def _fits(said: Sound, heard: Sound, starts: NDArray[np.int64], most: int) -> NDArray[np.float32]:
    """Normalised correlation of each window (rows) at each delay (columns)."""
    size = 1 << (most + 2 * WINDOW).bit_length()
    heard = np.concatenate((heard, np.zeros(len(said) + most + size)))
    squares = np.cumsum(np.concatenate(([0.0], heard**2)))
    fits = np.zeros((len(starts), most), np.float32)
    for row, at in enumerate(starts):
        part, area = said[at : at + WINDOW], heard[at : at + most + WINDOW]
        product = np.fft.irfft(np.fft.rfft(area, size) * np.conj(np.fft.rfft(part, size)), size)[:most]
        under = squares[at + WINDOW : at + WINDOW + most] - squares[at : at + most]
        energy = float((part**2).sum())
        fits[row] = product / np.sqrt(np.maximum(under, energy * 1e-2) * energy)
    return fits


def _path(fits: NDArray[np.float32]) -> NDArray[np.int64]:
    """The delay of each window along the best path: it stays, shrinks, or grows as a jitter buffer does."""
    totals = np.empty_like(fits)
    totals[0] = fits[0]
    lowest = np.maximum(np.arange(fits.shape[1]) - GROWTH, 0)
    for row in range(1, len(fits)):
        before = totals[row - 1]
        longer = np.maximum.accumulate(before[::-1])[::-1][lowest]
        totals[row] = fits[row] + np.maximum(before, longer - SWITCH)
    path = np.empty(len(fits), np.int64)
    path[-1] = int(np.argmax(totals[-1]))
    for row in range(len(fits) - 1, 0, -1):
        at, before = path[row], totals[row - 1]
        best = int(lowest[at]) + int(np.argmax(before[lowest[at] :]))
        path[row - 1] = at if before[at] >= before[best] - SWITCH else best
    return path


def _lost(starts: NDArray[np.int64], found: NDArray[np.bool_], delays: NDArray[np.int64]) -> float:
    """Milliseconds of loud windows that are missing: not found at the start or end, torn, or stepped over."""
    good = np.flatnonzero(found)
    if not len(good):
        return 10.0 * len(starts)
    lost = 10.0 * (good[0] + len(starts) - 1 - good[-1])
    for before, after in zip(good, good[1:], strict=False):
        torn = 10.0 * (after - before - 1)
        no_pause = starts[after] - starts[before] == (after - before) * HOP
        skipped = float(delays[before] - delays[after]) / PER_MS
        if torn > TORN_MS:
            lost += torn
        elif no_pause and skipped > JOINT_MS:
            lost += skipped
    return lost
