"""Short signals as sound: for the talker (refused, queued, go ahead, time-out) and for loudspeakers (chime).

All lie between 300 and 3000 Hz, so that they pass every radio, and have soft edges, so that they do not click. Levels
are rms in dBFS of the part that sounds (a full sine reads -3). s16le mono. It plays nothing.
"""

import wave
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import exp, pi, sin
from pathlib import Path

from hw.squelch.dtmf import HIGH_HZ, KEYS, LOW_HZ

EDGE, EDGE_SHARE = 0.005, 0.05
"""A beep comes and goes in so many seconds, or in this part of its length if that is less."""
TEST_TONE_DBFS = -18.0
HIGH_OVER_LOW_DB = 2.0
"""DTMF's high tone is sent so much louder: lines lose more of it."""


@dataclass(frozen=True)
class Beep:
    """`hz` of the tones that sound together (none: a pause), for `seconds`; `fades` for a struck gong: then
    it falls to a tenth in that many seconds."""

    hz: tuple[float, ...]
    seconds: float
    fades: float = 0.0


@dataclass(frozen=True)
class Signal:
    """Beeps one after the other, at `dbfs`."""

    beeps: tuple[Beep, ...]
    dbfs: float
    says: str


_GAP = Beep((), 0.08)
_GONG = (1.0, 2.0, 3.0)
SIGNALS = {
    "refused": Signal((Beep((350, 440), 0.2), _GAP, Beep((350, 440), 0.2)), -18.0, "you cannot speak now"),
    "queued": Signal((Beep((620,), 0.12), _GAP, Beep((620,), 0.12), _GAP, Beep((620,), 0.12)), -20.0, "wait"),
    "timeout-warning": Signal((Beep((1400,), 0.07), _GAP) * 3 + (Beep((1400,), 0.07),), -16.0, "end soon"),
    "go-ahead": Signal((Beep((880,), 0.08), Beep((1175,), 0.12)), -18.0, "speak now"),
    "chime": Signal(
        (
            Beep(tuple(659.3 * n for n in _GONG), 0.5, 0.6),
            Beep(tuple(523.3 * n for n in _GONG), 0.7, 0.6),
        ),
        -15.0,
        "an announcement follows",
    ),
    "test-tone": Signal((Beep((1000,), 1.0),), TEST_TONE_DBFS, "1 kHz, to set levels by"),
}
"""Name -> what it is. Lengths: refused 0.48 s, queued 0.52 s, timeout-warning 0.52 s, go-ahead 0.2 s,
chime 1.2 s, test-tone 1 s (whole periods: it can be repeated without a click where its edges meet)."""


def tone(name: str, rate_hz: int, dbfs: float | None = None) -> bytes:
    """The signal of SIGNALS as s16le mono, at its own level or at `dbfs` (-60 to -3). ValueError says what is wrong."""
    signal = SIGNALS.get(name)
    if signal is None:
        raise ValueError(f"no tone {name!r}; there are: {', '.join(SIGNALS)}")
    level = signal.dbfs if dbfs is None else dbfs
    return _sound(signal.beeps, level, _rate(rate_hz))


def wav_of(name: str, rate_hz: int, path: Path, dbfs: float | None = None) -> None:
    """tone() as a WAV file. ValueError, OSError."""
    sound = tone(name, rate_hz, dbfs)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(sound)


def dtmf(digits: str, rate_hz: int, on_ms: int = 100, off_ms: int = 100, dbfs: float = -15.0) -> bytes:
    """DTMF as s16le mono, each digit followed by its pause. ValueError for what is no digit or too short for Q.24."""
    if on_ms < 40 or off_ms < 40:
        raise ValueError(f"DTMF: {on_ms} ms on, {off_ms} ms off: at least 40 ms each")
    beeps: list[Beep] = []
    for digit in digits.upper():
        row = next((index for index, keys in enumerate(KEYS) if digit in keys), None)
        if row is None:
            raise ValueError(f"DTMF: {digit!r} is no digit; there are 0-9, A-D, * and #")
        pair = (LOW_HZ[row], HIGH_HZ[KEYS[row].index(digit)])
        beeps += [Beep(pair, on_ms / 1000), Beep((), off_ms / 1000)]
    return _sound(tuple(beeps), dbfs, _rate(rate_hz))


def _rate(rate_hz: int) -> int:
    if not 8000 <= rate_hz <= 48000 or rate_hz % 50:
        raise ValueError(f"rate {rate_hz} Hz: give a multiple of 50 between 8000 and 48000")
    return rate_hz


@lru_cache(maxsize=32)
def _sound(beeps: tuple[Beep, ...], dbfs: float, rate_hz: int) -> bytes:
    if not -60 <= dbfs <= -3:
        raise ValueError(f"level {dbfs} dBFS: give -60 to -3")
    parts = [list(_waves(beep, rate_hz)) for beep in beeps]
    sounding = [value for beep, part in zip(beeps, parts, strict=True) if beep.hz for value in part]
    if not sounding:
        return b""
    rms = (sum(value * value for value in sounding) / len(sounding)) ** 0.5
    # A gong is struck: where its level would clip, the peak decides.
    scale = min(10 ** (dbfs / 20) / rms, 0.98 / max(map(abs, sounding))) * 32768
    return array("h", [round(value * scale) for part in parts for value in part]).tobytes()


def _waves(beep: Beep, rate_hz: int) -> Iterator[float]:
    count = round(beep.seconds * rate_hz)
    edge = min(EDGE, EDGE_SHARE * beep.seconds) * rate_hz
    fall = 2.3 / (beep.fades * rate_hz) if beep.fades else 0.0
    steps = [2 * pi * hz / rate_hz for hz in beep.hz]
    if beep.fades:
        shares = [1 / (order + 1) ** 2 for order in range(len(steps))]
    else:
        shares = [10 ** (order * HIGH_OVER_LOW_DB / 20) for order in range(len(steps))]
    pairs = list(zip(steps, shares, strict=True))
    for n in range(count):
        gain = min(1.0, (n + 0.5) / edge, (count - n - 0.5) / edge) * exp(-fall * n)
        yield gain * sum(share * sin(step * n) for step, share in pairs)
