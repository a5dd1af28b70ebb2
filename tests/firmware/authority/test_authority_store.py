"""What was accepted, on a real file: all of it comes back, damage is set aside, a disk that refuses is said."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware.authority.messages import Commit, Committed, KeepFloor, KeepResult, KeepRings, StoreLoaded
from firmware.authority.store import AuthorityFile, StoreTrouble
from firmware.authority.taken import Taken
from firmware.authority.window import Window
from firmware.authority.writer import AuthorityWriter
from firmware.effects import TellHealth

ROW = Taken("c1", "b-1.pa1", "b-1", "live", 5000)
WINDOW = Window((3, 9), 2)


def wait_for(seen: list[object], what: Callable[[object], bool]) -> object:
    """Until the writer's thread has said it; it says within milliseconds."""
    with TOLD:
        assert TOLD.wait_for(lambda: any(what(each) for each in seen), timeout=20)
    return next(each for each in seen if what(each))


TOLD = threading.Condition()


def sink(seen: list[object]) -> Callable[[object], None]:
    def take(event: object) -> None:
        with TOLD:
            seen.append(event)
            TOLD.notify_all()

    return take


def test_all_that_was_committed_comes_back(tmp_path: Path):
    file = AuthorityFile(tmp_path / "state" / "authority.db")
    assert file.load() == StoreLoaded()
    other = Taken("c2", "b-2.pa1", "b-2", "drill", 9000)
    file.commit(
        [Commit(ROW, "k", WINDOW, 100.0), Commit(other, "k", Window((10,), 2), 90.0), KeepRings((b"a", b"b"))]
    )
    file.commit([KeepResult("b-1.pa1", "played"), KeepFloor(50.0)])
    file.close()
    loaded = AuthorityFile(tmp_path / "state" / "authority.db").load()
    assert loaded.rows == (Taken("c1", "b-1.pa1", "b-1", "live", 5000, "played"), other)
    assert dict(loaded.windows) == {"k": Window((10,), 2)}
    assert (loaded.floor, loaded.chain, loaded.since) == (100.0, (b"a", b"b"), 0.0)
    assert (tmp_path / "state" / "authority.db").stat().st_mode & 0o077 == 0


def test_only_what_is_below_the_floor_is_forgotten(tmp_path: Path):
    file = AuthorityFile(tmp_path / "a.db")
    file.commit([Commit(ROW, "", None, 0.0)])
    file.commit([Commit(Taken("c2", "x.pa1", "x", "live", 9000), "", None, 5000.0)])
    assert len(file.load().rows) == 2
    file.commit([Commit(Taken("c3", "y.pa1", "y", "live", 9000), "", None, 5000.5)])
    assert [row.id for row in file.load().rows] == ["c2", "c3"]


def test_full_sync_is_on(tmp_path: Path):
    file = AuthorityFile(tmp_path / "a.db")
    assert file._one("pragma synchronous") == 2
    assert file._one("pragma journal_mode") == "wal"


@pytest.mark.parametrize("content", [b"not a database at all" * 100, None])
def test_a_damaged_file_is_set_aside_and_the_loss_is_dated(tmp_path: Path, content: bytes | None):
    path = tmp_path / "authority.db"
    if content is None:
        newer = AuthorityFile(path)
        newer._put({"version": "2"})
        newer.close()
    else:
        path.write_bytes(content)
    seen: list[object] = []
    writer = AuthorityWriter(path, lambda: 1234.0)
    loaded = writer.start(sink(seen))
    writer.stop()
    assert (loaded.rows, loaded.since, loaded.ill) == ((), 1234.0, "")
    assert (tmp_path / "authority.db.damaged-1234").exists()
    (told,) = [each for each in seen if isinstance(each, TellHealth)]
    assert "authority.db.damaged-1234" in told.what
    again = AuthorityWriter(path, lambda: 2000.0)
    assert again.start(sink([])).since == 1234.0
    again.stop()


def test_commits_are_answered_and_a_place_that_cannot_be_written_is_said(tmp_path: Path):
    seen: list[object] = []
    writer = AuthorityWriter(tmp_path / "a.db")
    writer.start(sink(seen))
    writer.ask(Commit(ROW, "k", WINDOW, 1.0))
    assert wait_for(seen, lambda e: isinstance(e, Committed)) == Committed("c1")
    writer.ask(KeepResult(ROW.play, "played"))
    writer.stop()
    assert AuthorityFile(tmp_path / "a.db").load().rows[0].result == "played"

    (tmp_path / "file").write_text("in the way")
    nowhere, told = AuthorityWriter(tmp_path / "file" / "a.db"), list[object]()
    assert nowhere.start(sink(told)).ill
    nowhere.ask(Commit(ROW, "k", WINDOW, 1.0))
    answer = wait_for(told, lambda e: isinstance(e, Committed))
    assert isinstance(answer, Committed) and answer.why
    nowhere.stop()
    assert any(isinstance(each, TellHealth) and "stops work" in each.advice for each in told)


def test_a_disk_that_refuses_for_a_while_keeps_results_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("firmware.authority.writer.AGAIN", 0.01)
    seen: list[object] = []
    path = tmp_path / "a.db"
    writer = AuthorityWriter(path)
    writer.start(sink(seen))
    writer.ask(Commit(ROW, "k", WINDOW, 1.0))
    wait_for(seen, lambda e: e == Committed("c1"))
    commit, full = AuthorityFile.commit, [True]

    def refusing(self: AuthorityFile, jobs: list) -> None:
        if full:
            raise StoreTrouble("the disk is full", "free space")
        commit(self, jobs)

    monkeypatch.setattr(AuthorityFile, "commit", refusing)
    writer.ask(KeepResult(ROW.play, "played"))
    writer.ask(Commit(Taken("c2", "b-2.pa1", "b-2", "live", 5000), "k", WINDOW, 1.0))
    assert wait_for(seen, lambda e: isinstance(e, Committed) and e.id == "c2") == Committed(
        "c2", "the disk is full"
    )
    full.clear()
    wait_for(seen, lambda e: e == TellHealth("authority", ""))
    writer.stop()
    assert [(row.id, row.result) for row in AuthorityFile(path).load().rows] == [("c1", "played")]


def test_a_file_damaged_while_it_is_open_refuses(tmp_path: Path):
    file = AuthorityFile(tmp_path / "a.db")
    file._sql.execute("drop table taken")
    with pytest.raises(StoreTrouble) as caught:
        file.commit([Commit(ROW, "", None, 0.0)])
    assert caught.value.damaged
    assert isinstance(caught.value.__cause__, sqlite3.Error)
