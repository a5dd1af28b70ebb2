"""The meter: peak, rms, clipping and silence of known sounds."""

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.sound.level import EVERY, FLOOR_DBFS, WINDOW, Meter

FRAMES = EVERY * WINDOW


def tone(amplitude: float, hz: float, frames: int = FRAMES) -> list[bytes]:
    samples = [
        max(-32768, min(32767, round(amplitude * math.sin(2 * math.pi * hz * n / 16000))))
        for n in range(320 * frames)
    ]
    return [array("h", samples[i : i + 320]).tobytes() for i in range(0, len(samples), 320)]


def level_of(frames: list[bytes]) -> Meter:
    meter = Meter()
    for frame in frames:
        meter.add(frame)
    return meter


@pytest.mark.parametrize("hz", [100, 440, 1000, 3400, 4000])
def test_a_tone_reads_its_peak_and_rms(hz: float) -> None:
    level = level_of(tone(16384, hz)).level
    assert level.peak == pytest.approx(16384, rel=0.02)
    assert level.rms_dbfs == pytest.approx(-9.03, abs=1.0)
    assert level.clipped_per_s == 0


def test_clipping_is_counted_per_second() -> None:
    square = array("h", [32767, -32768] * 160).tobytes()
    level = level_of([square] * FRAMES).level
    assert level.peak == 32768
    assert level.clipped_per_s == pytest.approx(16000)


def test_silence_is_timed_and_sound_ends_it() -> None:
    meter = level_of([bytes(640)] * FRAMES * 3)
    assert meter.level.silence_s == pytest.approx(3.0)
    assert meter.level.rms_dbfs == FLOOR_DBFS
    for frame in tone(16384, 1000):
        meter.add(frame)
    assert meter.level.silence_s == 0


def test_digital_silence_counts_without_being_looked_at() -> None:
    meter = Meter()
    for _ in range(FRAMES):
        meter.add_silence()
    assert meter.level.silence_s == pytest.approx(1.0)


@given(st.lists(st.integers(-32768, 32767), min_size=320, max_size=320))
def test_any_frame_gives_a_level_in_range(samples: list[int]) -> None:
    level = level_of([array("h", samples).tobytes()] * FRAMES).level
    assert level.peak == max(max(samples), -min(samples), 0)
    assert FLOOR_DBFS <= level.rms_dbfs <= 0.0
