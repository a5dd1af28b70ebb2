"""What the people of the town say: phrases of a real human voice (alsa-utils), one for each speaker.

Every phrase joins other words, so that what one says is never part of what another says. Writes WAVs of 16 kHz.
"""

import wave
from functools import cache
from pathlib import Path

import numpy as np
import soxr  # type: ignore[import-untyped,import-not-found,unused-ignore]

from scripts.town.alignment import FRAME, power
from scripts.town.listening import RATE_HZ, ListeningError, Samples, save

SOUNDS = Path("/usr/share/sounds/alsa")
WORDS = {
    "north": ("Front_Center", "Rear_Left", "Side_Right"),
    "south": ("Front_Right", "Rear_Center", "Side_Left"),
    "dam": ("Rear_Right", "Front_Left"),
}
"""Who says which words; the speech of a reservoir's radio."""
PEAK = 0.4
QUIET = 0.01
"""Phrases begin and end with speech: what is lost at the edges of an over is noticed."""


def phrase(speaker: str) -> Samples:
    """What `speaker` says. ListeningError when the system lacks the sounds."""
    return _joined(WORDS[speaker])


def write_phrase(speaker: str, folder: Path) -> Path:
    """The same as a WAV file in `folder`."""
    path = folder / f"said-{speaker}.wav"
    save(path, phrase(speaker))
    return path


@cache
def _joined(words: tuple[str, ...]) -> Samples:
    sound = np.concatenate([_word(word) for word in words])
    levels = power(sound)
    loud = np.flatnonzero(levels > QUIET * levels.max())
    whole: Samples = sound[loud[0] * FRAME : (loud[-1] + 1) * FRAME] * (PEAK / np.abs(sound).max())
    return whole


def _word(word: str) -> Samples:
    path = SOUNDS / f"{word}.wav"
    try:
        with wave.open(str(path), "rb") as file:
            rate_hz, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise ListeningError(
            f"{path}: {error}; install the package alsa-utils (scripts/setup does)"
        ) from error
    if (channels, width) != (1, 2):
        raise ListeningError(f"{path}: not mono with 16 bit")
    sound = np.frombuffer(data, "<i2").astype(np.float64) / 32768.0
    return np.asarray(soxr.resample(sound, rate_hz, RATE_HZ), np.float64)
