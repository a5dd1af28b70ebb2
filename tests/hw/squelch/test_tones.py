"""Tones: lengths, levels, edges, frequencies, and what is refused."""

import wave
from array import array
from math import log10

import numpy as np
import pytest

from hw.squelch.tones import SIGNALS, dtmf, tone, wav_of

SECONDS = {
    "refused": 0.48,
    "queued": 0.52,
    "timeout-warning": 0.52,
    "go-ahead": 0.2,
    "chime": 1.2,
    "test-tone": 1.0,
}


def spectrum_peaks(pcm: bytes, rate_hz: int) -> list[float]:
    samples = np.frombuffer(pcm, "<i2").astype(float)
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    inside = power[(hz > 280) & (hz < 3100)].sum() / power.sum()
    return [float(inside), float(hz[power.argmax()])]


def test_every_signal_has_its_length_here():
    assert set(SECONDS) == set(SIGNALS)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_passes_every_radio_and_does_not_click(name, rate_hz):
    pcm = tone(name, rate_hz)
    samples = array("h", pcm)
    assert len(samples) == pytest.approx(SECONDS[name] * rate_hz, abs=2)
    assert spectrum_peaks(pcm, rate_hz)[0] > 0.99
    assert max(map(abs, samples)) < 32767
    loudest = max(map(abs, samples))
    assert max(abs(samples[0]), abs(samples[-1])) < 0.05 * loudest
    assert tone(name, rate_hz) == pcm


def test_the_test_tone_has_the_level_that_is_asked_for():
    for dbfs in (-40.0, -18.0, -6.0):
        samples = array("h", tone("test-tone", 16000, dbfs))
        rms = (sum(value * value for value in samples) / len(samples)) ** 0.5
        assert 20 * log10(rms / 32768) == pytest.approx(dbfs, abs=0.1)
    assert spectrum_peaks(tone("test-tone", 16000), 16000)[1] == pytest.approx(1000, abs=1)


def test_the_chime_falls_from_one_note_to_the_other():
    pcm = tone("chime", 16000)
    first, second = pcm[: 16000 // 2 * 2], pcm[16000 // 2 * 2 :]
    assert spectrum_peaks(first, 16000)[1] == pytest.approx(659, abs=5)
    assert spectrum_peaks(second, 16000)[1] == pytest.approx(523, abs=5)


def test_a_note_of_the_chime_dies_away_and_a_beep_does_not():
    def loudness(pcm: bytes, first: float, last: float) -> int:
        return max(map(abs, array("h", pcm)[int(first * 16000) : int(last * 16000)]))

    chime, beep = tone("chime", 16000), tone("refused", 16000)
    assert loudness(chime, 0.42, 0.48) < 0.4 * loudness(chime, 0.02, 0.08)
    assert loudness(beep, 0.12, 0.18) > 0.8 * loudness(beep, 0.02, 0.08)


def test_a_signal_as_a_file(tmp_path):
    path = tmp_path / "chime.wav"
    wav_of("chime", 16000, path)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        assert file.readframes(file.getnframes()) == tone("chime", 16000)


def test_dtmf_has_its_length_and_its_two_tones():
    pcm = dtmf("1d", 8000, on_ms=100, off_ms=50)
    assert len(pcm) == 2 * 8000 * 3 // 10
    samples = np.frombuffer(pcm[:1600], "<i2").astype(float)
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8000)) ** 2
    low, high = power[600:1000].argmax() + 600, power[1100:1700].argmax() + 1100
    assert (low, high) == (pytest.approx(697, abs=3), pytest.approx(1209, abs=3))
    assert 10 * log10(power[high] / power[low]) == pytest.approx(2, abs=0.3)
    assert dtmf("", 8000) == b""


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match="no tone 'gong'; there are: refused"):
        tone("gong", 16000)
    with pytest.raises(ValueError, match="rate 1234"):
        tone("chime", 1234)
    with pytest.raises(ValueError, match="level 3"):
        tone("chime", 16000, 3.0)
    with pytest.raises(ValueError, match="'x' is no digit|'X' is no digit"):
        dtmf("12x", 16000)
    with pytest.raises(ValueError, match="at least 40 ms"):
        dtmf("1", 16000, on_ms=20)
