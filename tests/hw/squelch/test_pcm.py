"""Samples: cutting, rates, levels."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.squelch.pcm import FLOOR_DBFS, MOST_FRAMES, Pieces, at_8_khz, at_16_khz, band_dbfs, rms_dbfs
from hw.squelch.voice_activity import VoiceActivity
from tests.hw.squelch.sound import FRAME_NS, sine

RATES = [8000, 16000, 32000, 48000]


@pytest.mark.parametrize("rate_hz", RATES)
def test_every_rate_becomes_16_and_8_khz(rate_hz):
    samples = array("h", sine(500, 0.1, -20.0, rate_hz))
    sixteen, eight = at_16_khz(samples, rate_hz), at_8_khz(samples, rate_hz)
    assert (len(sixteen), len(eight)) == (1600, 800)
    assert rms_dbfs(sixteen.tobytes()) == pytest.approx(-20.0, abs=0.3)


@pytest.mark.parametrize("rate_hz", RATES)
def test_hum_counts_little_and_voice_counts(rate_hz):
    def level(hz: float) -> float:
        return band_dbfs(array("h", sine(hz, 0.02, -20.0, rate_hz)), rate_hz)

    assert level(50) < -42
    assert level(1000) == pytest.approx(-20, abs=1)
    assert level(2500) == pytest.approx(-20, abs=1.5)


def test_levels_of_nothing():
    assert rms_dbfs(b"") == rms_dbfs(b"\x01") == rms_dbfs(bytes(640)) == FLOOR_DBFS
    assert band_dbfs(array("h", bytes(640)), 16000) == FLOOR_DBFS


@given(st.lists(st.binary(max_size=2000), max_size=20))
def test_pieces_lose_nothing_and_hold_less_than_a_frame(deliveries):
    pieces, got = Pieces(16000), b""
    for pcm in deliveries:
        for samples, _ in pieces.cut(pcm, 0):
            assert len(samples) == 320
            got += samples.tobytes()
    whole = b"".join(deliveries)
    assert got == whole[: len(whole) // 640 * 640]


def test_frames_of_one_delivery_end_20_ms_apart():
    ends = [end for _, end in Pieces(16000).cut(bytes(640 * 3), 100 * FRAME_NS)]
    assert ends == [98 * FRAME_NS, 99 * FRAME_NS, 100 * FRAME_NS]


def test_of_a_flood_only_the_newest_is_looked_at():
    assert len(list(Pieces(16000).cut(bytes(640 * 1000), 0))) == MOST_FRAMES


def test_the_detector_takes_any_length_and_finds_no_speech_in_a_sine():
    voice = VoiceActivity()
    assert voice.likely(array("h")) == 0.0
    assert all(0.0 <= voice.likely(array("h", sine(700, seconds))) < 0.3 for seconds in (0.005, 0.025, 0.5))
    voice.reset()
    assert voice.likely(array("h", bytes(320))) == 0.0
