"""DTMF against Q.24: what must be a digit, what must not, and speech."""

import numpy as np
import pytest
import soxr  # type: ignore[import-untyped,import-not-found,unused-ignore]
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.squelch.dtmf import HIGH_HZ, LOW_HZ, DtmfDecoder
from hw.squelch.tones import dtmf
from scripts.figures.noisy_speech import NOISES, RATE_HZ, human, noise_only, to_pcm, white
from tests.hw.squelch.sound import feed, quiet

ALL = "0123456789ABCD*#"


def digits(pcm: bytes, rate_hz: int = 16000) -> str:
    found = feed(DtmfDecoder(rate_hz).frame, pcm + quiet(0.1, rate_hz), rate_hz)
    return "".join(digit.key for digit in found)


def pair(low: float, high: float, twist_db: float = 0.0, seconds: float = 0.06) -> bytes:
    time = np.arange(int(RATE_HZ * seconds)) / RATE_HZ
    gain = 10 ** (twist_db / 20)
    return to_pcm(0.1 * (np.sin(2 * np.pi * low * time) + gain * np.sin(2 * np.pi * high * time)))


@pytest.mark.parametrize("rate_hz", [8000, 16000, 32000, 48000])
@pytest.mark.parametrize("offset_ms", [0, 2.5, 5, 10, 13])
def test_every_digit_of_40_ms_with_40_ms_between(rate_hz, offset_ms):
    sent = ALL + "0011"
    pcm = quiet(offset_ms / 1000, rate_hz) + dtmf(sent, rate_hz, 40, 40)
    assert digits(pcm, rate_hz) == sent


def test_a_digit_is_told_once_and_where_it_began():
    found = feed(DtmfDecoder(16000).frame, quiet(1) + dtmf("5", 16000, 800) + dtmf("5", 16000))
    assert [digit.key for digit in found] == ["5", "5"]
    assert found[0].since_ns == pytest.approx(1_000_000_000, abs=15_000_000)
    assert found[1].since_ns == pytest.approx(1_900_000_000, abs=15_000_000)


@pytest.mark.parametrize("milliseconds", [10, 15, 20, 23])
def test_what_is_too_short_is_no_digit(milliseconds):
    tone = dtmf("5", 16000)[: 32 * milliseconds]
    assert [digits(bytes(100 * shift) + tone) for shift in range(8)] == [""] * 8


def test_a_gap_of_10_ms_does_not_make_two_of_one():
    tone = dtmf("8", 16000, 60, 40)[: 32 * 60]
    assert digits(tone + quiet(0.010) + tone) == "8"


@pytest.mark.parametrize("shift", [-0.015, 0.015])
def test_tones_within_one_and_a_half_percent_count(shift):
    for low in LOW_HZ:
        for high in HIGH_HZ:
            assert len(digits(pair(low * (1 + shift), high * (1 + shift)))) == 1


@pytest.mark.parametrize("shift", [-0.035, 0.035])
def test_tones_off_by_three_and_a_half_percent_do_not(shift):
    found = [digits(pair(low * (1 + shift), high * (1 + shift))) for low in LOW_HZ for high in HIGH_HZ]
    assert found == [""] * 16


@pytest.mark.parametrize(("twist_db", "told"), [(-14, ""), (-8, "5"), (0, "5"), (4, "5"), (10, "")])
def test_twist_has_limits(twist_db, told):
    assert digits(pair(770, 1336, twist_db)) == told


@pytest.mark.parametrize("snr_db", [20, 12])
def test_digits_in_noise(snr_db):
    sent = np.frombuffer(dtmf(ALL, 16000, 60, 60), "<i2") / 32768
    hiss = white(len(sent), np.random.default_rng(5)) * 10 ** ((-15 - snr_db) / 20)
    assert digits(to_pcm(sent + hiss)) == ALL


def test_speech_gives_no_digits():
    for phrase in human():
        for pitch in (0.7, 0.85, 1.0, 1.2, 1.4):
            assert digits(to_pcm(0.1 * soxr.resample(phrase, RATE_HZ, RATE_HZ * pitch))) == ""


@pytest.mark.parametrize("name", sorted(NOISES))
def test_noise_gives_no_digits(name):
    assert digits(noise_only(NOISES[name], 4, seed=1).pcm) == ""


def test_a_reset_forgets_a_digit_that_has_begun():
    decoder = DtmfDecoder(16000)
    half = dtmf("5", 16000)[: 32 * 30]
    assert feed(decoder.frame, half) == []
    decoder.reset()
    assert feed(decoder.frame, half[:640] + quiet(0.1)) == []


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([8000, 16000, 32000, 48000]),
    st.lists(st.tuples(st.binary(max_size=2500), st.integers(0, 2**40)), max_size=12),
)
def test_any_bytes_never_raise(rate_hz, deliveries):
    decoder = DtmfDecoder(rate_hz)
    for pcm, at_ns in deliveries:
        for digit in decoder.frame(pcm, at_ns):
            assert digit.key in ALL
    assert len(decoder._pieces._rest) < rate_hz // 50 * 2


def test_deliveries_of_any_length_give_the_same_digits():
    pcm = dtmf("147*", 16000, 60, 60) + quiet(0.1)
    decoder, found, at = DtmfDecoder(16000), "", 0
    for length in [1, 639, 3, 1000, 64, 2001] * 20:
        piece, at = pcm[at : at + length], at + length
        found += "".join(digit.key for digit in decoder.frame(piece, at))
    assert found == "147*"
