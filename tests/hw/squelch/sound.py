"""Sounds for the tests of what listens: sines, frames, drivers of a detector."""

from array import array
from collections.abc import Callable, Iterable
from math import pi, sin
from typing import TypeVar

FRAME_NS = 20_000_000
Found = TypeVar("Found")


def sine(hz: float, seconds: float, dbfs: float = -20.0, rate_hz: int = 16000) -> bytes:
    """A sine with this rms level; s16le mono."""
    peak = 32768 * 2**0.5 * 10 ** (dbfs / 20)
    step = 2 * pi * hz / rate_hz
    return array("h", [round(peak * sin(step * n)) for n in range(round(seconds * rate_hz))]).tobytes()


def quiet(seconds: float, rate_hz: int = 16000) -> bytes:
    """Digital silence."""
    return bytes(2 * round(seconds * rate_hz))


def frames(pcm: bytes, rate_hz: int = 16000) -> list[bytes]:
    """Cut into whole 20 ms frames."""
    size = rate_hz // 50 * 2
    return [pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size)]


def feed(
    listen: Callable[[bytes, int], Iterable[Found]], pcm: bytes, rate_hz: int = 16000, first_ns: int = 0
) -> list[Found]:
    """All that is found in the sound; frame n is complete at first_ns + (n + 1) * 20 ms."""
    found: list[Found] = []
    for index, frame in enumerate(frames(pcm, rate_hz)):
        found += listen(frame, first_ns + (index + 1) * FRAME_NS)
    return found
