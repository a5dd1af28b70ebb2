"""Encoding: nothing goes before what replaces it is proved, on the disk and in the chain; a crash loses nothing."""

import json
import subprocess
from pathlib import Path

import pytest

from central.store import encode_worker
from central.store.database import Database
from central.store.encoding import Encoding
from central.store.recording_rows import sha256_of
from central.store.side_process import SideRefused
from central.voice.segments import wav_head
from tests.central.store.recording_rig import RATE, Shelf, tone

SOUND = tone(1.5) + tone(0.5, 900, 3000)


def raw(path: Path) -> bytes:
    return b"".join(encode_worker.decoded(path, RATE))


@pytest.fixture
def shelf(database: Database, tmp_path: Path) -> Shelf:
    return Shelf(database, tmp_path / "rec")


def encoding(shelf: Shelf, codec: str = "flac") -> Encoding:
    return Encoding(shelf.database, shelf.folder, shelf.book, codec)


async def test_a_closed_wav_becomes_a_flac_of_the_same_samples(shelf: Shelf):
    wav = await shelf.kept("r1", SOUND)
    assert (await encoding(shelf).round()).done == ("r1",)
    row = await shelf.recordings.find("r1")
    path = shelf.folder / row.path
    assert (row.codec, path.suffix, row.sha256) == ("flac", ".flac", sha256_of(path))
    assert raw(path) == SOUND
    assert not (shelf.folder / wav.path).exists()
    last = json.loads((await shelf.book.head()).body)
    assert (last["kind"], last["sha256"], last["from_sha256"]) == ("encoded", row.sha256, wav.sha256)
    assert last["pcm_sha256"] == wav.pcm_sha256
    assert (await encoding(shelf).round()).done == ()


async def test_opus_is_as_long_and_as_loud(shelf: Shelf):
    await shelf.kept("r1", SOUND)
    assert (await encoding(shelf, "opus").round()).done == ("r1",)
    row = await shelf.recordings.find("r1")
    assert row.codec == "opus" and (shelf.folder / row.path).stat().st_size < len(SOUND) / 4
    assert abs(len(raw(shelf.folder / row.path)) - len(SOUND)) < RATE // 25


async def test_wav_stays_wav_when_that_is_wanted(shelf: Shelf):
    row = await shelf.kept("r1", SOUND)
    assert (await encoding(shelf, "wav").round()).done == ()
    assert (shelf.folder / row.path).exists()


def test_a_flac_of_other_samples_is_not_believed(tmp_path: Path, monkeypatch):
    wav = tmp_path / "a.wav"
    wav.write_bytes(encode_wav(SOUND))
    run, quiet = encode_worker._run, str(silent(tmp_path))

    def swaps(words: list[str]) -> None:
        other = tmp_path / "b.wav"
        other.write_bytes(encode_wav(SOUND[:-2] + b"\x01\x02"))
        run([*words[:-1], str(other)])

    monkeypatch.setattr(encode_worker, "_run", swaps)
    with pytest.raises(SideRefused, match="is not a.wav from sample"):
        encode_worker.encode(wav, tmp_path / "a.flac", "flac")
    monkeypatch.setattr(
        encode_worker, "_run", lambda words: run([quiet if w == str(wav) else w for w in words])
    )
    with pytest.raises(SideRefused, match="not as loud"):
        encode_worker.encode(wav, tmp_path / "a.opus", "opus")


def encode_wav(pcm: bytes) -> bytes:
    return wav_head(RATE, len(pcm)) + pcm


def silent(folder: Path) -> Path:
    path = folder / "silent.wav"
    path.write_bytes(encode_wav(bytes(len(SOUND))))
    return path


@pytest.mark.parametrize(("size", "codec"), [(-2, "flac"), (2, "flac"), (-RATE, "opus")])
def test_one_that_is_shorter_or_longer_is_not_believed(tmp_path: Path, monkeypatch, size: int, codec: str):
    wav = tmp_path / "a.wav"
    wav.write_bytes(encode_wav(SOUND))
    run = encode_worker._run
    other = tmp_path / "b.wav"
    other.write_bytes(encode_wav(SOUND[:size] if size < 0 else SOUND + bytes(size)))
    monkeypatch.setattr(
        encode_worker, "_run", lambda words: run([str(other) if w == str(wav) else w for w in words])
    )
    with pytest.raises(SideRefused):
        encode_worker.encode(wav, tmp_path / f"a.{codec}", codec)


async def test_a_wav_that_is_not_the_sealed_one_is_left_as_it_is(shelf: Shelf):
    row = await shelf.kept("r1", SOUND)
    path = shelf.folder / row.path
    path.write_bytes(path.read_bytes()[:-2] + b"\x01\x02")
    done = await encoding(shelf).round()
    assert done.done == () and "not the file that was sealed" in done.trouble
    assert path.exists() and (await shelf.recordings.find("r1")).codec == "wav"


async def test_without_the_program_it_stays_and_is_said(shelf: Shelf, monkeypatch):
    row = await shelf.kept("r1", SOUND)
    monkeypatch.setenv("PATH", "/nowhere")
    done = await encoding(shelf).round()
    assert "apt-get install flac" in done.trouble and (shelf.folder / row.path).exists()
    monkeypatch.undo()
    kept = encoding(shelf)
    assert (await kept.round()).done == ("r1",)


async def test_after_a_crash_between_list_and_disk_the_wav_goes_and_only_then(shelf: Shelf):
    row = await shelf.kept("r1", SOUND)
    octets = (shelf.folder / row.path).read_bytes()
    await encoding(shelf).round()
    made = shelf.folder / (await shelf.recordings.find("r1")).path
    (shelf.folder / row.path).write_bytes(octets)  # the crash came before it went
    (made.parent / "r2.part.flac").write_bytes(b"half")
    good = made.read_bytes()
    made.write_bytes(good[:-1])
    await encoding(shelf).resume()
    assert (shelf.folder / row.path).exists(), "the encoded file is not whole: the WAV is all there is"
    assert not list(made.parent.glob("*.part.*"))
    made.write_bytes(good)
    await encoding(shelf).resume()
    assert not (shelf.folder / row.path).exists()


async def test_a_crash_before_the_list_knows_is_done_again(shelf: Shelf):
    row = await shelf.kept("r1", SOUND)
    wav = shelf.folder / row.path
    subprocess.run(["flac", "--silent", str(wav), "-o", str(wav.with_suffix(".flac"))], check=True)
    await encoding(shelf).resume()
    assert wav.exists()
    assert (await encoding(shelf).round()).done == ("r1",)
    assert raw(wav.with_suffix(".flac")) == SOUND
