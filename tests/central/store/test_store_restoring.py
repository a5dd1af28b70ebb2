"""Restoring: what comes out, moments, refusals, and every kind of damage named."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from central.store import generation_writer
from central.store.clip_mirror import DamagedClip, mirrored, names_in, verified
from central.store.generations import LINE, Damaged, Generation, generations, read_document, spelt
from central.store.restoring import DATABASE, CannotRestore, restore
from central.store.write_ahead import LogFile, head_of
from tests.central.store.backup_rig import Rig, count_in, rounds


@pytest.fixture
def rig(tmp_path: Path):
    made = Rig(tmp_path)
    made.commit(3)
    made.shipped()
    yield made
    made.stop()


def two_generations(rig: Rig) -> int:
    rounds(rig, 12, rows=10, filler=3000)
    rig.time += 700.0
    total = rounds(rig, 6, rows=5, filler=3000)
    assert [each.number for each in generations(rig.backup) if each.base()] == [1, 2]
    return total


def clip(rig: Rig, content: bytes) -> str:
    sha = hashlib.sha256(content).hexdigest()
    (rig.clips / f"{sha}.wav").write_bytes(content)
    return sha


def test_nothing_is_overwritten(rig: Rig, tmp_path: Path):
    target = tmp_path / "full"
    target.mkdir()
    (target / "mine").touch()
    with pytest.raises(CannotRestore, match="is not empty"):
        restore(rig.backup, target)
    assert [each.name for each in target.iterdir()] == ["mine"]


def test_a_folder_without_a_copy_says_so(tmp_path: Path):
    with pytest.raises(CannotRestore, match="there is no backup folder"):
        restore(tmp_path / "nowhere", tmp_path / "to")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CannotRestore, match="holds no copy of a database"):
        restore(tmp_path / "empty", tmp_path / "to2")


def test_the_state_of_an_earlier_moment(rig: Rig):
    counts = {}
    for _ in range(10):
        total = rounds(rig, 1)
        counts[int(rig.wall() * 1000)] = total
    for at_ms, total in counts.items():
        done, target = rig.restored(until_ms=at_ms)
        assert (done.complete, done.entries, done.upto_ms) == (True, total, at_ms)
        assert count_in(target / DATABASE) == total
    with pytest.raises(CannotRestore, match="of that time or before"):
        rig.restored(until_ms=1000)


def test_the_restored_folder_holds_database_and_clips_and_nothing_else(rig: Rig):
    sha = clip(rig, b"a warning")
    rig.time += 60.0
    rig.ship()
    done, target = rig.restored()
    assert (done.complete, done.clips) == (True, 1)
    assert sorted(each.name for each in target.iterdir()) == ["clips", DATABASE]
    assert (target / "clips" / f"{sha}.wav").read_bytes() == b"a warning"


def test_a_clip_that_the_database_names_and_the_backup_lacks_is_told(rig: Rig):
    sha = "ab" * 32
    row = "insert into clips (sha256, seconds, rate_hz, size, loudness_dbfs, added_wall_ms)"
    rig.database.submit(lambda sql: sql.conn.execute(f"{row} values ('{sha}', 1, 1, 1, 1, 1)")).result(5)
    rounds(rig, 1)
    done, _ = rig.restored()
    assert (done.sound, done.complete, done.clips_missing) == (True, False, (sha,))


def test_a_damaged_clip_is_neither_mirrored_nor_restored(rig: Rig, tmp_path: Path):
    sha, bad = clip(rig, b"good"), rig.clips / f"{'cd' * 32}.wav"
    bad.write_bytes(b"something else")
    with pytest.raises(DamagedClip, match="not what its name says"):
        list(mirrored(rig.clips, tmp_path / "mirror"))
    assert list(names_in(tmp_path / "mirror")) == [f"{sha}.wav"]
    rig.time += 60.0
    rig.ship()
    assert "not what its name says" in rig.shipper.state().what
    bad.unlink()
    rig.time += 60.0
    rig.ship()
    assert rig.shipper.state().what == ""
    (rig.backup / "clips" / f"{sha}.wav").write_bytes(b"evil")
    assert verified(rig.backup / "clips") == [f"{sha}.wav"]
    done, target = rig.restored()
    assert (done.clips, len(done.damage), list((target / "clips").iterdir())) == (0, 1, [])


def test_a_damaged_copy_is_named_and_the_one_before_it_taken(rig: Rig):
    total = two_generations(rig)
    path = rig.backup / "000002" / "base.db"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    done, target = rig.restored()
    assert (done.generation, done.last_generation, done.entries) == (1, 2, total), done
    assert (done.sound, done.complete) == (True, False)
    assert str(path) in done.damage[0]
    assert count_in(target / DATABASE) == total


def test_what_stands_behind_damage_is_left_out(rig: Rig):
    counts = [rounds(rig, 1) for _ in range(20)]
    path = rig.backup / "000001" / "000002.wal"
    data = bytearray(path.read_bytes())
    data[-100] ^= 4
    path.write_bytes(data)
    done, _ = rig.restored()
    assert (done.sound, done.complete, done.entries in counts) == (True, False, True), done
    assert done.damage[0].startswith(f"{path}: bytes ")


def test_a_missing_segment_and_a_missing_end_are_named(rig: Rig):
    two_generations(rig)
    (rig.backup / "000002" / "base.json").unlink()  # so that generation 1 leads into 2
    assert rig.restored()[0].complete
    first = generations(rig.backup)[0]
    last = first.list(first.segments()[-1])
    kept = last.read_bytes()
    last.write_bytes(kept[:-LINE])
    damage = rig.restored()[0].damage
    assert len(damage) == 1
    assert "the end of the one before is missing" in damage[0]
    first.list(2).unlink()
    assert "a segment is missing" in rig.restored()[0].damage[0]


@pytest.mark.timeout(120)
def test_any_changed_byte_is_named(rig: Rig, tmp_path: Path):
    rounds(rig, 3)
    clean = len(rig.restored()[0].damage)
    assert clean == 0
    files = [each for each in rig.backup.rglob("*") if each.is_file() and each.name != "lock"]
    assert {each.suffix for each in files} == {".json", ".db", ".wal", ".log"}
    for path in files:
        data = path.read_bytes()
        every = 1 if len(data) < 300 else max(1, len(data) // 12)
        for at in range(0, len(data), every):
            changed = bytearray(data)
            changed[at] ^= 1 << (at % 8)
            path.write_bytes(changed)
            try:
                done = restore(rig.backup, tmp_path / "to")
                assert done.damage, f"byte {at} of {path}"
                assert str(path.parent) in done.damage[0]
            except CannotRestore as error:
                assert str(path.parent) in error.reason, f"byte {at} of {path}"
            finally:
                shutil.rmtree(tmp_path / "to")
        path.write_bytes(data)
    assert rig.restored()[0].complete


@pytest.mark.timeout(120)
def test_a_kill_between_any_two_file_operations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rig = Rig(tmp_path)
    rig.commit(3)
    seen: list[tuple[Path, int]] = []
    kept = 0
    real_sync, real_write = os.fsync, os.write

    def snapshot() -> None:
        copy = tmp_path / "seen" / str(len(seen))
        shutil.copytree(rig.backup, copy)
        seen.append((copy, kept))

    def fsync(file: int) -> None:
        snapshot()
        real_sync(file)

    def write(file: int, data: memoryview) -> int:
        half = real_write(file, data[: len(data) // 2 + 1])
        snapshot()
        return half

    monkeypatch.setattr(generation_writer.os, "fsync", fsync)
    monkeypatch.setattr(generation_writer.os, "write", write)
    rig.ship()
    for _ in range(6):
        rig.look()
        rig.ship()
        kept = max(kept, 0 if rig.shipper.base_wall is None else rig.database.submit(_count).result(5))
        rig.commit(8)
        rig.time += 1.0
    monkeypatch.undo()
    rig.stop()
    assert len(seen) > 30
    for number, (copy, promised) in enumerate(seen):
        try:
            done = restore(copy, tmp_path / f"to{number}")
            assert (done.complete, done.entries >= promised) == (True, True), (copy, promised, done)
        except CannotRestore:
            assert promised == 0


def _count(sql) -> int:
    return sql.conn.execute("select count(*) from entries").fetchone()[0]


def test_documents_have_one_spelling(tmp_path: Path):
    path = tmp_path / "x.json"
    path.write_bytes(spelt({"a": 1}))
    assert read_document(path) == {"a": 1}
    path.write_bytes(spelt({"a": 1}) + b" ")
    with pytest.raises(Damaged, match="was changed"):
        read_document(path)
    path.write_bytes(b"\xff")
    with pytest.raises(Damaged, match="cannot be read"):
        read_document(path)
    with pytest.raises(Damaged, match="is missing"):
        Generation(tmp_path, 1).head()


def test_a_log_that_is_none(tmp_path: Path):
    assert head_of(b"") is None
    assert head_of(b"\x00" * 32) is None
    log = LogFile(tmp_path / "none")
    assert (log.size(), log.head()) == (0, None)
