"""Compare speech that was sent with what was heard: delay, gain, lost start, holes. numpy, tests only."""

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16000
FRAME = RATE // 50
SPEECH = Path("/usr/share/sounds/alsa")
WORDS = ("Front_Center", "Rear_Left", "Side_Right", "Front_Right", "Rear_Center", "Side_Left", "Front_Left")
SOON = RATE * 6 // 10
"""The start of an over is looked for in the first 0.6 s after its first frame was handed in."""
Sound = NDArray[np.int16]


def speech(seconds: float) -> Sound:
    """Real speech at 16 kHz whose very first 20 ms are loud (it begins inside a word)."""
    parts = []
    for word in WORDS:
        with wave.open(str(SPEECH / f"{word}.wav"), "rb") as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48000, 1, 2)
            parts.append(np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float64))
    sound = np.concatenate(parts)
    taps = np.arange(-60, 61)
    low_pass = np.sinc(taps / 3) / 3 * np.hamming(len(taps))
    sound = np.convolve(sound, low_pass, "same")[::3]
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    loud = np.sqrt((frames**2).mean(axis=1))
    begin = int(np.argmax(loud > 0.4 * loud.max())) * FRAME
    sound = sound[begin:] * (12000 / np.abs(sound).max())
    return np.resize(sound, int(seconds * 50) * FRAME).astype(np.int16)


def alike(sent: Sound, heard: Sound) -> float:
    """Normalised correlation of two pieces of equal length, -1..1; 0 when one is silent."""
    a, b = sent.astype(np.float64), heard.astype(np.float64)
    power = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / power if power else 0.0


def power(sound: Sound) -> float:
    """Sum of squares."""
    return float((sound.astype(np.float64) ** 2).sum())


def find(piece: Sound, inside: Sound) -> int:
    """Where `piece` fits best in `inside`."""
    a, b = piece.astype(np.float64), inside.astype(np.float64)
    size = 1 << int(np.ceil(np.log2(len(a) + len(b))))
    product = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)[: len(b) - len(a) + 1]
    power = np.cumsum(np.concatenate(([0.0], b * b)))
    energy = np.sqrt(np.maximum(power[len(a) :] - power[: -len(a)], 1.0))
    return int(np.argmax(product / energy))


@dataclass(frozen=True)
class Heard:
    """What became of one over.

    `delay_ms` runs from the pop of the first frame to the push of its first sample, `end_delay_ms` is the
    same at the end. `lost_ms` is how much of the start is missing. Later on `dropped_ms` of speech were
    left out and `added_ms` put in (a jitter buffer that shrinks or grows); `torn_ms` fits nowhere.
    """

    delay_ms: float
    end_delay_ms: float
    gain_db: float
    lost_ms: int
    dropped_ms: float
    added_ms: float
    torn_ms: int


HOP, WINDOW, NEAR = RATE // 50, RATE // 25, RATE // 25
FAR_WINDOW, FAR = RATE // 5, RATE * 3 // 4
KEEP = 0.1
"""A window has to fit this much better elsewhere before we believe that sound was dropped or added."""


def follow(sent: Sound, heard: Sound, at: int) -> list[tuple[int, float, int]]:
    """(start, fit 0..1, shift against `at`) for each loud 40 ms window of `sent`, every 20 ms."""
    found, shift = [], 0
    quiet = 0.05 * float(np.abs(sent.astype(np.float64)).max())
    for start in range(0, len(sent) - WINDOW + 1, HOP):
        piece = sent[start : start + WINDOW]
        if float(np.sqrt((piece.astype(np.float64) ** 2).mean())) < quiet:
            continue
        low = max(0, at + start + shift - NEAR)
        stay = alike(piece, heard[at + start + shift : at + start + shift + WINDOW])
        other = low + find(piece, heard[low : low + WINDOW + 2 * NEAR]) - at - start
        moved = alike(piece, heard[at + start + other : at + start + other + WINDOW])
        if moved > stay + KEEP:
            shift, stay = other, moved
        if stay < 0.5 and start + FAR_WINDOW <= len(sent):
            far, low = sent[start : start + FAR_WINDOW], max(0, at + start - FAR)
            other = low + find(far, heard[low : at + start + FAR_WINDOW + FAR]) - at - start
            if alike(far, heard[at + start + other : at + start + other + FAR_WINDOW]) > 0.8:
                shift = other
                stay = alike(piece, heard[at + start + other : at + start + other + WINDOW])
        found.append((start, stay, shift))
    return found


def compare(sent: Sound, began: float, times: list[float], heard: Sound) -> Heard:
    """`times` are those of the 20 ms frames that `heard` is made of; `began` is the first pop."""
    heard = np.concatenate((heard, np.zeros(RATE, np.int16)))
    first = max(0, next((i for i, at in enumerate(times) if at >= began), 0) - 1) * FRAME
    at = first + find(sent[: RATE // 2], heard[first : first + SOON + RATE // 2])
    path = follow(sent, heard, at)
    good = [(start, shift) for start, fit, shift in path if fit > 0.8]
    if not good:
        return Heard(0.0, 0.0, -99.0, len(sent) // 16, 0.0, 0.0, len(path) * 20)
    shifts = [shift for _, shift in good]
    steps = [b - a for a, b in zip(shifts, shifts[1:], strict=False)]
    in_power = sum(power(sent[s : s + WINDOW]) for s, _ in good)
    out_power = sum(power(heard[at + s + d : at + s + d + WINDOW]) for s, d in good)
    begin, lost = at + shifts[0], good[0][0] // 16
    for start in range(0, good[0][0], FRAME // 2):
        # A gap put in within the first 40 ms tears the window; what stands before it is not lost.
        piece, low = sent[start : start + FRAME], max(0, begin + start - NEAR)
        near = heard[low : begin + start + FRAME + NEAR]
        found = find(piece, near)
        if alike(piece, near[found : found + FRAME]) > 0.9:
            begin, lost = low + found - start, start // 16
            break
    delay = (times[begin // FRAME] - began) * 1000 + begin % FRAME / 16
    return Heard(
        delay_ms=round(delay, 1),
        end_delay_ms=round(delay + (at + shifts[-1] - begin) / 16, 1),
        gain_db=round(10 * float(np.log10(out_power / in_power)), 2),
        lost_ms=lost,
        dropped_ms=round(sum(-step for step in steps if step < 0) / 16, 1),
        added_ms=round(sum(step for step in steps if step > 0) / 16, 1),
        torn_ms=20 * sum(1 for _, fit, _ in path if fit <= 0.8),
    )
