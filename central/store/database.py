"""The door to SQLite: one locked file, one writer thread, one reader thread.

Every write of the centre passes the writer thread in its own transaction (WAL, synchronous=FULL); reads run
on a second, read-only connection. Nothing here blocks the event loop, and no other file of the centre
imports sqlite3 or sqlite_utils. Traps: `with connection:` of sqlite3 commits an outer transaction, so
transactions are spelt out (isolation_level=None); after an I/O error a connection can stay unusable, so it
is reopened; `.open()` itself blocks: call it before the loop runs; closing any descriptor of the database
file or its -shm in this process drops SQLite's own locks, so `held_file` is kept until the very end; a
checkpoint that readers hold up has written back all the same, and the next commit then starts the log anew.
"""

import asyncio
import contextlib
import fcntl
import heapq
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import sqlite_utils

from central.store.migrations import NewerDatabase, migrate

log = logging.getLogger(__name__)

Sql = sqlite_utils.Database
SqlError = sqlite3.Error
T = TypeVar("T")

_REOPEN_AFTER = (
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_NOTADB,
)


class StoreError(Exception):
    """The store could not do it: `reason` says what happened, `advice` what a technician should do.

    `passing`: once he has done so, the same work succeeds.
    """

    def __init__(self, reason: str, advice: str, passing: bool = False) -> None:
        super().__init__(f"{reason} ({advice})")
        self.reason = reason
        self.advice = advice
        self.passing = passing


def explain(error: sqlite3.Error, path: Path) -> StoreError:
    """The same trouble in the technician's words."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        advice = f"free space on the file system of {path.parent}"
        return StoreError(f"the disk under {path} is full", advice, passing=True)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreError(
            f"{path} is damaged: {error}", "keep the file as evidence, restore the last backup beside it"
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        advice = f"check owner and mount options of {path.parent}"
        return StoreError(f"{path} cannot be written: {error}", advice, passing=True)
    if code == sqlite3.SQLITE_IOERR:
        advice = "look at `dmesg` and replace the disk"
        return StoreError(f"the disk under {path} fails: {error}", advice, passing=True)
    return StoreError(f"{path}: {error}", "report this with the log of central core")


def read_only(path: Path) -> Sql:
    """A read-only view of the database at `path`; may be used while another process writes it."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    connection.execute("pragma query_only = on")
    connection.execute("pragma busy_timeout = 5000")
    return Sql(connection, execute_plugins=False)


def take_over_log(path: Path) -> int:
    """Let SQLite bring the write-ahead log beside `path` into it; how many frames it took. StoreError. Blocks."""
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("pragma synchronous = off")  # whoever restores syncs the file at the end
            connection.execute("select count(*) from sqlite_master").fetchone()
            frames = int(connection.execute("pragma wal_checkpoint(passive)").fetchone()[1])
            connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise explain(error, path) from error
    return frames


def faults_in(path: Path) -> list[str]:
    """What SQLite's own integrity check says against the database `path`; empty when it is sound. Blocks."""
    try:
        sql = read_only(path)
        try:
            rows = [str(row[0]) for row in sql.conn.execute("pragma integrity_check(20)")]
        finally:
            sql.close()
    except sqlite3.Error as error:
        return [str(error)]
    return [] if rows == ["ok"] else rows


def _read_write(path: Path, hold_log: bool = False) -> Sql:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in (
        "busy_timeout = 5000",
        "journal_mode = wal",
        "synchronous = full",
        "secure_delete = on",
        "journal_size_limit = 67108864",
    ):
        connection.execute(f"pragma {pragma}")
    if hold_log:
        connection.execute("pragma wal_autocheckpoint = 0")
    return Sql(connection, execute_plugins=False)


