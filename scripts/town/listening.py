"""Compares speech that was said with what a bench device emitted: is it there, whole, how late, how loud.

Made for the voice band (300 to 3400 Hz) and robust to G.722, gain, noise and another voice on top. The
reference is found frame by frame: a jitter buffer that stretches a pause loses nothing. Pure; numpy only.
"""

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
"""Mono sound at RATE_HZ, full scale = 1."""

RATE_HZ = 16_000
FRAME = 160
FRAME_MS = 10
LOW_HZ, HIGH_HZ = 300, 3400
QUIET_DB = 25.0
"""Frames so much weaker than the loud ones are pauses."""
PRESENT = 0.45
"""A frame is there when this share of its amplitude is, next to the gain of the whole."""
FRAME_ALIKE = 0.35
"""And when so much of what sounds there is this frame (correlation); less is chance."""
SHARE_WANTED, LIKENESS_WANTED = 0.5, 0.6
CHUNK, WINDOW, HOP = 1.0, 0.2, 0.1
DRIFT = 0.25
"""Seconds that a window may stand away from where its second of speech stands."""
CHUNK_ALIKE = 0.5
"""Other speech of the same person reaches 0.46."""
MOST_DELAYS = 8
SWITCH_COST = 2.0
"""What another delay must win, in frames, to be believed."""
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
    power = _power(sound)
    sounding = power[power > 1e-5]
    return 10 * float(np.log10(sounding.mean())) if len(sounding) else SILENT_DBFS


def sounding(sound: Samples, floor_dbfs: float = -50.0) -> tuple[float, float] | None:
    """First and last moment (s) in which anything louder than the floor sounds; None for silence."""
    loud = np.flatnonzero(_power(sound) > 10 ** (floor_dbfs / 10))
    return (loud[0] * FRAME_MS / 1000, (loud[-1] + 1) * FRAME_MS / 1000) if len(loud) else None


def find(reference: Samples, recording: Samples) -> Heard:
    """Look for `reference` in `recording`. ListeningError when the reference itself is silent."""
    said, heard = _voice_band(reference), _voice_band(recording)
    active = _active(said)
    if not active.any():
        raise ListeningError("the reference is silent: nothing can be looked for")
    best, delays = _delays(said, heard)
    if not delays:
        return _nothing(active, best)
    frames = _Frames.of(said, heard, delays, active)
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
    size = _fast(len(sound))
    spectrum = np.fft.rfft(sound, size)
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    spectrum *= np.clip((hz - LOW_HZ + 50) / 50, 0, 1) * np.clip((HIGH_HZ + 100 - hz) / 100, 0, 1)
    return np.fft.irfft(spectrum, size)[: len(sound)]


def _fast(length: int) -> int:
    return 1 << max(1, length - 1).bit_length()


def _power(sound: Samples) -> Samples:
    """Mean power of each 10 ms."""
    count = len(sound) // FRAME
    power: Samples = (
        np.mean(sound[: count * FRAME].reshape(count, FRAME) ** 2, axis=1) if count else np.zeros(0)
    )
    return power


def _active(said: Samples) -> NDArray[np.bool_]:
    """The frames of the reference in which somebody speaks."""
    power = _power(said)
    loud = float(np.percentile(power, 95)) if len(power) else 0.0
    active: NDArray[np.bool_] = power > max(loud * 10 ** (-QUIET_DB / 10), 1e-9)
    return active


# -- where it stands -----------------------------------------------------------------------------------------


