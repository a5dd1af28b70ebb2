"""Speech in noise as a shortwave receiver gives it, with marks where somebody speaks; and noise without speech.

Human phrases (alsa-utils) and espeak-ng's voices in English and Mandarin, through an SSB filter. The same seed
gives the same sound. Made for the benchmark and tests of the syllabic squelch; numpy.
"""

import io
import subprocess
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import soxr  # type: ignore[import-untyped,import-not-found,unused-ignore]
from numpy.typing import NDArray

from scripts.town.phrases import phrase

RATE_HZ = 16000
FRAME = RATE_HZ // 50
Sound = NDArray[np.float64]
Chance = np.random.Generator
LOW_HZ, HIGH_HZ = 300, 2700
"""What an SSB receiver lets through."""
LEVEL_DBFS = -26.0
LEAD = 4.0
SAID = (
    ("en", "Dam control, this is reservoir north, water level four point two metres and rising, over."),
    ("cmn", "水库北站呼叫调度中心，水位四点二米，正在上涨，请回答。"),
    ("en-us+f3", "Received. Open gate three to forty percent."),
    ("cmn+f2", "收到，三号闸门开到百分之四十。"),
    ("en+m3", "Roger."),
    ("en", "Negative, say again your last."),
)


@dataclass(frozen=True)
class Scene:
    """`pcm`: s16le at 16 kHz; `spoken`: first and last sample of each phrase."""

    pcm: bytes
    spoken: tuple[tuple[int, int], ...]

    def frames(self) -> Iterator[bytes]:
        """Its 20 ms frames."""
        return (self.pcm[at : at + 2 * FRAME] for at in range(0, len(self.pcm) - 2 * FRAME + 1, 2 * FRAME))


@cache
def human() -> tuple[Sound, ...]:
    """Phrases of a human voice, each at an rms of 1."""
    return tuple(_even(phrase(who)) for who in ("north", "south", "dam"))


@cache
def synthetic() -> tuple[Sound, ...]:
    """The phrases of espeak-ng. OSError when it is not installed."""
    return tuple(_even(_trimmed(_espeak(voice, text))) for voice, text in SAID)


def white(count: int, chance: Chance) -> Sound:
    """Noise of the same power at all frequencies; rms 1."""
    return chance.standard_normal(count)


def pink(count: int, chance: Chance) -> Sound:
    """Noise that falls by 3 dB an octave; rms 1."""
    bins = np.fft.rfft(chance.standard_normal(count))
    bins /= np.sqrt(np.maximum(np.arange(len(bins)), 1))
    return _even(np.fft.irfft(bins, count))


def static(count: int, chance: Chance, per_second: float = 1.0) -> Sound:
    """Lightning: crashes of 5 to 300 ms, up to 36 dB over the hiss between them."""
    sound = chance.standard_normal(count) * 0.05
    at = 0.0
    while (at := at + chance.exponential(1 / per_second)) * RATE_HZ < count:
        first = int(at * RATE_HZ)
        for _ in range(chance.integers(1, 5)):
            first += int(chance.uniform(0, 0.08) * RATE_HZ)
            length = min(int(chance.uniform(0.005, 0.15) * RATE_HZ), count - first)
            if length > 0:
                decay = np.exp(-3 * np.arange(length) / length) * 10 ** (chance.uniform(-0.5, 0.5))
                sound[first : first + length] += chance.standard_normal(length) * decay
    return sound / np.abs(sound).max()


def whistle(count: int, chance: Chance) -> Sound:
    """A steady carrier at 1 kHz, 20 dB over hiss."""
    return np.sqrt(2) * np.sin(2 * np.pi * 1000 * np.arange(count) / RATE_HZ) + 0.1 * white(count, chance)


def keyed_carrier(count: int, chance: Chance) -> Sound:
    """The same carrier, coming and going every few seconds."""
    on = np.sin(2 * np.pi * np.arange(count) / RATE_HZ / 7) > 0
    return np.sqrt(2) * on * np.sin(2 * np.pi * 1000 * np.arange(count) / RATE_HZ) + 0.2 * white(
        count, chance
    )


