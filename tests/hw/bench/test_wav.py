"""Reading and writing WAV files of the control verbs."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hw.bench.wav import WavError, read_wav, write_wav

from .conftest import samples_of


def test_16_khz_is_taken_as_it_is(make_wav: Callable[..., Path]) -> None:
    path = make_wav(0.1)
    assert np.array_equal(read_wav(path), samples_of(path))


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_other_rates_are_resampled_with_pitch_and_length_kept(
    rate: int, make_wav: Callable[..., Path]
) -> None:
    times = np.arange(rate) / rate
    sound = read_wav(make_wav(rate=rate, samples=10000 * np.sin(2 * np.pi * 1000 * times)))
    assert len(sound) == 16000
    spectrum = np.abs(np.fft.rfft(sound))
    assert int(spectrum.argmax()) == 1000
    assert np.abs(sound).max() == pytest.approx(10000, rel=0.02)


def test_what_lies_above_8_khz_is_removed_not_folded(make_wav: Callable[..., Path]) -> None:
    times = np.arange(48000) / 48000
    sound = read_wav(make_wav(rate=48000, samples=10000 * np.sin(2 * np.pi * 9000 * times)))
    assert np.abs(sound).max() < 50


def test_bad_files_are_refused_with_a_reason(make_wav: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(WavError, match="2 channel"):
        read_wav(make_wav(channels=2))
    with pytest.raises(WavError, match="holds no sound"):
        read_wav(make_wav(seconds=0))
    text = tmp_path / "x.wav"
    text.write_text("no sound")
    with pytest.raises(WavError, match="not a readable WAV"):
        read_wav(text)
    with pytest.raises(WavError, match="No such file"):
        read_wav(tmp_path / "absent.wav")


def test_written_sound_is_padded_and_cut_to_length(tmp_path: Path) -> None:
    raw = io.BytesIO(np.arange(1000, dtype="<i2").tobytes())
    write_wav(tmp_path / "a.wav", raw, 1500)
    got = samples_of(tmp_path / "a.wav")
    assert len(got) == 1500
    assert np.array_equal(got[:1000], np.arange(1000))
    assert not got[1000:].any()
    write_wav(tmp_path / "b.wav", raw, 10)
    assert len(samples_of(tmp_path / "b.wav")) == 10


def test_an_unwritable_place_is_said(tmp_path: Path) -> None:
    with pytest.raises(WavError, match="cannot be written"):
        write_wav(tmp_path / "no" / "dir.wav", io.BytesIO(), 1)