def _delays(said: Samples, heard: Samples) -> tuple[float, list[int]]:
    """The best correlation of any second, and the delays (samples) at which windows of it were found."""
    coarse_said, coarse_heard = said[::2], heard[::2]
    size = _fast(len(coarse_heard) + int(CHUNK * RATE_HZ))
    spectrum = np.fft.rfft(coarse_heard, size)
    best = 0.0
    votes: dict[int, float] = {}
    chunk = int(CHUNK * RATE_HZ / 2)
    for start in range(0, len(coarse_said), chunk // 2):
        part = coarse_said[start : start + chunk]
        if len(part) < chunk // 2 and start > 0:
            break
        at, alike = _place(part, coarse_heard, size, spectrum)
        best = max(best, alike)
        if alike > CHUNK_ALIKE:
            _vote(votes, said, heard, 2 * start, 2 * (start + chunk), 2 * (at - start))
    merged = _merged(votes)
    return best, sorted(merged, key=lambda delay: -merged[delay])[:MOST_DELAYS]


def _place(part: Samples, whole: Samples, size: int, spectrum: NDArray[np.complex128]) -> tuple[int, float]:
    """Where `part` fits best in `whole`, and how well (normalised correlation)."""
    product = np.fft.irfft(spectrum * np.conj(np.fft.rfft(part, size)), size)[: len(whole)]
    energy = np.cumsum(np.concatenate(([0.0], whole**2, np.zeros(len(part)))))
    under = energy[len(part) : len(part) + len(whole)] - energy[: len(whole)]
    floor = float((part**2).sum()) * 1e-4 + 1e-12
    alike = product / np.sqrt((under + floor) * float((part**2).sum() + 1e-12))
    at = int(np.argmax(alike))
    return at, float(alike[at])


def _vote(votes: dict[int, float], said: Samples, heard: Samples, start: int, end: int, delay: int) -> None:
    """Find each window of one second near its delay; a window that is found votes for where it stands."""
    window, hop, drift = int(WINDOW * RATE_HZ), int(HOP * RATE_HZ), int(DRIFT * RATE_HZ)
    weakest = 0.01 * float(np.max(_power(said))) * window
    for at in range(start, min(end, len(said)) - window // 2, hop):
        part = said[at : at + window]
        low = max(0, at + delay - drift)
        area = heard[low : at + delay + window + drift]
        energy = float((part**2).sum())
        if energy < weakest or len(area) < window:
            continue
        size = _fast(len(area) + window)
        place, alike = _place(part, area, size, np.fft.rfft(area, size))
        if alike > LIKENESS_WANTED:
            found = low + place - at
            votes[found] = votes.get(found, 0.0) + float(np.sqrt(energy)) * alike


def _merged(votes: dict[int, float]) -> dict[int, float]:
    """Delays less than 1 ms apart are one, called by the one with most votes."""
    merged: dict[int, float] = {}
    for delay in sorted(votes, key=lambda each: -votes[each]):
        near = next((each for each in merged if abs(each - delay) <= RATE_HZ // 1000), None)
        merged[delay if near is None else near] = merged.get(near or delay, 0.0) + votes[delay]
    return merged


# -- frame by frame ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Frames:
    """For every frame (rows) and delay (columns): scalar product, energy of both; and what follows of them."""

    delays: tuple[int, ...]
    active: NDArray[np.bool_]
    product: Samples
    energy: Samples
    heard_energy: Samples
    gain: float

    @classmethod
    def of(cls, said: Samples, heard: Samples, delays: list[int], active: NDArray[np.bool_]) -> Self:
        """Cut both into frames."""
        count = len(active)
        rows = said[: count * FRAME].reshape(count, FRAME)
        product, energies = np.zeros((count, len(delays))), np.zeros((count, len(delays)))
        for column, delay in enumerate(delays):
            before, after = max(0, -delay), max(0, delay + count * FRAME - len(heard))
            padded = np.pad(heard, (before, after))
            shifted = padded[delay + before : delay + before + count * FRAME].reshape(count, FRAME)
            product[:, column] = (rows * shifted).sum(axis=1)
            energies[:, column] = (shifted**2).sum(axis=1)
        energy = (rows**2).sum(axis=1)
        level = (product.max(axis=1) / np.maximum(energy, 1e-12))[active]
        sure = level[level > 0.5 * np.percentile(level, 90)]
        gain = float(np.median(sure)) if len(sure) and np.median(sure) > 0 else 1.0
        return cls(tuple(delays), active, product, energy, energies, gain)

    @property
    def level(self) -> Samples:
        """How much of each frame is there, 1 = all, by delay; 0 in pauses."""
        level: Samples = self.product / np.maximum(self.energy, 1e-12)[:, None] / self.gain
        level[~self.active] = 0.0
        return level

    def follow(self) -> NDArray[np.int64]:
        """The delay (column) of every frame, -1 where one delay shrank to the next: that was cut out."""
        score = np.clip(self.level, 0.0, 1.0) - PRESENT
        score[~self.active] = 0.0
        score = np.maximum(score, 0.0)
        count, columns = score.shape
        delays = np.array(self.delays)
        total = np.zeros((count, columns))
        came: list[list[tuple[int, int]]] = []
        for row in range(count):
            back: list[tuple[int, int]] = []
            for column in range(columns):
                best, source = (total[row - 1, column], (row - 1, column)) if row else (0.0, (-1, column))
                for other in range(columns):
                    cut = max(0, -(-int(delays[other] - delays[column]) // FRAME))
                    before = row - 1 - cut
                    if other != column and before >= 0 and total[before, other] - SWITCH_COST > best:
                        best, source = total[before, other] - SWITCH_COST, (before, other)
                total[row, column] = best + score[row, column]
                back.append(source)
            came.append(back)
        path = np.full(count, -1, np.int64)
        row, column = count - 1, int(np.argmax(total[-1]))
        while row >= 0:
            path[row] = column
            row, column = came[row][column]
        return path


def _judge(frames: _Frames, path: NDArray[np.int64]) -> Heard:
    rows = np.arange(len(path))
    column = np.maximum(path, 0)
    alike = frames.product / np.sqrt(frames.energy[:, None] * frames.heard_energy + 1e-18)
    there = (frames.level[rows, column] >= PRESENT) & (alike[rows, column] >= FRAME_ALIKE)
    present = (path >= 0) & there & frames.active
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
