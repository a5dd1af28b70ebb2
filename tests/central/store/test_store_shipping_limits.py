"""The shipper and the taker at their limits: slow folders, readers, frames never committed, other writers, the end."""

import sqlite3
from pathlib import Path

import pytest

from central.store.database import read_only
from central.store.generations import generations
from central.store.log_taker import Pace
from central.store.shipments import Written
from tests.central.store.backup_rig import KIB, Rig, rounds


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
    total = rounds(rig, 1)
    done, _ = rig.restored()
    assert (done.complete, done.entries) == (True, total), done
    assert sum(each.stat().st_size for each in rig.backup.rglob("*.wal")) < 100 * KIB


def test_a_commit_that_failed_after_it_was_written_is_not_shipped(rig: Rig):
    rig.commit()
    rig.shipped()
    rig.commit(2)
    log = rig.database.log_path.read_bytes()
    frame = 24 + 4096
    with rig.database.log_path.open("ab") as file:  # as a commit whose fsync failed leaves it
        file.write(log[-frame : -frame + 16] + bytes(8) + b"z" * 4096)
    rig.database.disturbed = True
    rig.look()
    rig.ship()
    done, _ = rig.restored()
    assert (done.complete, done.entries) == (True, 3), done
    total = rounds(rig, 3)
    done, _ = rig.restored()
    assert (done.complete, done.entries, done.generation) == (True, total, 1), done


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
