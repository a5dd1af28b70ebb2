"""The shipper and the taker, step by step: what is shipped, every trouble of the folder."""

import errno
import os
from pathlib import Path

import pytest

from central.store import generation_writer
from central.store.backup_folder import BackupFolder, FolderRefused, in_words
from central.store.generations import generations
from central.store.restoring import DATABASE
from tests.central.store.backup_rig import Rig, count_in, rounds


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
    for _ in range(8):
        rounds(rig, 12, rows=20, filler=3000)
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
    rounds(rig, 1, rows=1)
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
