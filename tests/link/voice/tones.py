"""Tones for voice tests: make WAVs of them, and find how loud one is in a piece of sound."""

import math
import wave
from pathlib import Path

import numpy as np

RATE = 16000
LOUD = 8000
"""Amplitude of every tone in these tests."""


def tone_frame(hz: float, number: int, rate_hz: int = RATE) -> bytes:
    """The `number`th 20 ms frame of a tone."""
    at = np.arange(number * rate_hz // 50, (number + 1) * rate_hz // 50)
    return (LOUD * np.sin(2 * math.pi * hz * at / rate_hz)).astype("<i2").tobytes()


def loudness(sound: bytes, hz: float, rate_hz: int = RATE) -> float:
    """Amplitude of a tone in `sound`, as a share of LOUD."""
    found = np.frombuffer(sound, "<i2").astype(float)
    if not len(found):
        return 0.0
    at = 2 * math.pi * hz * np.arange(len(found)) / rate_hz
    return float(2 * abs((found * np.exp(-1j * at)).mean()) / LOUD)


def tail(sound: bytes, seconds: float, rate_hz: int = RATE) -> bytes:
    """The last `seconds` of `sound`."""
    return sound[-int(seconds * 50) * (rate_hz // 50) * 2 :]


def write_tone(path: Path, hz: float, seconds: float, rate_hz: int = RATE, channels: int = 1) -> Path:
    """A WAV of a tone."""
    frames = (tone_frame(hz, number, rate_hz) for number in range(int(seconds * 50)))
    sound = np.frombuffer(b"".join(frames), "<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.repeat(sound, channels).tobytes())
    return path