def hum(count: int, chance: Chance) -> Sound:
    """Mains hum with harmonics over a little hiss."""
    time = np.arange(count) / RATE_HZ
    tones = sum(np.sin(2 * np.pi * 50 * order * time) / order for order in (1, 2, 3, 5, 7, 12))
    return _even(np.asarray(tones) + 0.03 * white(count, chance))


def fading(count: int, chance: Chance) -> Sound:
    """Hiss that comes and goes in 3 s, by 19 dB."""
    slow = 1 + 0.8 * np.sin(2 * np.pi * 0.3 * np.arange(count) / RATE_HZ)
    return _even(white(count, chance) * slow)


NOISES: dict[str, Callable[[int, Chance], Sound]] = {
    "hiss": white,
    "pink": pink,
    "static": static,
    "whistle": whistle,
    "keyed carrier": keyed_carrier,
    "hum": hum,
    "fading hiss": fading,
}


def scene(
    phrases: tuple[Sound, ...],
    noise: Callable[[int, Chance], Sound],
    snr_db: float,
    seed: int,
    pause: tuple[float, float] = (2.5, 4.5),
) -> Scene:
    """The phrases in chance order with pauses, in noise; the ratio is that of speech to noise in the SSB band."""
    chance = np.random.default_rng(seed)
    parts, spoken, at = [np.zeros(int(LEAD * RATE_HZ))], [], int(LEAD * RATE_HZ)
    for index in chance.permutation(len(phrases)):
        rest = np.zeros(int(chance.uniform(*pause) * RATE_HZ))
        parts += [phrases[index], rest]
        spoken.append((at, at + len(phrases[index])))
        at = spoken[-1][1] + len(rest)
    speech = ssb(np.concatenate(parts))
    power = np.mean(np.concatenate([speech[first:last] for first, last in spoken]) ** 2)
    noisy = speech / np.sqrt(power) + _even(ssb(noise(at, chance))) * 10 ** (-snr_db / 20)
    return Scene(to_pcm(noisy * 10 ** (LEVEL_DBFS / 20)), tuple(spoken))


def noise_only(noise: Callable[[int, Chance], Sound], seconds: float, seed: int) -> Scene:
    """Nobody speaks."""
    sound = ssb(noise(int(seconds * RATE_HZ), np.random.default_rng(seed)))
    return Scene(to_pcm(_even(sound) * 10 ** (LEVEL_DBFS / 20)), ())


def ssb(sound: Sound) -> Sound:
    """Through the receiver's filter."""
    hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    gain = 1 / np.sqrt((1 + (LOW_HZ / np.maximum(hz, 1)) ** 12) * (1 + (hz / HIGH_HZ) ** 16))
    return np.asarray(np.fft.irfft(np.fft.rfft(sound) * gain, len(sound)), np.float64)


def to_pcm(sound: Sound) -> bytes:
    """s16le, clipped."""
    return (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()


def _even(sound: Sound) -> Sound:
    return np.asarray(sound / np.sqrt(np.mean(sound**2)), np.float64)


def _trimmed(sound: Sound) -> Sound:
    """Without the quiet at both ends."""
    levels = (sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME) ** 2).mean(1)
    loud = np.flatnonzero(levels > 0.01 * levels.max())
    return sound[loud[0] * FRAME : (loud[-1] + 1) * FRAME]


def _espeak(voice: str, text: str) -> Sound:
    told = subprocess.run(
        ["espeak-ng", "-v", voice, "--stdout", text], capture_output=True, check=True
    ).stdout
    with wave.open(io.BytesIO(told)) as file:  # its header promises more than there is
        rate_hz, data = file.getframerate(), told[44:]
    sound = np.frombuffer(data[: len(data) & ~1], "<i2") / 32768
    return np.asarray(soxr.resample(sound, rate_hz, RATE_HZ), np.float64)
