"""Loudness: how loudly somebody speaks, and what is done about it, on sounds that are made here."""

import math
import random
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from link.voice.loudness import CEILING, MOST_DOWN, MOST_UP, TARGET_DBFS, Leveller

RATE = 8000
FRAME = RATE // 50
Frames = list[list[float]]


def voice(level: float, seconds: float, noise: float = -75.0, seed: int = 1) -> Frames:
    """Syllables of 160 ms with gaps of 80 ms, each a buzz under a swell, and noise all the time; both in dBFS."""
    chance, size = random.Random(seed), 10 ** (level / 20) * 32768 * 1.9
    hiss = 10 ** (noise / 20) * 32768
    frames = []
    for number in range(round(seconds * 50)):
        swell = math.sin(math.pi * ((number % 12) + 0.5) / 8) if number % 12 < 8 else 0.0
        at = (number * FRAME + i for i in range(FRAME))
        buzz = (math.sin(2 * math.pi * 180 * n / RATE) ** 3 for n in at)
        frames.append([size * swell * wave + chance.gauss(0, hiss) for wave in buzz])
    return frames


def loudness(frames: Frames) -> float:
    """dBFS of what is within 20 dB of the loudest."""
    powers = [sum(s * s for s in frame) / len(frame) for frame in frames]
    loud = [power for power in powers if power > max(powers) / 100]
    return 10 * math.log10(sum(loud) / len(loud) / 2**30)


def through(leveller: Leveller, frames: Frames) -> Frames:
    """What the bridge makes of it: the gain wanted after one frame is in force from the next."""
    out = []
    for frame in frames:
        got = array("h", (max(-32768, min(32767, round(s * leveller.applied))) for s in frame))
        out.append(list(got))
        leveller.applied = leveller.hear(got.tobytes())
    return out


@pytest.mark.parametrize("level", [-38.0, -26.0, -23.0, -14.0])
def test_everybody_comes_out_equally_loud_and_unclipped(level: float):
    leveller = Leveller()
    said = voice(level, 4.0)
    through(leveller, said)
    out = through(leveller, said)
    assert loudness(out) == pytest.approx(TARGET_DBFS, abs=2.0)
    assert max(abs(s) for frame in out for s in frame) < 32767


def test_the_noise_between_words_and_after_them_is_not_raised():
    leveller = Leveller()
    through(leveller, voice(-38.0, 3.0, noise=-60.0))
    gain = leveller.gain
    noise = voice(-120.0, 20.0, noise=-60.0)
    through(leveller, noise)
    assert leveller.gain == pytest.approx(gain, rel=0.02)


def test_a_steady_noise_or_tone_is_no_speech():
    for frames in (voice(-120.0, 10.0, noise=-35.0), _tone(-35.0, 10.0)):
        leveller = Leveller()
        through(leveller, frames)
        assert leveller.gain == 1.0


def _tone(level: float, seconds: float) -> Frames:
    size = 10 ** (level / 20) * 32768 * math.sqrt(2)
    return [
        [size * math.sin(2 * math.pi * 1000 * (n * FRAME + i) / RATE) for i in range(FRAME)]
        for n in range(round(seconds * 50))
    ]


def test_silence_changes_nothing():
    leveller = Leveller()
    for frame in (bytes(2 * FRAME), b""):
        assert leveller.hear(frame) == 1.0


def test_a_shout_after_a_whisper_is_cut_within_one_frame():
    leveller = Leveller()
    through(leveller, voice(-40.0, 4.0))
    assert leveller.gain > 4
    shout = voice(-12.0, 2.0)
    out = through(leveller, shout)
    clipped = [number for number, frame in enumerate(out) if max(map(abs, frame)) >= 32767]
    assert len(clipped) <= 3, clipped
    assert all(number < 8 for number in clipped)


def test_it_moves_slowly_up_and_not_at_once():
    leveller = Leveller()
    through(leveller, voice(-38.0, 0.15))
    assert leveller.gain == 1.0
    through(leveller, voice(-38.0, 0.5))
    assert 0 < 20 * math.log10(leveller.gain) < 5


def test_what_is_learnt_stays_for_the_next_over():
    leveller = Leveller()
    through(leveller, voice(-38.0, 4.0))
    gain = leveller.gain
    leveller.begin()
    out = through(leveller, voice(-38.0, 1.0))
    assert leveller.gain == pytest.approx(gain, rel=0.1)
    assert loudness(out) == pytest.approx(TARGET_DBFS, abs=2.0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(-60, -6), st.floats(-90, -40)), min_size=1, max_size=4))
def test_the_gain_stays_within_its_limits_and_is_never_so_high_that_what_was_heard_clips(turns):
    leveller = Leveller()
    for number, (level, noise) in enumerate(turns):
        for frame in voice(level, 0.6, noise, seed=number):
            (out,) = through(leveller, [frame])
            gain = 20 * math.log10(leveller.gain)
            assert MOST_DOWN - 0.1 <= gain <= MOST_UP + 0.1
            loudest = max(abs(s) for s in frame)
            assert leveller.gain <= 1.0 or min(loudest, 32767) * leveller.gain <= CEILING * 1.01, out[:3]
