import io
import struct
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.store.sound import (
    Sound,
    UnreadableSound,
    at_rate,
    dbfs,
    joined,
    levelled,
    loudness_dbfs,
    peak_dbfs,
    read_wav,
    trimmed,
    write_wav,
)


def tone(hz: float, seconds: float = 1.0, rate_hz: int = 16_000, level: float = 0.5) -> Sound:
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    return Sound((level * np.sin(2 * np.pi * hz * t)).astype(np.float32), rate_hz)


def wav(pcm: bytes, channels: int = 1, rate_hz: int = 16_000, width: int = 2) -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(pcm)
    return held.getvalue()


def hz_of(sound: Sound) -> float:
    spectrum = np.abs(np.fft.rfft(sound.samples * np.hanning(len(sound.samples))))
    return float(np.argmax(spectrum)) * sound.rate_hz / len(sound.samples)


def test_what_is_written_is_read_and_the_standard_library_agrees() -> None:
    data = write_wav(tone(440))
    assert np.array_equal(read_wav(data).samples, np.rint(tone(440).samples * 32768) / np.float32(32768))
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (
            1,
            2,
            16_000,
            16_000,
        )


def test_full_scale_is_clipped_not_wrapped() -> None:
    assert read_wav(write_wav(Sound(np.array([2.0, -2.0], np.float32), 16_000))).samples.tolist() == [
        32767 / 32768,
        -1.0,
    ]


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_streamed_file_with_a_false_size_is_read_to_its_end(size: int) -> None:
    data = bytearray(write_wav(tone(440, 0.1)))
    struct.pack_into("<I", data, 40, size)
    assert len(read_wav(bytes(data)).samples) == 1600


def test_foreign_chunks_and_an_odd_one_are_stepped_over() -> None:
    data = write_wav(tone(440, 0.1))
    odd = struct.pack("<4sI", b"LIST", 3) + b"abc\0"
    assert len(read_wav(data[:36] + odd + data[36:] + odd).samples) == 1600


def test_stereo_becomes_mono_and_a_dead_channel_does_not_halve_it() -> None:
    both = np.repeat((tone(440).samples * 32767).astype("<i2"), 2)
    assert loudness_dbfs(read_wav(wav(both.tobytes(), channels=2))) == pytest.approx(-9.03, abs=0.05)
    both[1::2] = 0
    assert loudness_dbfs(read_wav(wav(both.tobytes(), channels=2))) == pytest.approx(-9.03, abs=0.05)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "no RIFF"),
        (b"ID3 this is an mp3", "no RIFF"),
        (b"RIFF\x00\x00\x00\x00WAVE", "holds no sound"),
        (wav(b"\x00" * 300, width=3), "24 bits"),
        (wav(b"\x00" * 300, width=1), "8 bits"),
        (wav(b"\x00" * 600, channels=3), "3 channels"),
        (wav(b"\x00" * 600, rate_hz=96_000), "96000"),
        (wav(b"\x00" * 600, rate_hz=4_000), "4000"),
        (b"RIFF\x00\x00\x00\x00WAVEdata\x04\x00\x00\x00abcd", "before its format"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt \x04\x00\x00\x00abcd", "cut short"),
    ],
)
def test_what_cannot_be_used_is_named(data: bytes, named: str) -> None:
    with pytest.raises(UnreadableSound, match=named):
        read_wav(data)


@given(st.binary(max_size=200), st.integers(0, 60), st.booleans())
def test_no_bytes_at_all_raise_anything_else(noise: bytes, at: int, framed: bool) -> None:
    good = write_wav(tone(440, 0.01))
    data = good[:at] + noise if framed else noise
    try:
        sound = read_wav(data)
    except UnreadableSound:
        return
    assert sound.samples.ndim == 1
    assert 8_000 <= sound.rate_hz <= 48_000


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000])
def test_another_rate_keeps_pitch_length_and_loudness(rate_hz: int) -> None:
    there = at_rate(tone(1_000, 1.0, rate_hz))
    assert there.rate_hz == 16_000
    assert there.seconds == pytest.approx(1.0, abs=0.01)
    assert hz_of(there) == pytest.approx(1_000, abs=2)
    assert loudness_dbfs(there) == pytest.approx(-9.03, abs=0.2)


def test_what_the_new_rate_cannot_hold_is_taken_out_not_folded_down() -> None:
    there = at_rate(tone(11_000, 1.0, 48_000))
    assert peak_dbfs(Sound(there.samples[1_000:-1_000], 16_000)) < -80


def test_loudness_is_that_of_the_speech_not_of_the_pauses() -> None:
    pause = Sound(np.zeros(16_000, np.float32), 16_000)
    assert loudness_dbfs(joined([tone(440), pause, tone(440)], 0.5)) == pytest.approx(-9.03, abs=0.1)
    assert loudness_dbfs(pause) == -120.0
    assert loudness_dbfs(Sound(np.zeros(0, np.float32), 16_000)) == -120.0
    assert dbfs(1.0) == 0.0


def test_trimming_takes_silence_from_the_ends_only() -> None:
    pause = Sound(np.zeros(8_000, np.float32), 16_000)
    held = joined([pause, tone(440), pause, tone(440), pause], 0.0)
    assert trimmed(held).seconds == pytest.approx(2.56, abs=0.01)
    assert trimmed(pause).seconds == 0


@given(st.floats(-50, 0), st.integers(0, 2**32 - 1))
def test_levelling_reaches_the_loudness_and_never_the_ceiling(level: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, 0.1, 8_000).astype(np.float32)
    samples[4_000:4_010] *= 20  # a click
    made = levelled(Sound(samples * np.float32(10 ** (level / 20)), 16_000))
    assert peak_dbfs(made) <= -3.4
    assert -21.5 < loudness_dbfs(made) < -19.5


def test_silence_stays_silence() -> None:
    assert peak_dbfs(levelled(Sound(np.zeros(800, np.float32), 16_000))) == -120.0
