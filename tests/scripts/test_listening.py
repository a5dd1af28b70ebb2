"""The measurement itself, against impairments of known size on real speech."""

import math
import wave
from pathlib import Path

import numpy as np
import pytest

from scripts.town.listening import (
    RATE_HZ,
    ListeningError,
    Samples,
    find,
    load,
    loudness_dbfs,
    save,
    sounding,
)
from scripts.town.phrases import phrase

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def speech() -> Samples:
    """About 4 s of a human voice; its first and last 10 ms are loud."""
    return inside_a_word(phrase("north"))


@pytest.fixture(scope="module")
def other() -> Samples:
    return phrase("south")


@pytest.fixture(scope="module")
def hurried() -> Samples:
    """Speech without any pause, so that each lost millisecond is one of speech."""
    sound = phrase("north")
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    loud = np.sqrt((frames**2).mean(axis=1))
    return frames[loud > 0.15 * loud.max()].ravel()


def inside_a_word(sound: Samples) -> Samples:
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    loud = np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) > 0.25 * np.sqrt((frames**2).mean(axis=1)).max())
    return sound[loud[0] * 160 : (loud[-1] + 1) * 160]


def placed(sound: Samples, delay: float = 0.5, gain: float = 1.0) -> Samples:
    before = np.zeros(int(delay * RATE_HZ))
    return np.concatenate((before, gain * sound, np.zeros(RATE_HZ)))


def noise(length: int, level: float) -> Samples:
    return np.random.default_rng(1).normal(0, level, length)


def ms(count: float) -> int:
    return int(count * RATE_HZ / 1000)


def test_the_same_speech_is_found_whole(speech):
    heard = find(speech, placed(speech, 0.537))
    assert heard.contained
    assert heard.margin > 0.9
    assert heard.delay == pytest.approx(0.537, abs=0.001)
    assert heard.gain_db == pytest.approx(0, abs=0.1)
    assert heard.lost_ms == 0
    assert heard.likeness > 0.99


@pytest.mark.parametrize("gain_db", [-12, -3, 4])
def test_gain_is_measured_and_loses_nothing(speech, gain_db):
    heard = find(speech, placed(speech, gain=10 ** (gain_db / 20)))
    assert heard.gain_db == pytest.approx(gain_db, abs=0.2)
    assert heard.lost_ms == 0


@pytest.mark.parametrize("cut_ms", [20, 40, 75, 150, 400, 700])
def test_a_cut_start_is_reported(hurried, cut_ms):
    damaged = hurried.copy()
    damaged[: ms(cut_ms)] = 0
    heard = find(hurried, placed(damaged))
    assert heard.lost_start_ms == pytest.approx(cut_ms, abs=15)
    assert heard.lost_end_ms == 0
    assert heard.gaps_ms == 0


@pytest.mark.parametrize("cut_ms", [20, 75, 150, 400])
def test_a_cut_end_is_reported(hurried, cut_ms):
    heard = find(hurried, placed(hurried[: -ms(cut_ms)]))
    assert heard.lost_end_ms == pytest.approx(cut_ms, abs=15)
    assert heard.lost_start_ms == 0


@pytest.mark.parametrize("level_db", [20, 26])
def test_noise_loses_nothing(speech, level_db):
    clean = placed(speech)
    level = float(np.sqrt((speech**2).mean())) * 10 ** (-level_db / 20)
    heard = find(speech, clean + noise(len(clean), level))
    assert heard.contained
    assert heard.lost_start_ms <= 10
    assert heard.lost_end_ms <= 10
    assert heard.gaps_ms <= 20
    assert heard.gain_db == pytest.approx(0, abs=0.5)


def test_a_cut_start_is_reported_under_noise(hurried):
    damaged = hurried.copy()
    damaged[: ms(200)] = 0
    level = float(np.sqrt((hurried**2).mean())) / 10
    clean = placed(damaged)
    assert find(hurried, clean + noise(len(clean), level)).lost_start_ms == pytest.approx(200, abs=15)


def test_other_speech_is_not_contained(speech, other):
    heard = find(speech, placed(other))
    assert not heard.contained
    assert heard.absent
    assert math.isnan(heard.delay)
    assert heard.lost_ms > 1000


def test_silence_and_noise_contain_nothing(speech):
    for sound in (np.zeros(3 * RATE_HZ), noise(5 * RATE_HZ, 0.1), np.zeros(10)):
        heard = find(speech, sound)
        assert not heard.contained
        assert heard.absent


def test_both_of_two_voices_at_once_are_found(speech, other):
    length = max(len(speech), len(other)) + 2 * RATE_HZ
    both = np.zeros(length)
    both[4000 : 4000 + len(speech)] += speech
    both[9000 : 9000 + len(other)] += other
    for voice, at in ((speech, 4000), (other, 9000)):
        heard = find(voice, both)
        assert heard.contained
        assert heard.delay == pytest.approx(at / RATE_HZ, abs=0.002)


