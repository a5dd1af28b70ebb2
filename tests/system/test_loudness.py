"""Real legs through a real bridge: faint and loud speech is heard equally loud, unclipped, and as clear as before."""

import numpy as np
import pytest

from link.voice.loudness import TARGET_DBFS
from scripts.figures.loudness import Heard, Sound, hear, speech

FAINT, LOUD = -38.0, -12.0
FRAME = 320


def likeness(said: Sound, heard: Heard) -> float:
    """How well the spectrum of what was heard follows that of what was said, 0 to 1, at the best delay."""
    envelope, other = _bands(said), _bands(heard.sound)
    best = 0.0
    for delay in range(40):
        mine, theirs = envelope, other[delay : delay + len(envelope)]
        length = min(len(mine), len(theirs))
        if length < len(envelope) * 0.8:
            break
        best = max(best, float(np.corrcoef(mine[:length].ravel(), theirs[:length].ravel())[0, 1]))
    return best


def _bands(sound: Sound) -> Sound:
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME) * np.hanning(FRAME)
    power = np.abs(np.fft.rfft(frames, axis=1))[:, 4:68] ** 2
    return np.asarray(np.log(power.reshape(len(frames), 16, 4).sum(axis=2) + 1e4))


@pytest.mark.long  # the level control itself has unit tests; scripts/bench prints the same
def test_speech_of_any_loudness_is_heard_equally_loud_unclipped_and_clear():
    faint, loud = hear((FAINT, LOUD), levelled=True, seconds=1.5)
    for heard in (faint, loud):
        assert abs(heard.level - TARGET_DBFS) <= 2.0, heard.level
        assert heard.clipped == 0
    assert abs(faint.level - loud.level) <= 2.0
    assert likeness(speech(LOUD, 1.5), loud) > 0.9
    assert likeness(speech(LOUD, 1.5), loud) - likeness(np.roll(speech(LOUD, 1.5), 12_000), loud) > 0.2
