"""Tempo: the door to libsonic gives back what it took, a little faster, at the same pitch."""

import ctypes
import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.sound import tempo as door
from hw.sound.tempo import SPEED, Tempo, load_library


@pytest.fixture(scope="module")
def library() -> ctypes.PyDLL:
    found = load_library()
    assert found is not None, "the package libsonic0 belongs to requirements/debian.txt"
    return found


def played(library: ctypes.PyDLL, sound: np.ndarray, rate: int = 16000, piece: int = 320) -> np.ndarray:
    tempo, out = Tempo(library, rate), b""
    data = sound.astype("<i2").tobytes()
    for at in range(0, len(data), 2 * piece):
        tempo.write(data[at : at + 2 * piece])
        out += tempo.read(tempo.ready)
    return np.frombuffer(out + tempo.finish(), "<i2")


def tone(hz: float, seconds: float, rate: int = 16000) -> np.ndarray:
    return 8000 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)


def pitch(sound: np.ndarray, rate: int = 16000) -> float:
    windowed = sound * np.hanning(len(sound))
    return float(np.argmax(np.abs(np.fft.rfft(windowed, 1 << 18)))) * rate / (1 << 18)


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
@pytest.mark.parametrize("hz", [110, 220, 440, 1000])
def test_a_tone_keeps_its_pitch_and_is_at_most_so_much_shorter(library, hz, rate):
    said = tone(hz, 3.0, rate)
    heard = played(library, said, rate)
    assert pitch(heard, rate) == pytest.approx(hz, rel=0.02)
    assert 1.12 < len(said) / len(heard) <= 1.15


def test_no_click_stands_where_periods_were_joined_or_where_the_stream_ends(library):
    said = tone(300, 1.0)
    heard = np.concatenate((played(library, said[:8000]).astype(float), said[8000:]))
    assert np.abs(np.diff(heard)).max() <= 1.5 * np.abs(np.diff(said)).max()


@given(st.integers(0, 500), st.integers(1, 400))
def test_what_is_too_short_to_be_made_faster_comes_out_as_it_was(samples, piece):
    library = load_library()
    said = np.arange(1, samples + 1)
    heard = played(library, said, piece=piece)
    assert len(heard) <= samples
    if samples < 400:
        assert np.array_equal(heard, said)
    assert np.array_equal(heard[-100:], said[-100:])


def test_waiting_is_what_is_inside(library):
    tempo = Tempo(library, 16000)
    tempo.write(bytes(640))
    assert (tempo.ready, tempo.waiting) == (0, 320)
    for _ in range(20):
        tempo.write(bytes(640))
    tempo.read(2000)
    assert tempo.waiting == pytest.approx(21 * 320 - 2000 * SPEED, abs=1)


@pytest.mark.parametrize(
    ("name", "why"), [("libnot-there.so.7", "libnot-there"), ("libc.so.6", "sonicCreate")]
)
def test_a_library_that_is_missing_or_another_is_told_with_advice(caplog, name, why):
    load_library.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert load_library(name) is None
        assert load_library(name) is None
    (told,) = caplog.messages
    assert why in told
    assert "libsonic0" in told


class Liar:
    """Gives back another speed than was set."""

    def __getattr__(self, name: str) -> object:
        return lambda *arguments: 1


def test_a_library_that_behaves_otherwise_is_not_used(monkeypatch):
    with pytest.raises(ValueError, match="came back 1 and 1"):
        door._try_out(Liar())
    with pytest.raises(MemoryError):
        Tempo(type("Full", (), {"sonicCreateStream": lambda self, rate, channels: None})(), 16000)