def middle(speech: Samples) -> int:
    """A moment in the loudest part of the middle third."""
    third = len(speech) // 3
    power = np.convolve(speech[third : 2 * third] ** 2, np.ones(ms(100)), "same")
    return third + int(np.argmax(power))


def test_sixty_lost_milliseconds_in_the_middle_are_a_gap(speech):
    at = middle(speech)
    silenced = speech.copy()
    silenced[at : at + ms(60)] = 0
    heard = find(speech, placed(silenced))
    assert heard.gaps_ms == pytest.approx(60, abs=15)
    assert heard.lost_start_ms == heard.lost_end_ms == 0


def test_sixty_milliseconds_cut_out_are_a_gap(speech):
    at = middle(speech)
    heard = find(speech, placed(np.concatenate((speech[:at], speech[at + ms(60) :]))))
    assert heard.gaps_ms == pytest.approx(60, abs=20)
    assert heard.lost_start_ms == heard.lost_end_ms == 0


def quietest(speech: Samples) -> int:
    """The middle of the quietest 60 ms of the middle third."""
    third = len(speech) // 3
    power = np.convolve(speech[third : 2 * third] ** 2, np.ones(ms(60)), "same")
    return third + int(np.argmin(power))


def test_a_stretched_pause_loses_nothing(speech):
    at = quietest(speech)
    stretched = np.concatenate((speech[:at], np.zeros(ms(60)), speech[at:]))
    heard = find(speech, placed(stretched))
    assert heard.contained
    assert heard.lost_ms <= 10


def test_a_shortened_pause_is_followed(speech):
    at = quietest(speech)
    pause = np.zeros(ms(200))
    reference = np.concatenate((speech[:at], pause, speech[at:]))
    heard = find(reference, placed(np.concatenate((speech[:at], pause[: ms(140)], speech[at:]))))
    assert heard.lost_ms <= 10


def test_part_of_the_speech_is_found_behind_other_speech(speech, other):
    half = speech[: len(speech) * 6 // 10]
    heard = find(speech, placed(np.concatenate((other, half)), 0.2))
    assert heard.contained
    assert heard.delay == pytest.approx(0.2 + len(other) / RATE_HZ, abs=0.002)
    assert heard.lost_end_ms == pytest.approx((len(speech) - len(half)) / 16, abs=60)


def test_telephone_band_and_a_law_lose_nothing(speech):
    spectrum = np.fft.rfft(placed(speech))
    hz = np.fft.rfftfreq(len(placed(speech)), 1 / RATE_HZ)
    narrow = np.fft.irfft(np.where((hz > 250) & (hz < 3500), spectrum, 0), len(placed(speech)))
    small = np.sign(narrow) * np.log1p(87.6 * np.abs(narrow)) / np.log1p(87.6)
    steps = np.rint(small * 128) / 128
    coded = np.sign(steps) * np.expm1(np.abs(steps) * np.log1p(87.6)) / 87.6
    heard = find(speech, coded)
    assert heard.lost_ms <= 10
    assert heard.likeness > 0.95


def test_a_silent_reference_is_refused(speech):
    with pytest.raises(ListeningError, match="silent"):
        find(np.zeros(RATE_HZ), speech)


def test_loudness_counts_only_what_sounds():
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ) * 0.1
    assert loudness_dbfs(placed(tone)) == pytest.approx(-23.0, abs=0.1)
    assert loudness_dbfs(np.zeros(RATE_HZ)) == -120


def test_sounding_tells_when(speech):
    spans = sounding(placed(speech, 0.5))
    assert spans is not None
    assert spans[0] == pytest.approx(0.5, abs=0.02)
    assert spans[1] == pytest.approx(0.5 + len(speech) / RATE_HZ, abs=0.05)
    assert sounding(np.zeros(RATE_HZ)) is None


def test_a_file_comes_back_as_it_was_saved(tmp_path, speech):
    save(tmp_path / "s.wav", speech)
    assert np.allclose(load(tmp_path / "s.wav"), speech, atol=1 / 32768)


def test_a_file_of_another_rate_is_refused(tmp_path: Path):
    with wave.open(str(tmp_path / "s.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(200))
    with pytest.raises(ListeningError, match="8000"):
        load(tmp_path / "s.wav")
    with pytest.raises(ListeningError, match="not a readable"):
        load(tmp_path / "none.wav")


@pytest.mark.parametrize("ms", [20, 60, 120])
def test_a_first_word_before_a_shortened_pause_is_found(ms):
    """The second of speech that it belongs to fits nowhere as a whole."""
    said = phrase("north")
    at = RATE_HZ // 2  # between the first two words
    heard = np.concatenate((np.zeros(RATE_HZ // 5), said[:at], said[at + ms * RATE_HZ // 1000 :]))
    heard += np.random.default_rng(7).normal(0, 0.02, len(heard))
    found = find(said, heard)
    assert (found.lost_start_ms, found.gaps_ms, found.lost_end_ms) == (0, 0, 0)
