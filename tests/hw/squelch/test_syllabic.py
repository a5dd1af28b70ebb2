"""Syllabic squelch on human speech in noise, and on everything that is no speech."""

import numpy as np
import pytest
import soxr  # type: ignore[import-untyped,import-not-found,unused-ignore]
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.squelch.facts import SquelchChange
from hw.squelch.syllabic import NoiseFloor, SyllabicSettings, SyllabicSquelch
from scripts.figures.noisy_speech import FRAME, NOISES, RATE_HZ, human, noise_only, pink, scene, to_pcm, white
from scripts.figures.squelch import judge, listen
from tests.hw.squelch.sound import FRAME_NS, feed, frames, quiet, sine

HANG = SyllabicSettings().hang


@pytest.mark.parametrize(("snr_db", "late_ms", "lost"), [(20, 500, 0.02), (10, 500, 0.03), (5, 1200, 0.15)])
@pytest.mark.parametrize("noise", [white, pink])
def test_speech_opens_it_and_its_pauses_close_it(noise, snr_db, late_ms, lost):
    sound = scene(human(), noise, snr_db, seed=4)
    run = listen(sound)
    told = judge(sound, run, 500, HANG)
    assert None not in told.delays_ms
    assert max(delay or 0 for delay in told.delays_ms) <= late_ms
    assert told.lost_ms <= lost * told.speech_ms
    assert told.cut_ms <= 0.05 * told.speech_ms
    assert told.false_ms <= 0.03 * told.pauses_ms
    assert len(run.openings) <= 2 * len(sound.spoken)


