"""What a receiver hears: one voice exactly, a collision spoilt, noise where there is only a squelch tail."""

import numpy as np
import pytest

from hw.bench.gate import FRAME_BYTES, FRAME_SAMPLES, SILENCE, WHOLE
from hw.bench.mixing import Ear, Noise, Signal, overlay, receive, slice_frame

EAR = Ear(tail_dbfs=-20.0)
VOICE = np.arange(-160, 160, dtype=np.int16) * 40
SOUND = VOICE.tobytes()


def heard(signals: list[Signal], spans: tuple[tuple[int, int], ...] = WHOLE, ear: Ear = EAR) -> np.ndarray:
    frame = receive(signals, spans, ear, Noise())
    assert len(frame) == FRAME_BYTES
    return np.frombuffer(frame, np.int16)


def rms_dbfs(samples: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(samples.astype(float) ** 2)) / 32768))


def test_one_voice_is_heard_exactly() -> None:
    assert np.array_equal(heard([Signal(WHOLE, SOUND)]), VOICE)


def test_a_closed_squelch_is_silent() -> None:
    assert receive([Signal(WHOLE, SOUND)], (), EAR, Noise()) is SILENCE


def test_a_bare_carrier_is_silent() -> None:
    assert not heard([Signal(WHOLE)]).any()


def test_the_voice_is_cut_where_the_squelch_opens() -> None:
    got = heard([Signal(WHOLE, SOUND)], ((100, FRAME_SAMPLES),))
    assert not got[:100].any()
    assert np.array_equal(got[100:], VOICE[100:])


def test_an_open_squelch_without_carrier_is_tail_noise() -> None:
    got = heard([])
    assert rms_dbfs(got) == pytest.approx(-20, abs=1.5)
    half = heard([Signal(((0, 160),), SOUND)])
    assert np.array_equal(half[:160], VOICE[:160])
    assert rms_dbfs(half[160:]) == pytest.approx(-20, abs=2.5)


def test_a_collision_spoils_both() -> None:
    got = heard([Signal(WHOLE, SOUND), Signal(((160, FRAME_SAMPLES),), SOUND)])
    assert np.array_equal(got[:160], VOICE[:160])
    spoilt = got[160:].astype(float)
    likeness = np.corrcoef(spoilt, VOICE[160:])[0, 1]
    assert likeness < 0.9
    assert rms_dbfs(spoilt) > rms_dbfs(VOICE[160:])


def test_hiss_lies_under_a_closed_squelch_only() -> None:
    ear = Ear(tail_dbfs=-20, hiss_dbfs=-50)
    assert rms_dbfs(heard([], (), ear)) == pytest.approx(-50, abs=1.5)
    assert np.array_equal(heard([Signal(WHOLE, SOUND)], WHOLE, ear), VOICE)


def test_a_noisy_receiver_has_noise_over_everything() -> None:
    ear = Ear(tail_dbfs=-20, fault_dbfs=-18)
    assert rms_dbfs(heard([], (), ear)) == pytest.approx(-18, abs=1.5)
    assert not np.array_equal(heard([Signal(WHOLE, SOUND)], WHOLE, ear), VOICE)


def test_loud_sums_are_clipped_not_wrapped() -> None:
    loud = np.full(FRAME_SAMPLES, 32767, np.int16).tobytes()
    got = np.frombuffer(overlay(loud, -10, Noise()), np.int16)
    assert got.min() > 0
    assert rms_dbfs(np.frombuffer(overlay(None, -20, Noise()), np.int16)) == pytest.approx(-20, abs=1.5)


def test_the_same_seed_gives_the_same_noise() -> None:
    assert np.array_equal(Noise(3).frame(-20), Noise(3).frame(-20))
    noise = Noise(3)
    assert not np.array_equal(noise.frame(-20), noise.frame(-20))


@pytest.mark.parametrize("first", [-400, -320, -319, -1, 0, 5, 900, 999, 1000])
def test_slices_line_up_with_the_sound(first: int) -> None:
    samples = np.arange(1, 1001, dtype=np.int16)
    padded = np.concatenate([np.zeros(400, np.int16), samples, np.zeros(400, np.int16)])
    wanted = padded[first + 400 : first + 400 + FRAME_SAMPLES]
    got = slice_frame(samples, first)
    if got is None:
        assert not wanted.any()
    else:
        assert np.array_equal(np.frombuffer(got, np.int16), wanted)
