"""Compares speech that was said with what a bench device emitted: is it there, whole, how late, how loud.

Made for the voice band (300 to 3400 Hz) and robust to G.722, gain, noise and another voice on top. The
reference is found frame by frame: a jitter buffer that stretches a pause loses nothing. Pure; numpy only.
"""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.town.alignment import FRAME, RATE_HZ, Frames, Samples, fast, find_delays, power

__all__ = [
    "RATE_HZ",
    "Heard",
    "ListeningError",
    "Samples",
    "find",
    "load",
    "loudness_dbfs",
    "save",
    "sounding",
]

FRAME_MS = 10
LOW_HZ, HIGH_HZ = 300, 3400
QUIET_DB = 25.0
"""Frames so much weaker than the loud ones are pauses."""
SHARE_WANTED, LIKENESS_WANTED = 0.5, 0.6
SILENT_DBFS = -120.0


class ListeningError(Exception):
    """A sound cannot be measured; the text says why."""


@dataclass(frozen=True)
class Heard:
    """What became of a reference in a recording.

    `share` of its sounding frames that are there, `likeness` (correlation, 0..1) of what is there, `delay` in
    seconds from the recording's start to the reference's start, `gain_db`, and milliseconds of sounding
    reference that are missing at the start, at the end and in between (`gaps_ms`). `first` and `last`: when the
    first and last word of it sound, in seconds of the recording. Without a find delay and
    gain are NaN and everything is lost.
    """

    share: float
    likeness: float
    delay: float
    gain_db: float
    lost_start_ms: float
    lost_end_ms: float
    gaps_ms: float
    first: float
    last: float

    @property
    def contained(self) -> bool:
        """The recording holds this speech, whole or in part."""
        return self.margin >= 0

    @property
    def margin(self) -> float:
        """How clear that is: 0 just so, 1 as clear as can be, negative not contained."""
        return min(
            (self.share - SHARE_WANTED) / (1 - SHARE_WANTED),
            (self.likeness - LIKENESS_WANTED) / (1 - LIKENESS_WANTED),
        )

    @property
    def absent(self) -> bool:
        """Not a word of it can be heard."""
        return self.share <= 0.1

    @property
    def lost_ms(self) -> float:
        """All that is missing."""
        return self.lost_start_ms + self.lost_end_ms + self.gaps_ms


def load(path: Path) -> Samples:
    """A WAV of 16 kHz, mono, 16 bit. ListeningError."""
    try:
        with wave.open(str(path), "rb") as file:
            shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise ListeningError(f"{path}: not a readable WAV file: {error}") from error
    if shape != (RATE_HZ, 1, 2):
        raise ListeningError(
            f"{path}: {shape[0]} Hz, {shape[1]} channel(s), {8 * shape[2]} bit; want 16 kHz mono 16"
        )
    return np.frombuffer(data, "<i2").astype(np.float64) / 32768.0


def save(path: Path, sound: Samples) -> None:
    """Write a WAV that `load` reads."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.clip(np.rint(sound * 32768), -32768, 32767).astype("<i2").tobytes())


def loudness_dbfs(sound: Samples) -> float:
    """RMS over the 10 ms frames in which something sounds (louder than -50 dBFS); -120 for silence."""
    levels = power(sound)
    loud = levels[levels > 1e-5]
    return 10 * float(np.log10(loud.mean())) if len(loud) else SILENT_DBFS


def sounding(sound: Samples, floor_dbfs: float = -50.0) -> tuple[float, float] | None:
    """First and last moment (s) in which anything louder than the floor sounds; None for silence."""
    loud = np.flatnonzero(power(sound) > 10 ** (floor_dbfs / 10))
    return (loud[0] * FRAME_MS / 1000, (loud[-1] + 1) * FRAME_MS / 1000) if len(loud) else None


def find(reference: Samples, recording: Samples) -> Heard:
    """Look for `reference` in `recording`. ListeningError when the reference itself is silent."""
    said, heard = _voice_band(reference), _voice_band(recording)
    active = _active(said)
    if not active.any():
        raise ListeningError("the reference is silent: nothing can be looked for")
    best, delays = find_delays(said, heard)
    if not delays:
        return _nothing(active, best)
    frames = Frames.of(said, heard, delays, active)
    path = frames.follow()
    return _judge(frames, path)


def _nothing(active: NDArray[np.bool_], best: float) -> Heard:
    span = (len(active) - int(np.argmax(active)) - int(np.argmax(active[::-1]))) * FRAME_MS
    nan = float("nan")
    return Heard(0.0, best, nan, nan, float(span), 0.0, 0.0, nan, nan)


def _voice_band(sound: Samples) -> Samples:
    """Only 300 to 3400 Hz of it."""
    if len(sound) < 2 * FRAME:
        return np.zeros(2 * FRAME)
    size = fast(len(sound))
    spectrum = np.fft.rfft(sound, size)
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    spectrum *= np.clip((hz - LOW_HZ + 50) / 50, 0, 1) * np.clip((HIGH_HZ + 100 - hz) / 100, 0, 1)
    return np.fft.irfft(spectrum, size)[: len(sound)]


def _active(said: Samples) -> NDArray[np.bool_]:
    """The frames of the reference in which somebody speaks."""
    levels = power(said)
    loud = float(np.percentile(levels, 95)) if len(levels) else 0.0
    active: NDArray[np.bool_] = levels > max(loud * 10 ** (-QUIET_DB / 10), 1e-9)
    return active


def _judge(frames: Frames, path: NDArray[np.int64]) -> Heard:
    rows = np.arange(len(path))
    column = np.maximum(path, 0)
    present = frames.there(path)
    first_active = int(np.argmax(frames.active))
    end_active = len(path) - int(np.argmax(frames.active[::-1]))
    start = _begin(present, frames.active)
    if start is None:
        return _nothing(frames.active, 0.0)
    end = len(path) - (_begin(present[::-1], frames.active[::-1]) or 0)
    lost = np.flatnonzero(frames.active & ~present)
    lost_until = max(lost[lost < start] + 1, default=first_active)
    lost_from = min(lost[lost >= end], default=end_active)
    product = float(frames.product[rows, column][present].sum())
    energy = float(frames.energy[present].sum())
    heard_energy = float(frames.heard_energy[rows, column][present].sum())
    begun = frames.delays[column[start]]
    missing = frames.active[start:end] & ~present[start:end]
    return Heard(
        share=float(present.sum() / frames.active.sum()),
        likeness=product / float(np.sqrt(energy * heard_energy)),
        delay=begun / RATE_HZ,
        gain_db=20 * float(np.log10(max(product / energy, 1e-6))),
        lost_start_ms=float((lost_until - first_active) * FRAME_MS),
        lost_end_ms=float((end_active - lost_from) * FRAME_MS),
        gaps_ms=float(_in_runs(missing) * FRAME_MS),
        first=(start * FRAME + begun) / RATE_HZ,
        last=(end * FRAME + frames.delays[column[end - 1]]) / RATE_HZ,
    )


def _begin(present: NDArray[np.bool_], active: NDArray[np.bool_]) -> int | None:
    """The first frame that is there together with most of the speech that follows it at once."""
    for at in np.flatnonzero(present):
        follow = active[at : at + 8]
        if present[at : at + 8].sum() >= max(3, 0.7 * follow.sum()):
            return int(at)
    return None


def _in_runs(missing: NDArray[np.bool_]) -> int:
    """Missing frames that stand at least two together; one alone is measuring noise."""
    pair = np.concatenate((missing[:-1] & missing[1:], [False]))
    return int((pair | np.concatenate(([False], pair[:-1]))).sum())
