"""Samples of captured frames: whole 20 ms pieces, the rates that the detectors want, levels in dBFS.

Standard library only (a gateway has no numpy); made of map() over arrays, which is as fast as plain Python goes.
Any bytes give a result: what is no whole frame waits for the next delivery, and never more than a frame waits.
"""

from array import array
from collections.abc import Iterator
from itertools import accumulate
from math import log10
from operator import add, mul, sub

RATES_HZ = (8000, 16000, 32000, 48000)
FRAME_NS = 20_000_000
FLOOR_DBFS = -96.0
MEAN = 32
"""Samples at 8 kHz (4 ms) over which the mean is taken away: hum at 50 Hz loses 24 dB, 300 Hz nothing."""
MOST_FRAMES = 50
"""Of a delivery longer than this only the newest part is looked at."""


class Pieces:
    """Cuts what a card delivers into frames of 20 ms, each with the time at which it was complete."""

    def __init__(self, rate_hz: int) -> None:
        if rate_hz not in RATES_HZ:
            told = ", ".join(str(rate) for rate in RATES_HZ)
            raise ValueError(
                f"rate {rate_hz} Hz: VOX, squelch and DTMF listen at {told} Hz; set the card's rate_hz"
            )
        self._size = rate_hz // 50 * 2
        self._rest = b""

    def cut(self, pcm: bytes, at_ns: int) -> Iterator[tuple["array[int]", int]]:
        """Whole frames of s16le mono out of what has come until at_ns."""
        size = self._size
        if len(pcm) != size or self._rest:
            pcm = (self._rest + pcm)[-size * MOST_FRAMES :]
        whole = len(pcm) // size
        self._rest = pcm[whole * size :]
        for index in range(whole):
            yield array("h", pcm[index * size : (index + 1) * size]), at_ns - (whole - 1 - index) * FRAME_NS

    def clear(self) -> None:
        """Forgets a rest."""
        self._rest = b""


def at_16_khz(samples: "array[int]", rate_hz: int) -> "array[int]":
    """The same sound at 16 kHz; good enough to listen for something in the voice band, not to be heard."""
    if rate_hz == 16000:
        return samples
    if rate_hz == 8000:
        doubled = array("h", bytes(4 * len(samples)))
        doubled[::2] = samples
        following = samples[1:] + samples[-1:]
        doubled[1::2] = array("h", [total >> 1 for total in map(add, samples, following)])
        return doubled
    if rate_hz == 32000:
        return array("h", [total >> 1 for total in map(add, samples[::2], samples[1::2])])
    pairs = map(add, samples[::3], samples[1::3])
    return array("h", [total // 3 for total in map(add, pairs, samples[2::3])])


def at_8_khz(samples: "array[int]", rate_hz: int) -> "array[int]":
    """The same sound at 8 kHz and twice the size (17 bits); at 8 kHz itself of the same size."""
    if rate_hz == 8000:
        return samples
    sixteen = at_16_khz(samples, rate_hz)
    return array("i", map(add, sixteen[::2], sixteen[1::2]))


def band_dbfs(samples: "array[int]", rate_hz: int) -> float:
    """Level between about 250 and 4000 Hz: hum and hiss beyond the voice count little. FLOOR_DBFS at least."""
    eight = at_8_khz(samples, rate_hz)
    if len(eight) <= MEAN:
        return FLOOR_DBFS
    sums = list(accumulate(eight, initial=0))
    means = map(sub, sums[MEAN:], sums)
    above = list(map(sub, map(MEAN.__mul__, eight[MEAN // 2 : MEAN // 2 - MEAN]), means))
    scale = MEAN * (1 if rate_hz == 8000 else 2)
    return _dbfs(sum(map(mul, above, above)) / (len(above) * scale * scale))


def rms_dbfs(pcm: bytes) -> float:
    """Level of s16le mono without its DC part; a sine at full scale reads -3.0. FLOOR_DBFS at least."""
    samples = array("h", pcm[: len(pcm) & ~1])
    if not samples:
        return FLOOR_DBFS
    mean = sum(samples) / len(samples)
    return _dbfs(sum(map(mul, samples, samples)) / len(samples) - mean * mean)


def _dbfs(square: float) -> float:
    return 10 * log10(square / 32768**2) if square > 0.3 else FLOOR_DBFS
