"""DTMF by ITU-T Q.23/Q.24: digits out of sound, and digits as sound.

A digit is told when two tones, one of each group, have held most of the power for about 40 ms, with no twist
beyond +6/-9 dB and little harmonics: speech has those and gives no digits. Windows of 20 ms every 10 ms.
Weighed against libraries in docs/dependencies.md.
"""

from array import array
from math import cos, pi, sin
from operator import mul

from hw.squelch.facts import Digit
from hw.squelch.pcm import FRAME_NS, Pieces, at_8_khz

LOW_HZ = (697, 770, 852, 941)
HIGH_HZ = (1209, 1336, 1477, 1633)
KEYS = ("123A", "456B", "789C", "*0#D")
WINDOW, HOP = 160, 80
HOP_NS = FRAME_NS // 2
BEGINS, ENDS = 3, 3
"""Windows in a row that make a digit, and that end it."""
QUIETEST = 2 * 66.0
"""Rms (twice, as 8 kHz samples are) below which nothing is looked for: -54 dBFS."""
PURE = 0.57
"""Least part of a window's power that must be in the two tones."""
GROUP = 0.06
"""Least part in the strongest low tone: below it the high group is not looked at."""
ALONE = 5.0
"""How many times the strongest of a group exceeds each other of its group."""
MOST_HIGH, MOST_LOW = 10 ** (6 / 10), 10 ** (9 / 10)
"""Twist: the high tone at most 6 dB over the low one, the low one at most 9 dB over the high one."""
HARMONIC = 0.1
"""Most power at twice a tone's frequency, as part of the tone's: a vowel has more."""


def _wave(hz: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    step = 2 * pi * hz / 8000
    return tuple(cos(step * n) for n in range(WINDOW)), tuple(sin(step * n) for n in range(WINDOW))


_LOW = tuple(_wave(hz) for hz in LOW_HZ)
_HIGH = tuple(_wave(hz) for hz in HIGH_HZ)
_TWICE = {hz: _wave(2 * hz) for hz in (*LOW_HZ, *HIGH_HZ)}


def _power(window: "array[int]", wave: tuple[tuple[float, ...], tuple[float, ...]]) -> float:
    """Of one frequency, so that a pure tone has the window's sum of squares."""
    real: float = sum(map(mul, window, wave[0]))
    imaginary: float = sum(map(mul, window, wave[1]))
    return 2 / WINDOW * (real * real + imaginary * imaginary)


def _strongest(powers: list[float]) -> int | None:
    """Index of the one that stands alone in its group."""
    best = max(range(len(powers)), key=powers.__getitem__)
    rest = (power for index, power in enumerate(powers) if index != best)
    return best if powers[best] > ALONE * max(rest) else None


def key_of(window: "array[int]") -> str:
    """The digit in WINDOW samples at 8 kHz, or ""."""
    whole = float(sum(map(mul, window, window)))
    if whole < WINDOW * QUIETEST**2:
        return ""
    lows = [_power(window, wave) for wave in _LOW]
    low = _strongest(lows)
    if low is None or lows[low] < GROUP * whole:
        return ""
    highs = [_power(window, wave) for wave in _HIGH]
    high = _strongest(highs)
    if high is None or lows[low] + highs[high] < PURE * whole:
        return ""
    if highs[high] > MOST_HIGH * lows[low] or lows[low] > MOST_LOW * highs[high]:
        return ""
    for power, hz in ((lows[low], LOW_HZ[low]), (highs[high], HIGH_HZ[high])):
        if _power(window, _TWICE[hz]) > HARMONIC * power:
            return ""
    return KEYS[low][high]


class DtmfDecoder:
    """One line's. Call frame() with what the card delivers, in order, from one thread."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._pieces = Pieces(rate_hz)
        self._last = array("i", bytes(4 * HOP))
        self._seen, self._count = "", 0
        self._misses = ENDS
        self._held = ""

    def frame(self, pcm: bytes, at_ns: int) -> tuple[Digit, ...]:
        """s16le mono, normally 20 ms, complete at at_ns; the digits that became sure. Never raises."""
        found = []
        for samples, end_ns in self._pieces.cut(pcm, at_ns):
            eight = at_8_khz(samples, self._rate_hz)
            if self._rate_hz == 8000:
                eight = array("i", [2 * sample for sample in eight])
            halves = (self._last + eight[:HOP], eight)
            self._last = eight[HOP:]
            for window, until_ns in zip(halves, (end_ns - HOP_NS, end_ns), strict=True):
                digit = self._step(key_of(window), until_ns)
                if digit is not None:
                    found.append(digit)
        return tuple(found)

    def reset(self) -> None:
        """Forgets a digit that has begun."""
        self._pieces.clear()
        self._last = array("i", bytes(4 * HOP))
        self._seen, self._count, self._held, self._misses = "", 0, "", ENDS

    def _step(self, key: str, until_ns: int) -> Digit | None:
        """One window: a digit is told once; it ends by ENDS windows without it."""
        self._count = self._count + 1 if key and key == self._seen else 1 if key else 0
        self._seen = key
        if self._held and key != self._held:
            self._misses += 1
            if self._misses >= ENDS:
                self._held = ""
        elif self._held:
            self._misses = 0
        if not self._held and self._count >= BEGINS:
            self._held, self._misses = key, 0
            return Digit(key, until_ns - (self._count + 1) * HOP_NS)
        return None
