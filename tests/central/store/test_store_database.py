import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from central.store.database import Database, Sql, StoreError, explain


async def test_what_is_written_is_read(database: Database) -> None:
    await database.write(lambda sql: sql.conn.execute("create table t (x)"))
    await database.write(lambda sql: sql.conn.execute("insert into t values (7)"))
    assert await database.read(lambda sql: sql.conn.execute("select x from t").fetchall()) == [(7,)]


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    await database.write(lambda sql: sql.conn.execute("create table t (x)"))

    def half(sql: Sql) -> None:
        sql.conn.execute("insert into t values (1)")
        raise KeyError("half way")

    with pytest.raises(KeyError):
        await database.write(half)
    assert await database.read(lambda sql: sql.conn.execute("select x from t").fetchall()) == []


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError, match="readonly"):
        await database.read(lambda sql: sql.conn.execute("create table t (x)"))


def test_every_write_reaches_the_disk_before_it_is_acknowledged(database: Database) -> None:
    def pragmas(sql: Sql) -> list[object]:
        names = ("journal_mode", "synchronous", "secure_delete")
        return [sql.conn.execute(f"pragma {name}").fetchone()[0] for name in names]

    assert database.submit(pragmas).result(5) == ["wal", 2, 1]


async def test_writes_and_reads_stay_off_the_callers_thread(database: Database) -> None:
    names = [
        await database.write(lambda sql: threading.current_thread().name),
        await database.read(lambda sql: threading.current_thread().name),
    ]
    assert [name.split("_")[0] for name in names] == ["store-writer", "store-reader"]


def test_a_second_opener_is_told_who_has_it(database: Database) -> None:
    with pytest.raises(StoreError, match=r"already open in process \d+"):
        Database.open(database.path)


def test_a_second_process_is_told_who_has_it(database: Database) -> None:
    program = (
        "import sys; from pathlib import Path; from central.store.database import Database\n"
        "Database.open(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(database.path)], capture_output=True, text=True, timeout=20
    )
    assert done.returncode != 0
    assert "already open in process" in done.stderr


def test_after_close_it_opens_again_and_refuses_work(tmp_path: Path) -> None:
    first = Database.open(tmp_path / "core.db")
    first.close()
    first.close()
    with pytest.raises(StoreError, match="closed"):
        first.post(lambda: None)
    Database.open(tmp_path / "core.db").close()


def test_close_runs_what_was_posted_for_later(tmp_path: Path) -> None:
    ran: list[str] = []
    database = Database.open(tmp_path / "core.db")
    database.post(lambda: ran.append("late"), delay=3600)
    database.post(lambda: ran.append("soon"))
    database.close()
    assert ran == ["soon", "late"]


def test_a_job_that_fails_does_not_stop_the_writer(database: Database) -> None:
    database.post(lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    assert database.submit(lambda sql: 7).result(5) == 7


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "core.db"
    path.write_bytes(b"this is not sqlite at all " * 100)
    with pytest.raises(StoreError, match="damaged") as caught:
        Database.open(path)
    assert "backup" in caught.value.advice
    path.unlink()
    Database.open(path).close()  # the refusal let go of the lock


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "core.db"
    Database.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("insert into schema_version values (99, '0099_future', 0)")
    connection.close()
    with pytest.raises(StoreError, match="version 99") as caught:
        Database.open(path)
    assert "install the newer" in caught.value.advice


async def test_an_io_error_is_survived_by_a_new_connection(database: Database) -> None:
    await database.write(lambda sql: sql.conn.execute("create table t (x)"))

    def broken(sql: Sql) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
        raise error

    before = await database.write(lambda sql: id(sql.conn))
    with pytest.raises(StoreError, match="fails"):
        await database.write(broken)
    assert await database.write(lambda sql: id(sql.conn)) != before


def test_trouble_is_explained_in_words_a_technician_can_act_on() -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    trouble = explain(error, Path("/data/core.db"))
    assert "full" in trouble.reason
    assert "free space" in trouble.advice
