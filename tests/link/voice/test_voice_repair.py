"""Repair of recordings that were never closed."""

import struct
import wave
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from link.voice.repair import Repaired, repair_file, repair_unclosed

RATE = 16000


def header(riff: int, data: int, rate_hz: int = RATE) -> bytes:
    """The 44 bytes our recorder writes."""
    shape = struct.pack("<IHHIIHH", 16, 1, 1, rate_hz, rate_hz * 2, 2, 16)
    return b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt " + shape + b"data" + struct.pack("<I", data)


def unclosed(path: Path, sound: bytes) -> Path:
    path.write_bytes(header(0, 0) + sound)
    return path


def test_an_unclosed_file_plays_again_with_all_its_sound(tmp_path: Path) -> None:
    sound = bytes(range(250)) * 128
    path = unclosed(tmp_path / "over.wav", sound)
    assert repair_unclosed(tmp_path) == [Repaired(path, 1.0)]
    with wave.open(str(path)) as file:
        assert file.getnframes() == RATE
        assert file.readframes(RATE) == sound


def test_one_file_is_repaired_and_its_neighbours_are_not(tmp_path: Path) -> None:
    path, other = (unclosed(tmp_path / f"{name}.wav", bytes(3200)) for name in ("over", "running"))
    before = other.read_bytes()
    assert repair_file(path) == 0.1
    assert repair_file(path) is None
    assert other.read_bytes() == before


def test_the_second_repair_finds_nothing(tmp_path: Path) -> None:
    path = unclosed(tmp_path / "over.wav", bytes(6400))
    repair_unclosed(tmp_path)
    once = path.read_bytes()
    assert repair_unclosed(tmp_path) == []
    assert path.read_bytes() == once


def test_a_half_sample_at_the_end_is_kept_but_not_counted(tmp_path: Path) -> None:
    path = unclosed(tmp_path / "over.wav", b"\1\2" * 100 + b"\3")
    assert len(repair_unclosed(tmp_path)) == 1
    assert path.stat().st_size == 44 + 201
    with wave.open(str(path)) as file:
        assert file.getnframes() == 100


def test_a_repair_that_died_half_way_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "over.wav"
    path.write_bytes(header(0, 640) + bytes(640))
    assert repair_unclosed(tmp_path) == [Repaired(path, 0.02)]
    assert struct.unpack_from("<I", path.read_bytes(), 4)[0] == 44 + 640 - 8


def test_a_closed_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "closed.wav"
    path.write_bytes(header(44 + 640 - 8, 640) + bytes(640) + b"LIST\4\0\0\0note")
    before = path.read_bytes()
    assert repair_unclosed(tmp_path) == []
    assert path.read_bytes() == before


def test_a_chunk_before_the_sound_is_stepped_over(tmp_path: Path) -> None:
    path = tmp_path / "over.wav"
    content = header(0, 0)
    path.write_bytes(content[:36] + b"fact" + struct.pack("<I", 3) + b"abc\0" + content[36:] + bytes(640))
    assert repair_unclosed(tmp_path) == [Repaired(path, 0.02)]
    with wave.open(str(path)) as file:
        assert file.getnframes() == 320


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"#!/bin/sh\necho this is not a sound, however long it goes on and on and on and on",
        b"RIFF\0\0\0\0AVI LIST" + bytes(100),
        b"RIFF\0\0\0\0WAVE" + b"junk\xff\xff\xff\x7f" + bytes(100),
        b"RIFF\0\0\0\0WAVEdata\0\0\0\0" + bytes(100),
        header(0, 0),
        header(0, 0)[:40],
    ],
)
def test_what_is_no_recording_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    assert repair_unclosed(tmp_path) == []
    assert path.read_bytes() == content


def test_only_wavs_of_this_folder_itself(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "link.wav").symlink_to(unclosed(outside / "target.wav", bytes(640)))
    (folder / "folder.wav").mkdir()
    unclosed(folder / "over.raw", bytes(640))
    assert repair_unclosed(folder) == []
    assert repair_unclosed(tmp_path / "missing") == []


def test_a_file_that_cannot_be_read_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = unclosed(tmp_path / "a.wav", bytes(640)), unclosed(tmp_path / "b.wav", bytes(640))
    plain = Path.open

    def refuse(self: Path, *args: str) -> object:
        if self == bad:
            raise PermissionError("no")
        return plain(self, *args)

    monkeypatch.setattr(Path, "open", refuse)
    assert [found.path for found in repair_unclosed(tmp_path)] == [good]


@given(st.binary(max_size=200))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_content_makes_it_raise_or_lose_a_byte(tmp_path: Path, noise: bytes) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(header(0, 0) + noise)
    repair_unclosed(tmp_path)
    assert path.read_bytes()[44:] == noise
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + noise)
    repair_unclosed(tmp_path)
    assert path.stat().st_size == 12 + len(noise)
