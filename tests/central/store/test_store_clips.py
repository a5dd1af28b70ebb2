import asyncio
import hashlib
from pathlib import Path

import numpy as np
import pytest

from central.store.clip_worker import convert, put
from central.store.clips import MOST_BYTES, Clip, ClipError, Clips
from central.store.database import Database
from central.store.side_process import SideRefused
from central.store.sound import Sound, read_wav, write_wav


def tone(seconds: float = 0.5, rate_hz: int = 16_000, level: float = 0.2, hz: float = 440) -> bytes:
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    return write_wav(Sound((level * np.sin(2 * np.pi * hz * t)).astype(np.float32), rate_hz))


@pytest.fixture
def clips(database: Database, tmp_path: Path) -> Clips:
    return Clips(database, tmp_path / "clips", wall=lambda: 5.0)


async def test_a_clip_is_kept_by_its_hash_and_found_by_its_name(clips: Clips, tmp_path: Path) -> None:
    source = tmp_path / "brought.wav"
    source.write_bytes(tone(rate_hz=44_100))
    clip = await clips.add("  泄洪  警报 ", source)
    assert (clip.name, clip.rate_hz, clip.seconds, clip.replaced) == ("泄洪 警报", 16_000, 0.5, None)
    assert clip.loudness_dbfs == pytest.approx(-17, abs=0.3)
    data = clips.path_of(clip.sha256).read_bytes()
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (clip.sha256, clip.size)
    assert read_wav(data).rate_hz == 16_000
    assert await clips.find("泄洪 警报") == clip
    assert source.exists()


async def test_bytes_are_taken_too_and_the_same_sound_is_kept_once(clips: Clips, tmp_path: Path) -> None:
    first, second = await asyncio.gather(clips.add("one", tone()), clips.add("two", tone()))
    assert first.sha256 == second.sha256
    assert len(list((tmp_path / "clips").iterdir())) == 1
    assert [clip.name for clip in await clips.list()] == ["one", "two"]


async def test_a_name_given_to_another_sound_keeps_the_old_one(clips: Clips) -> None:
    old = await clips.add("test", tone(hz=300))
    again = await clips.add("test", tone(hz=300))
    new = await clips.add("test", tone(hz=600))
    assert (again.replaced, new.replaced) == (None, old.sha256)
    assert await clips.find("test") == Clip(**{**vars(new), "replaced": None})
    assert clips.path_of(old.sha256).is_file()
    with pytest.raises(ClipError, match="already"):
        await clips.add("test", tone(hz=900), replace=False)


@pytest.mark.parametrize(
    ("name", "source", "named"),
    [
        ("", tone(), "1 to 80"),
        ("x" * 81, tone(), "1 to 80"),
        ("a\0b", tone(), "1 to 80"),
        ("mp3", b"ID3...", "not a WAV"),
        ("short", tone(0.05), "lasts 0.05 s"),
        ("silent", tone(level=0.0), "silent"),
        ("gone", Path("/nowhere/at-all.wav"), "cannot be read"),
        ("folder", Path("/"), "cannot be read"),
        ("large", bytes(MOST_BYTES + 1), "MiB"),
    ],
)
async def test_a_bad_clip_is_refused_in_plain_words(
    clips: Clips, tmp_path: Path, name: str, source: Path | bytes, named: str
) -> None:
    with pytest.raises(ClipError, match=named):
        await clips.add(name, source)
    assert await clips.list() == []
    assert list((tmp_path / "clips").iterdir()) == []


def test_a_clip_may_last_ten_minutes_and_no_longer() -> None:
    assert len(convert(tone(600.0, 8_000))[0]) == 44 + 600 * 32_000
    with pytest.raises(SideRefused, match="600"):
        convert(tone(600.2, 8_000))


def test_a_file_is_complete_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("central.store.clip_worker.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        put(tmp_path, b"sound")
    assert list(tmp_path.iterdir()) == []


def test_a_torn_file_under_the_right_name_is_written_again(tmp_path: Path) -> None:
    sha = put(tmp_path, b"the whole sound")
    (tmp_path / f"{sha}.wav").write_bytes(b"the wh")
    assert put(tmp_path, b"the whole sound") == sha
    assert (tmp_path / f"{sha}.wav").read_bytes() == b"the whole sound"


def test_part_files_of_a_crash_are_swept_at_start(database: Database, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "abc.12.part").touch()
    Clips(database, tmp_path / "clips")
    assert list((tmp_path / "clips").iterdir()) == []


@pytest.mark.parametrize("sha", ["", "../../etc/passwd", "A" * 64, "0" * 64, "0" * 63 + "/"])
def test_a_path_is_given_only_for_a_hash_that_is_here(clips: Clips, sha: str) -> None:
    with pytest.raises(ClipError, match="no clip"):
        clips.path_of(sha)


async def test_the_loop_is_free_while_a_long_clip_is_converted(clips: Clips) -> None:
    source = tone(120.0, 44_100)
    adding = asyncio.create_task(clips.add("long", source))
    loop = asyncio.get_running_loop()
    gaps, last = [], loop.time()
    while not adding.done():
        await asyncio.sleep(0.002)
        gaps.append(loop.time() - last)
        last = loop.time()
    assert (await adding).seconds == 120.0
    assert len(gaps) > 50
    assert sorted(gaps)[len(gaps) * 95 // 100] < 0.03