class _Lock:
    """One process at a time; the kernel lets go of it when the process dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise StoreError(
                f"the store {path.with_suffix('')} is already open in process {holder}",
                "stop the other `central core`, or give this one its own data folder",
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.close()


class Database:
    """The open store: `write` and `read` for the loop, `submit` and `post` for any thread."""

    def __init__(self, path: Path, lock: _Lock, sql: Sql, hold_log: bool = False) -> None:
        self.path = path
        self.log_path = path.with_name(path.name + "-wal")
        self.disturbed = True
        """The log may hold more than was committed: its end is where `checkpoint` says, not where the file ends."""
        self.before_close: Callable[[], None] = lambda: None
        """Called when nothing is written any more and the log still stands."""
        self._hold_log = hold_log
        self.held_file = os.open(path, os.O_RDONLY | os.O_CLOEXEC) if hold_log else None
        """The database file for `os.pread`; with `hold_log` it changes in `checkpoint` only."""
        self._lock = lock
        self._sql: Sql | None = sql
        self._jobs: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._turn = threading.Condition()
        self._stopping = False
        self._reader = ThreadPoolExecutor(1, "store-reader")
        self._view: Sql | None = None
        self._thread = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, path: Path, *, hold_log: bool = False) -> "Database":
        """Lock, open and migrate. Blocks; StoreError if another process has it, or it is newer or damaged.

        `hold_log`: the write-ahead log goes into the file when `checkpoint` is called, and not before.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _Lock(path.with_name(path.name + ".lock"))
        sql: Sql | None = None
        try:
            sql = _read_write(path, hold_log)
            migrate(sql)
            return cls(path, lock, sql, hold_log)
        except (NewerDatabase, sqlite3.Error) as error:
            if sql is not None:
                sql.close()
            lock.release()
            if isinstance(error, NewerDatabase):
                advice = "install the newer Spillway, or restore a backup"
                raise StoreError(f"{path}: {error}", advice) from None
            raise explain(error, path) from error

    def post(self, job: Callable[[], None], delay: float = 0.0) -> None:
        """Run `job` on the writer thread in `delay` seconds (at close: at once). Any thread, never blocks."""
        with self._turn:
            if self._stopping:
                raise StoreError(f"{self.path} is closed", "this is a fault of the program: report it")
            self._count += 1
            heapq.heappush(self._jobs, (time.monotonic() + delay, self._count, job))
            if self._jobs[0][1] == self._count:
                self._turn.notify()

    def submit(self, work: Callable[[Sql], T], before: Callable[[], None] = lambda: None) -> Future[T]:
        """Run `work` in a transaction on the writer thread, and `before` just before it, outside of it.

        Any thread. The future fails with StoreError.
        """
        future: Future[T] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                before()
                with self.transaction() as sql:
                    result = work(sql)
            except Exception as error:  # noqa: BLE001 - the edge of the writer thread: it goes to the asker
                future.set_exception(error)
            else:
                future.set_result(result)

        self.post(job)
        return future

    async def write(self, work: Callable[[Sql], T]) -> T:
        """Run `work` in a transaction on the writer thread and wait until it is on disk."""
        return await asyncio.shield(asyncio.wrap_future(self.submit(work)))

    async def read(self, work: Callable[[Sql], T]) -> T:
        """Run `work` (reads only) on the reader thread."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, self._looked_up, work)

    def _looked_up(self, work: Callable[[Sql], T]) -> T:
        try:
            if self._view is None:
                self._view = read_only(self.path)
            return work(self._view)
        except sqlite3.Error as error:
            raise explain(error, self.path) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Sql]:
        """A write transaction; only for jobs on the writer thread. StoreError for any trouble of SQLite."""
        try:
            sql = self._connected()
            sql.conn.execute("begin immediate")
            try:
                yield sql
                sql.conn.execute("commit")
            except BaseException:
                self.disturbed = True
                with contextlib.suppress(sqlite3.Error):
                    sql.conn.execute("rollback")
                raise
        except sqlite3.Error as error:
            if (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _REOPEN_AFTER and self._sql is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._sql.conn.close()
                self._sql = None
            raise explain(error, self.path) from error

    def _connected(self) -> Sql:
        if self._sql is None:
            self._sql = _read_write(self.path, self._hold_log)
        return self._sql

    def checkpoint(self, *, empty: bool) -> tuple[bool, int]:
        """Write the log back into the file, with `empty` cut it to nothing; (done, frames it held).

        Only for jobs on the writer thread. Waits for no reader: then it is not done. StoreError.
        """
        mode = "truncate" if empty else "passive"
        try:
            connection = self._connected().conn
            connection.execute("pragma busy_timeout = 0").fetchall()
            try:
                busy, frames, written = connection.execute(f"pragma wal_checkpoint({mode})").fetchone()
            finally:
                connection.execute("pragma busy_timeout = 5000").fetchall()
        except sqlite3.Error as error:
            self.disturbed = True
            raise explain(error, self.path) from error
        done = not busy and frames == written
        self.disturbed = not (empty and done)
        return done, max(0, int(frames))

    def _serve(self) -> None:
        while True:
            with self._turn:
                while not self._jobs or (self._jobs[0][0] > time.monotonic() and not self._stopping):
                    if self._stopping:
                        return
                    self._turn.wait(self._jobs[0][0] - time.monotonic() if self._jobs else None)
                job = heapq.heappop(self._jobs)[2]
            try:
                job()
            except Exception:
                log.exception("store=%s job=failed", self.path)

    def close(self) -> None:
        """Finish what was posted, close the files, release the lock. Blocks; call it after the loop."""
        with self._turn:
            if self._stopping:
                return
            self._stopping = True
            self._turn.notify()
        self._thread.join()
        self._reader.submit(self._close_view).result()
        self._reader.shutdown()
        self.before_close()
        if self._sql is not None:
            self._sql.close()
        if self.held_file is not None:
            os.close(self.held_file)
        self._lock.release()

    def _close_view(self) -> None:
        if self._view is not None:
            self._view.close()