def test_an_opening_goes_back_to_where_the_speech_began():
    sound = scene(human(), white, 20, seed=4)
    since = [back for _, back in listen(sound).openings]
    begins = [first // FRAME for first, _ in sound.spoken]
    assert len(since) == len(begins)
    for back, begin in zip(since, begins, strict=True):
        assert -10 <= back - begin <= 3, "in frames of 20 ms"


@pytest.mark.parametrize("name", sorted(NOISES))
def test_noise_alone_does_not_open_it(name):
    run = listen(noise_only(NOISES[name], 30, seed=11))
    assert len(run.openings) == 0


@pytest.mark.parametrize("dbfs", [-60.0, -45.0, -6.0])
def test_hiss_of_any_level_and_a_step_in_it_do_not_open_it(dbfs):
    chance = np.random.default_rng(3)
    hiss = np.concatenate([np.full(RATE_HZ * 4, 1e-4), np.full(RATE_HZ * 6, 10 ** (dbfs / 20))])
    assert feed(SyllabicSquelch(RATE_HZ).frame, to_pcm(hiss * white(len(hiss), chance))) == []


def test_without_syllables_the_detector_alone_does_not_open_it():
    """A tone that glides through the voice band: the network takes it for speech, but its level stands still."""
    time = np.arange(RATE_HZ * 20) / RATE_HZ
    glide = 0.2 * np.sin(2 * np.pi * np.cumsum(300 + (time * 1200) % 2400) / RATE_HZ)
    pcm = to_pcm(glide + 0.01 * white(len(time), np.random.default_rng(9)))
    squelch, likely = SyllabicSquelch(RATE_HZ), 0.0
    for index, frame in enumerate(frames(pcm)):
        assert squelch.frame(frame, index * FRAME_NS) == ()
        likely = max(likely, squelch._likely[-1])
    assert likely > 0.8


def test_syllables_of_noise_alone_do_not_open_it():
    """Bursts of hiss, three a second, 20 dB over the floor: the level swings, but it is no speech."""
    time = np.arange(RATE_HZ * 20) / RATE_HZ
    bursts = np.where((time * 3) % 1 < 0.4, 0.1, 0.01) * white(len(time), np.random.default_rng(2))
    squelch, swung = SyllabicSquelch(RATE_HZ), 0
    for index, frame in enumerate(frames(to_pcm(bursts))):
        assert squelch.frame(frame, index * FRAME_NS) == ()
        swung += squelch._since_swing == 0
    assert swung > 100


@pytest.mark.parametrize("rate_hz", [8000, 32000, 48000])
def test_other_rates_hear_the_same(rate_hz):
    sound = scene(human()[:2], white, 15, seed=2)
    samples = np.frombuffer(sound.pcm, "<i2") / 32768
    pcm = to_pcm(soxr.resample(samples, RATE_HZ, rate_hz))
    changes = feed(SyllabicSquelch(rate_hz).frame, pcm, rate_hz)
    begins = [change.since_ns // FRAME_NS for change in changes if change.on]
    assert len(begins) == 2
    for begin, (first, _) in zip(begins, sound.spoken, strict=True):
        assert abs(begin - first // FRAME) <= 15


def test_the_hang_decides_when_it_closes():
    sound = scene(human()[:1], white, 20, seed=2, pause=(7.0, 7.1))
    ends = {}
    for hang in (0.5, 3.0):
        changes = feed(SyllabicSquelch(RATE_HZ, SyllabicSettings(hang=hang)).frame, sound.pcm)
        assert [change.on for change in changes] == [True, False]
        ends[hang] = changes[1].since_ns / 1e9 - sound.spoken[0][1] / RATE_HZ
    assert 0.3 <= ends[0.5] <= 1.6
    assert ends[3.0] - ends[0.5] == pytest.approx(2.5, abs=0.05)


def test_an_answer_straight_after_the_own_transmission_opens_it():
    sound = scene(human()[:1], white, 15, seed=3)
    begin = sound.spoken[0][0] // FRAME
    heard = frames(sound.pcm)
    squelch = SyllabicSquelch(RATE_HZ)
    for index, frame in enumerate(heard[:begin]):
        assert squelch.frame(frame, index * FRAME_NS) == ()
    for index in range(begin, begin + 150):
        assert squelch.deaf(index * FRAME_NS) == ()
    delay = next(
        n for n, frame in enumerate(heard[begin:]) if squelch.frame(frame, (begin + 150 + n) * FRAME_NS)
    )
    assert delay <= 20, "frames; 40 without the quiet that keeps the detector warm"


def test_being_deaf_and_a_reset_close_what_is_open():
    sound = scene(human()[:1], white, 20, seed=2)
    for end in ("deaf", "reset"):
        squelch = SyllabicSquelch(RATE_HZ)
        for index, frame in enumerate(frames(sound.pcm)):
            squelch.frame(frame, index * FRAME_NS)
            if squelch.on:
                break
        assert squelch.on
        assert getattr(squelch, end)(77) == (SquelchChange(False, 77),)
        assert getattr(squelch, end)(78) == ()


def test_the_floor_follows_noise_and_stays_below_speech():
    floor = NoiseFloor()
    for index in range(500):
        floor.add(-30.0 if index % 25 > 4 else -50.0)
    assert floor.dbfs < -40
    for _ in range(260):
        floor.add(-20.0)
    assert floor.dbfs == pytest.approx(-20.0, abs=0.5)


def test_settings_out_of_range_and_odd_rates_are_refused():
    for wrong in ({"hang": 0.1}, {"attack": 1.0}, {"swing": 0.0}, {"sure": 2.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            SyllabicSettings(**wrong)
    with pytest.raises(ValueError, match="22050"):
        SyllabicSquelch(22050)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([8000, 16000, 32000, 48000]),
    st.lists(st.tuples(st.binary(max_size=3000), st.integers(0, 2**40)), max_size=12),
)
def test_any_bytes_at_any_time_never_raise(rate_hz, deliveries):
    squelch = SyllabicSquelch(rate_hz)
    for pcm, at_ns in deliveries:
        for change in squelch.frame(pcm, at_ns):
            assert change.since_ns <= at_ns
    assert len(squelch._pieces._rest) < rate_hz // 50 * 2


def test_full_scale_and_silence_are_borne():
    squelch = SyllabicSquelch(RATE_HZ)
    loud = b"\xff\x7f\x00\x80" * (RATE_HZ // 2)
    assert feed(squelch.frame, quiet(1) + loud + quiet(1) + sine(50, 1, -3.1)) == []
