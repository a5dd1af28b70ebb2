"""Following speech that was made faster: nothing missing is found missing, what was taken out is found."""

import numpy as np
import pytest

from hw.sound.tempo import Tempo, load_library
from scripts.figures.warp import RATE_HZ, follow
from tests.system.voice_measure import speech

SAID = speech(3.0).astype(np.float64)
MS = RATE_HZ // 1000


def late(sound: np.ndarray, ms: int) -> np.ndarray:
    return np.concatenate((np.zeros(ms * MS), sound))


def faster(sound: np.ndarray) -> np.ndarray:
    library = load_library()
    assert library is not None
    tempo = Tempo(library, RATE_HZ)
    tempo.write(sound.astype("<i2").tobytes())
    return np.frombuffer(tempo.read(tempo.ready) + tempo.finish(), "<i2").astype(float)


def test_what_is_only_late_is_all_there():
    found = follow(SAID, late(SAID, 300), 500)
    assert found.lost_ms == 0
    assert {round(lag) for _, lag in found.lags} == {300}
    assert (found.most_ms, found.last_ms) == (300, 300)


def test_what_a_jitter_buffer_delays_further_in_mid_speech_is_all_there():
    at = loudest(100)
    grown = np.concatenate((SAID[:at], np.zeros(20 * MS), SAID[at:]))
    assert follow(SAID, late(grown, 200), 400).lost_ms == 0


def test_what_is_faster_is_all_there_and_less_and_less_late():
    found = follow(SAID, late(faster(SAID), 500), 700)
    assert found.lost_ms == 0
    assert found.most_ms == pytest.approx(500, abs=30)
    gained = 500 - found.last_ms
    assert gained == pytest.approx(3000 * (1 - 1 / 1.14), abs=60)


def loudest(ms: int) -> int:
    """Where the loudest part of so many milliseconds begins."""
    power = np.convolve(SAID**2, np.ones(ms * MS), "valid")
    return int(np.argmax(power))


@pytest.mark.parametrize("ms", [40, 100])
def test_what_is_cut_out_is_found(ms):
    at = loudest(ms)
    cut = np.concatenate((SAID[:at], SAID[at + ms * MS :]))
    assert follow(SAID, late(cut, 200), 400).lost_ms == pytest.approx(ms, abs=20)


def test_a_hole_is_found():
    at = loudest(80)
    holed = SAID.copy()
    holed[at : at + 80 * MS] = 0
    assert follow(SAID, late(holed, 200), 400).lost_ms == pytest.approx(80, abs=20)


def test_a_missing_start_and_end_are_found():
    assert follow(SAID, late(np.concatenate((np.zeros(60 * MS), SAID[60 * MS :])), 200), 400).lost_ms >= 40
    assert follow(SAID, late(SAID[: -300 * MS], 200), 400).lost_ms >= 40


def test_silence_said_loses_nothing_and_nothing_heard_loses_all():
    assert follow(np.zeros(RATE_HZ), np.zeros(RATE_HZ), 100).lost_ms == 0
    nothing = follow(SAID, np.zeros(RATE_HZ), 100)
    assert nothing.lost_ms > 500
    assert (nothing.most_ms, nothing.last_ms) == (0, 0)
