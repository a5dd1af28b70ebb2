"""Reads and writes the WAV files of the control verbs: PCM, 16 bit, mono; other rates become 16 kHz. What a way of
sending does to a whole sound.

Runs in a worker thread of the bench: never touches its devices.
"""

import wave
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from hw.bench.gate import RATE_HZ
from hw.bench.mixing import Samples

MOST_S = 1800
LOW_HZ, HIGH_HZ = 300.0, 2700.0
"""What single sideband lets through."""


class WavError(Exception):
    """The file cannot be used; the text says why and what to give instead."""


def read_wav(path: Path) -> Samples:
    """The sound of a file at 16 kHz. Raises WavError for anything that is not a mono 16-bit PCM WAV."""
    try:
        with wave.open(str(path), "rb") as source:
            channels, width, rate, frames = source.getparams()[:4]
            if channels != 1 or width != 2:
                raise WavError(f"{path}: {channels} channel(s) of {8 * width} bit; give mono 16-bit PCM")
            if frames == 0:
                raise WavError(f"{path}: holds no sound")
            if frames > MOST_S * rate:
                raise WavError(f"{path}: longer than {MOST_S} s; cut it")
            data = source.readframes(frames)
    except (OSError, EOFError, wave.Error) as error:
        raise WavError(f"{path}: not a readable WAV file: {error}") from error
    samples = np.frombuffer(data[: len(data) // 2 * 2], np.int16)
    return samples if rate == RATE_HZ else _resample(samples, rate)


def _resample(samples: Samples, rate_hz: int) -> Samples:
    """Band-limited by a transform over the whole sound."""
    wanted = max(1, round(len(samples) * RATE_HZ / rate_hz))
    spectrum = np.fft.rfft(samples.astype(np.float64))
    resized = np.zeros(wanted // 2 + 1, np.complex128)
    shared = min(len(spectrum), len(resized))
    resized[:shared] = spectrum[:shared]
    sound = np.fft.irfft(resized, wanted) * (wanted / len(samples))
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


def sideband(sound: Samples) -> Samples:
    """The part of a sound that single sideband lets through."""
    return _filtered(sound.astype(np.float64))


def noisy(sound: Samples, ratio_db: float, seed: int = 3) -> Samples:
    """A sound in noise of the same band, so many dB below its mean level while it speaks."""
    values = sound.astype(np.float64)
    loud = values[np.abs(values) > 200]
    level = float(np.sqrt(np.mean(loud**2))) if len(loud) else 1000.0
    noise = _filtered(np.random.default_rng(seed).standard_normal(len(values)) * 8000).astype(np.float64)
    rms = float(np.sqrt(np.mean(noise**2))) or 1.0
    mixed = values + noise * (level * 10 ** (-ratio_db / 20) / rms)
    return np.clip(np.rint(mixed), -32768, 32767).astype(np.int16)


def _filtered(values: npt.NDArray[np.float64]) -> Samples:
    spectrum = np.fft.rfft(values)
    hz = np.fft.rfftfreq(len(values), 1 / RATE_HZ)
    spectrum[(hz < LOW_HZ) | (hz > HIGH_HZ)] = 0
    return np.clip(np.rint(np.fft.irfft(spectrum, len(values))), -32768, 32767).astype(np.int16)


def write_wav(path: Path, sound: BinaryIO, samples: int) -> None:
    """Writes `samples` samples from the start of `sound` (raw s16le, shorter = silence at the end)."""
    try:
        with path.open("wb") as file, wave.open(file, "wb") as target:
            target.setnchannels(1)
            target.setsampwidth(2)
            target.setframerate(RATE_HZ)
            sound.seek(0)
            left = 2 * samples
            while left > 0:
                block = sound.read(min(left, 1 << 18)) or bytes(min(left, 1 << 18))
                target.writeframesraw(block)
                left -= len(block)
    except OSError as error:
        raise WavError(f"{path}: cannot be written: {error}") from error
