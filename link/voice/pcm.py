"""Plain arithmetic on 20 ms frames of mono s16le, for the fake. Slow and clear; no state, no I/O."""

import array
import sys
import wave
from collections.abc import Iterable
from pathlib import Path

from link.voice.port import frame_bytes
from link.voice.wav_files import check_playable


def samples(frame: bytes) -> "array.array[int]":
    """The numbers in a frame."""
    found = array.array("h")
    found.frombytes(frame)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def frame_of(values: Iterable[int]) -> bytes:
    """A frame of numbers, clipped to 16 bit."""
    made = array.array("h", (max(-32768, min(32767, value)) for value in values))
    if sys.byteorder == "big":
        made.byteswap()
    return made.tobytes()


def mix(voices: list[tuple[bytes, float]]) -> bytes:
    """The sum of frames of equal length, each at its level."""
    if len(voices) == 1 and voices[0][1] == 1.0:
        return voices[0][0]
    tracks = [[round(value * level) for value in samples(frame)] for frame, level in voices]
    return frame_of(sum(column) for column in zip(*tracks, strict=True))


def resample(frame: bytes, from_hz: int, to_hz: int) -> bytes:
    """One 20 ms frame at another rate, by taking the nearest earlier sample."""
    if from_hz == to_hz:
        return frame
    found, count = samples(frame), frame_bytes(to_hz) // 2
    return frame_of(found[i * from_hz // to_hz] for i in range(count))


def read_frames(path: Path, rate_hz: int) -> list[bytes]:
    """A WAV of mono PCM16 as frames at `rate_hz`; the last is filled up with silence. VoiceError if it is
    no such file."""
    check_playable(path)
    with wave.open(str(path), "rb") as file:
        own_hz, sound = file.getframerate(), file.readframes(file.getnframes())
    size = frame_bytes(own_hz)
    pieces = (sound[at : at + size].ljust(size, b"\0") for at in range(0, len(sound), size))
    return [resample(piece, own_hz, rate_hz) for piece in pieces]


def write_wave(path: Path, sound: bytes, rate_hz: int) -> None:
    """A WAV of mono PCM16."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(sound)
