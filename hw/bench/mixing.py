"""What a receiver hears in one 20 ms frame: the sources on its frequency, collisions, tail noise and hiss.

Pure arithmetic on 16-bit samples; numpy is used only while something is on the air.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hw.bench.gate import FRAME_BYTES, FRAME_SAMPLES, RATE_HZ, SILENCE, WHOLE, Spans

Samples = npt.NDArray[np.int16]
COLLISION_DBFS = -12.0


@dataclass(frozen=True)
class Signal:
    """One carrier on a frequency during one frame; sound None = a bare carrier."""

    spans: Spans
    sound: bytes | None = None


class Noise:
    """White noise that repeats only after some seconds; the same seed gives the same noise."""

    def __init__(self, seed: int = 1) -> None:
        table = np.random.default_rng(seed).standard_normal(RATE_HZ * 5)
        self._table: npt.NDArray[np.float32] = table.astype(np.float32)
        self._at = 0

    def frame(self, dbfs: float) -> Samples:
        """One frame with this rms level."""
        self._at = (self._at + FRAME_SAMPLES + 7) % (len(self._table) - FRAME_SAMPLES)
        part = self._table[self._at : self._at + FRAME_SAMPLES] * (32768.0 * 10 ** (dbfs / 20))
        return _to_16_bit(part)


def _to_16_bit(values: npt.NDArray[np.floating | np.integer]) -> Samples:
    clipped: Samples = np.clip(values, -32768, 32767).astype(np.int16)
    return clipped


@dataclass(frozen=True)
class Ear:
    """A receiver's settings; levels in dBFS. fault_dbfs is noise over everything it hears."""

    tail_dbfs: float
    hiss_dbfs: float | None = None
    fault_dbfs: float | None = None


def receive(signals: Sequence[Signal], open_spans: Spans, ear: Ear, noise: Noise) -> bytes:
    """The frame the sound card of a receiver captures; open_spans tells where its squelch was open."""
    quiet = ear.hiss_dbfs is None and ear.fault_dbfs is None
    if not open_spans and quiet:
        return SILENCE
    if quiet and open_spans == WHOLE and len(signals) == 1 and signals[0].spans == WHOLE:
        return signals[0].sound or SILENCE
    total = np.zeros(FRAME_SAMPLES, np.int32)
    count = np.zeros(FRAME_SAMPLES, np.int8)
    for signal in signals:
        sound = np.frombuffer(signal.sound, np.int16) if signal.sound else None
        for first, end in signal.spans:
            count[first:end] += 1
            if sound is not None:
                total[first:end] += sound[first:end]
    if len(signals) > 1:
        _collide(total, count, noise)
    bare = count == 0
    if open_spans and bare.any():
        total[bare] = noise.frame(ear.tail_dbfs)[bare]
    heard = _under(total, open_spans, ear, noise)
    if ear.fault_dbfs is not None:
        heard += noise.frame(ear.fault_dbfs)
    return _to_16_bit(heard).tobytes()


def _collide(total: npt.NDArray[np.int32], count: npt.NDArray[np.int8], noise: Noise) -> None:
    """Where two carriers stand at once: the sum, driven into clipping, under noise."""
    both = count > 1
    if both.any():
        crushed = np.clip(total * 4, -12000, 12000) + noise.frame(COLLISION_DBFS)
        total[both] = crushed[both]


def _under(total: npt.NDArray[np.int32], spans: Spans, ear: Ear, noise: Noise) -> npt.NDArray[np.int32]:
    """The total where the squelch is open, hiss or silence elsewhere."""
    if spans == WHOLE:
        return total
    heard = np.zeros(FRAME_SAMPLES, np.int32)
    if ear.hiss_dbfs is not None:
        heard += noise.frame(ear.hiss_dbfs)
    for first, end in spans:
        heard[first:end] = total[first:end]
    return heard


def overlay(frame: bytes | None, dbfs: float, noise: Noise) -> bytes:
    """A frame (None = silence) with noise of this level added."""
    base = np.frombuffer(frame or SILENCE, np.int16).astype(np.int32)
    return _to_16_bit(base + noise.frame(dbfs)).tobytes()


def slice_frame(samples: Samples, first: int) -> bytes | None:
    """One frame of a longer sound from sample index `first` (may be negative); None where it has no sound."""
    if first >= len(samples) or first + FRAME_SAMPLES <= 0:
        return None
    lead = max(0, -first)
    part = samples[max(0, first) : first + FRAME_SAMPLES].tobytes()
    return (bytes(2 * lead) + part).ljust(FRAME_BYTES, b"\0")


def attenuate(frame: bytes, db: float) -> bytes:
    """A frame changed in level by this many dB (0 = as it is)."""
    if db == 0 or not any(frame):
        return frame
    return _to_16_bit(np.frombuffer(frame, np.int16) * 10 ** (db / 20)).tobytes()


def add(frame: bytes, other: bytes) -> bytes:
    """Two frames at once."""
    if not any(other):
        return frame
    return _to_16_bit(
        np.frombuffer(frame, np.int16).astype(np.int32) + np.frombuffer(other, np.int16)
    ).tobytes()
