"""The shipper and the taker, step by step: what is shipped, every trouble of the folder, limits, readers."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from central.store import generation_writer
from central.store.backup_folder import BackupFolder, FolderRefused, in_words
from central.store.database import read_only
from central.store.generations import generations
from central.store.log_taker import Pace
from central.store.restoring import DATABASE
from central.store.shipments import Written
from tests.central.store.backup_rig import KIB, Rig, count_in


@pytest.fixture
def rig(tmp_path: Path):
    made = Rig(tmp_path)
    yield made
    made.stop()


def rounds(rig: Rig, count: int, rows: int = 3, filler: int = 50) -> int:
    total = 0
    for _ in range(count):
        total = rig.commit(rows, filler)
        rig.time += 1.0
        rig.look()
        rig.ship()
    return total


def test_what_was_committed_is_restored_over_many_segments(rig: Rig):
    rig.commit(5)
    rig.shipped()
    done, target = rig.restored()
    assert (done.complete, done.entries, done.generation) == (True, 5, 1), done
    assert count_in(target / DATABASE) == 5
    total = rounds(rig, 40)
    done, _ = rig.restored()
    assert (done.complete, done.entries, done.generation) == (True, total, 1), done
    assert done.segments > 3


def test_a_copy_of_the_database_is_made_anew_when_much_was_shipped_and_old_ones_go(rig: Rig):
    rig.commit()
    rig.shipped()
    for _ in range(5):
        rounds(rig, 12, rows=10, filler=3000)
        rig.time += 700.0
    total = rounds(rig, 2)
    kept = generations(rig.backup)
    assert len(kept) == 3, "the two newest, and the oldest of the day"
    assert (kept[0].number, kept[1].number > 3) == (1, True)
    assert all(each.base() for each in kept)
    done, _ = rig.restored()
    assert (done.complete, done.entries, done.generation) == (True, total, kept[-1].number)


def test_an_idle_centre_ships_nothing_and_stays_up_to_date(rig: Rig):
    rig.commit()
    rig.shipped()
    before = sum(each.stat().st_size for each in rig.backup.rglob("*") if each.is_file())
    for _ in range(20):
        rig.time += 1.0
        rig.look()
        rig.ship()
    assert sum(each.stat().st_size for each in rig.backup.rglob("*") if each.is_file()) == before
    assert rig.shipper.state().lag == 0.0


def test_without_its_folder_the_centre_works_on_and_says_so_until_it_comes(tmp_path: Path):
    rig = Rig(tmp_path)
    rig.backup.rmdir()
    for _ in range(30):
        rig.commit(5, 3000)
        rig.time += 1.0
        rig.ship()
        rig.look()
    state = rig.shipper.state()
    assert state.what == f"the backup folder {rig.backup} is not there"
    assert "by hand" in state.advice
    assert not rig.backup.exists(), "it is never created"
    assert rig.database.log_path.stat().st_size < 2 * rig.pace.segment, "the log stays small without a backup"
    rig.backup.mkdir()
    rig.time += 10.0
    rig.shipped()
    assert rig.restored()[0].entries == 150
    rig.stop()


def test_a_disk_that_comes_and_goes_is_not_written_below_its_mount_point(rig: Rig):
    rig.commit()
    rig.shipped()
    away = rig.root / "away"
    rig.backup.rename(away)
    rig.backup.mkdir()
    (rig.backup / "lock").touch()
    rounds(rig, 3)
    assert "is not there" in rig.shipper.state().what
    assert [each.name for each in rig.backup.iterdir()] == ["lock"]
    (rig.backup / "lock").unlink()
    rig.backup.rmdir()
    away.rename(rig.backup)
    rig.time += 10.0
    total = rounds(rig, 1)
    done, _ = rig.restored()
    assert (rig.shipper.state().what, done.entries, done.generation) == ("", total, 1), "it goes on"


def test_a_full_backup_disk_is_named_and_shipping_goes_on_where_it_stood(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
):
    rig.commit()
    rig.shipped()
    real, full = os.write, [True]

    def write(file: int, data: memoryview) -> int:
        if not full[0]:
            return real(file, data)
        if len(data) > 4096:
            return real(file, data[:4096])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(generation_writer.os, "write", write)
    rounds(rig, 4, filler=3000)
    assert rig.shipper.state().what == f"the disk of the backup folder {rig.backup} is full"
    assert rig.shipper.state().lag == 4.0
    full[0] = False
    rig.time += 10.0
    total = rounds(rig, 1)
    done, _ = rig.restored()
    assert (rig.shipper.state().what, done.complete, done.entries) == ("", True, total), done
    assert len(generations(rig.backup)) == 1


def test_what_was_acknowledged_and_is_gone_begins_a_new_generation(rig: Rig):
    rig.commit()
    rig.shipped()
    rounds(rig, 2)
    away = rig.root / "away"
    rig.backup.rename(away)
    rounds(rig, 1)
    away.rename(rig.backup)
    os.truncate(rig.backup / "000001" / "000001.wal", 100)
    rig.time += 10.0
    rig.ship()
    rig.time += 10.0
    total = rounds(rig, 4)
    done, _ = rig.restored()
    assert (done.entries, done.generation) == (total, 2), done


def test_two_centres_do_not_ship_into_one_folder(rig: Rig, tmp_path: Path):
    rig.commit()
    rig.shipped()
    other = BackupFolder(rig.backup)
    with pytest.raises(FolderRefused, match=rf"another centre .* \(process {os.getpid()}") as caught:
        other.stand()
    assert "of its own" in caught.value.advice


def test_the_backup_of_another_journal_is_never_pushed_out(tmp_path: Path):
    rig = Rig(tmp_path)
    rig.commit(7)
    rig.shipped()
    rig.stop()
    for each in rig.data.glob("spillway.db*"):
        each.unlink()
    rig.open()  # a new disk, an empty database, the same settings
    rig.commit(1)
    for _ in range(10):
        rig.ship()
        rig.look()
        rig.time += 3.0
    assert "another journal" in rig.shipper.state().what
    assert "central restore" in rig.shipper.state().advice
    assert rig.restored()[0].entries == 7
    rig.stop()


def test_a_folder_that_does_not_keep_up_costs_the_generation_and_never_the_disk(tmp_path: Path):
    rig = Rig(tmp_path, Pace(segment=40 * KIB, limit=300 * KIB))
    rig.commit()
    rig.shipped()
    rig.shipper.room = lambda: 0  # type: ignore[method-assign]
    sizes = []
    for _ in range(30):
        rig.commit(5, 3000)
        rig.look()
        sizes.append(rig.database.log_path.stat().st_size)
    assert max(sizes) < 400 * KIB
    assert not rig.shipper.shipping
    assert "slower than the centre writes" in rig.shipper.state().what
    del rig.shipper.room
    rig.time += 61.0
    rig.shipped()
    done, _ = rig.restored()
    assert (done.entries, done.generation) == (151, 2)
    rig.stop()


def test_a_copy_that_takes_too_long_is_given_up_and_the_log_goes_on(tmp_path: Path):
    rig = Rig(tmp_path, Pace(segment=40 * KIB, limit=300 * KIB))
    rig.commit(50, 3000)
    rig.ship()
    rig.look()
    rig.ship(1)  # the generation is begun, its copy is not
    assert rig.shipper.base_pending
    while rig.shipper.base_pending:
        rig.commit(5, 3000)
        rig.look()
    assert "too slow for a copy" in rig.shipper.state().what
    assert rig.database.log_path.stat().st_size < 400 * KIB
    rounds(rig, 3)
    assert generations(rig.backup)[0].base() is None
    rig.time += 700.0
    total = rounds(rig, 3)
    done, _ = rig.restored()
    assert (rig.shipper.state().what, done.entries, done.generation) == ("", total, 2)
    rig.stop()


def test_a_reader_that_holds_up_the_log_costs_nothing(rig: Rig):
    rig.commit()
    rig.shipped()
    for _ in range(6):
        rig.commit(8, 3000)
        reader = read_only(rig.database.path)
        reader.conn.execute("begin")
        reader.conn.execute("select count(*) from entries").fetchone()
        rig.look()  # all is written back, but the log cannot be cut
        assert rig.database.disturbed
        reader.close()
        rounds(rig, 1)  # SQLite begins the log anew in front of old frames
    total = rounds(rig, 2)
    done, _ = rig.restored()
    assert (done.complete, done.entries, done.generation) == (True, total, 1), done


def test_frames_that_were_never_committed_are_not_shipped(rig: Rig):
    rig.commit()
    rig.shipped()

    def spilt(sql) -> None:
        sql.conn.execute("pragma cache_size = 5").fetchall()
        sql.conn.execute("create table t (x)")
        sql.conn.executemany("insert into t values (?)", [("y" * 3000,)] * 60)
        raise KeyError("half way")

    with pytest.raises(KeyError):
        rig.database.submit(spilt).result(5)
    assert rig.database.log_path.stat().st_size > 100 * KIB, "it has spilled"
    rig.look()
    rig.ship()
    total = rounds(rig, 3)
    done, _ = rig.restored()
    assert (done.complete, done.entries, done.size < 100 * KIB) == (True, total, True), done


def test_a_checkpoint_by_somebody_else_begins_a_new_generation(rig: Rig):
    rig.commit()
    rig.shipped()
    rig.commit(3)
    other = sqlite3.connect(rig.database.path)
    assert other.execute("pragma wal_checkpoint(truncate)").fetchone()[0] == 0
    other.close()
    rig.commit(3)
    for _ in range(4):
        rig.look()
        rig.ship()
    done, _ = rig.restored()
    assert (done.complete, done.entries, done.generation) == (True, 7, 2), done


def test_nothing_counts_as_shipped_before_the_copy_it_stands_on_is_whole(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
):
    rig.commit(50, 3000)
    rig.ship()
    rig.look()
    rig.ship(1)
    rig.look()
    while rig.shipper._queue:
        rig.ship(1)
    assert rig.shipper.state().shipped_wall is None
    rig.shipper._started = rig.time
    monkeypatch.setattr(rig.shipper._thread, "is_alive", lambda: True)
    rig.time += 70.0
    assert "takes 70 s so far" in rig.shipper.state().what
    monkeypatch.undo()
    rig.ship()
    assert rig.shipper.state().shipped_wall == rig.wall() - 70.0


def test_a_copy_that_is_not_whole_when_the_database_closes_is_none(rig: Rig):
    rig.commit(50, 3000)
    rig.ship()
    rig.look()
    rig.ship(2)
    rig.stop()
    assert generations(rig.backup)[0].base() is None
    assert not list(rig.backup.rglob("*.part"))
    rig.open()
    rig.shipped()
    assert rig.restored()[0].entries == 50


def test_closing_ships_the_last_commits(tmp_path: Path):
    rig = Rig(tmp_path)
    rig.commit()
    rig.shipped()
    rig.commit(4)
    rig.taker.start()
    rig.database.close()
    rig.ship()
    rig.shipper.close()
    assert rig.restored()[0].entries == 5


def test_the_threads_do_by_themselves_what_the_steps_do(tmp_path: Path):
    rig = Rig(tmp_path, Pace(every=0.02, segment=40 * KIB))
    rig.commit(3)
    rig.shipper.start()
    rig.taker.start()
    while rig.shipper.base_wall is None:
        rig.commit()
    total = rig.commit(2)
    rig.database.close()
    rig.shipper.close()
    done, _ = rig.restored()
    assert (done.complete, done.entries) == (True, total)


def test_a_folder_that_does_not_answer_is_named(rig: Rig, monkeypatch: pytest.MonkeyPatch):
    rig.commit()
    rig.shipped()
    rig.shipper._started = rig.time
    monkeypatch.setattr(rig.shipper._thread, "is_alive", lambda: True)
    rig.shipper._busy_since = rig.time - 12.0
    assert "has not answered for 12 s" in rig.shipper.state().what
    rig.shipper._busy_since = None
    rig.time += 100.0
    assert rig.shipper.state().what == "the backup is 100 s behind"
    monkeypatch.undo()
    assert rig.shipper.state().what == "the backup has ended by a fault"
    rig.shipper._started = None


def test_more_than_there_is_room_for_waits_in_the_log(rig: Rig):
    rig.commit()
    rig.shipped()
    before = rig.shipper.room()
    rig.shipper.put(Written(b"x" * 1000, 0))
    assert rig.shipper.room() == before - 1000
    rig.shipper.break_off("test")
    assert rig.shipper.room() == before


@pytest.mark.parametrize(
    ("code", "what"),
    [
        (errno.EDQUOT, "the disk of the backup folder /b is full"),
        (errno.ENOENT, "the backup folder /b is not there"),
        (errno.EROFS, "the backup folder /b cannot be written"),
        (errno.EIO, "the backup folder /b fails: [Errno 5] x"),
    ],
)
def test_trouble_of_the_folder_in_words(code: int, what: str):
    told, advice = in_words(OSError(code, "x"), Path("/b"))
    assert (told, len(advice) > 10) == (what, True)
