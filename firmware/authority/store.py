"""The door to SQLite: the file of what was accepted here, `authority.db`. WAL with synchronous=FULL.

What `commit` has returned from survives a power cut. One thread uses it, the writer's. A file that is damaged, or of a
newer program, is set aside, never overwritten; the new one notes when (`since`), for what was accepted before is not
known then. Transactions are spelt out (isolation_level=None).
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from firmware.authority.messages import Commit, KeepFloor, KeepResult, KeepRings, StoreLoaded
from firmware.authority.taken import Taken
from firmware.authority.window import Window

VERSION = 1
Job = Commit | KeepResult | KeepFloor | KeepRings
_TABLES = (
    "create table meta (key text primary key, value text)",
    "create table taken (play text primary key, id text, auth text, ch text, until integer, result text)",
    "create table windows (kid text primary key, numbers text, floor integer)",
    "create table rings (place integer primary key, signed blob)",
)


class StoreTrouble(Exception):
    """The file could not do it. `damaged`: set it aside; else the same may succeed once `advice` is followed."""

    def __init__(self, what: str, advice: str, damaged: bool = False) -> None:
        super().__init__(f"{what} ({advice})")
        self.what, self.advice, self.damaged = what, advice, damaged


class AuthorityFile:
    """One open file."""

    def __init__(self, path: Path, since: float = 0.0) -> None:
        """Opens, checks, makes the tables of a new one with `since`. Blocks. StoreTrouble."""
        self.path = path
        with self._troubles():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._sql = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                for pragma in ("busy_timeout = 2000", "journal_mode = wal", "synchronous = full"):
                    self._sql.execute(f"pragma {pragma}")
                self._open(since)
            except BaseException:
                self._sql.close()
                raise

    def _open(self, since: float) -> None:
        found = self._one("pragma quick_check(1)")
        if found != "ok":
            raise self._damaged(f"{str(found)[:80]}")
        tables = {row[0] for row in self._sql.execute("select name from sqlite_master where type = 'table'")}
        if not tables:
            with self._transaction():
                for table in _TABLES:
                    self._sql.execute(table)
                self._put({"version": str(VERSION), "since": str(since), "floor": "0"})
            self.path.chmod(0o600)
        elif self._one("select value from meta where key = 'version'") != str(VERSION):
            raise self._damaged("it was written by a newer program")

    def _damaged(self, what: str) -> StoreTrouble:
        return StoreTrouble(f"{self.path} cannot be used: {what}", "see the file set aside", damaged=True)

    def _one(self, query: str) -> Any:
        row = self._sql.execute(query).fetchone()
        return row[0] if row else None

    def _put(self, values: dict[str, str]) -> None:
        self._sql.executemany("insert or replace into meta values (?, ?)", list(values.items()))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._sql.execute("begin immediate")
        try:
            yield
            self._sql.execute("commit")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._sql.execute("rollback")
            raise

    @contextlib.contextmanager
    def _troubles(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _explained(error, self.path) from error
        except OSError as error:
            advice = f"check owner and mount options of {self.path.parent}"
            raise StoreTrouble(f"{self.path}: {error.strerror}", advice) from error

    # -- what the writer asks --

    def load(self) -> StoreLoaded:
        """All that is kept. StoreTrouble."""
        with self._troubles():
            try:
                taken = self._sql.execute("select id, play, auth, ch, until, result from taken").fetchall()
                windows = self._sql.execute("select kid, numbers, floor from windows").fetchall()
                rings = self._sql.execute("select signed from rings order by place").fetchall()
                meta = dict(self._sql.execute("select key, value from meta").fetchall())
                return StoreLoaded(
                    tuple(Taken(*row) for row in taken),
                    tuple((kid, Window(tuple(json.loads(n)), floor)) for kid, n, floor in windows),
                    float(meta["floor"]),
                    float(meta["since"]),
                    tuple(bytes(row[0]) for row in rings),
                )
            except (ValueError, KeyError, TypeError) as error:
                raise self._damaged(repr(error)) from error

    def commit(self, jobs: Sequence[Job]) -> None:
        """All of these in one transaction; on the disk when it returns. StoreTrouble: none of them is."""
        with self._troubles(), self._transaction():
            for job in jobs:
                self._do(job)

    def _do(self, job: Job) -> None:
        match job:
            case Commit(row=row, kid=kid, window=window, floor=floor):
                self._sql.execute("delete from taken where until < ?", (floor,))
                kept = (row.play, row.id, row.auth, row.ch, row.until, row.result)
                self._sql.execute("insert or replace into taken values (?, ?, ?, ?, ?, ?)", kept)
                if window is not None and kid:
                    numbers = (kid, json.dumps(window.numbers), window.floor)
                    self._sql.execute("insert or replace into windows values (?, ?, ?)", numbers)
                self._raise_floor(floor)
            case KeepResult(play=play, result=result):
                self._sql.execute("update taken set result = ? where play = ?", (result, play))
            case KeepFloor(floor=floor):
                self._raise_floor(floor)
            case KeepRings(chain=chain):
                self._sql.execute("delete from rings")
                self._sql.executemany("insert into rings values (?, ?)", list(enumerate(chain)))

    def _raise_floor(self, floor: float) -> None:
        if floor > float(self._one("select value from meta where key = 'floor'") or 0):
            self._put({"floor": repr(floor)})

    def close(self) -> None:
        """Give the file back."""
        with contextlib.suppress(sqlite3.Error):
            self._sql.close()


def _explained(error: sqlite3.Error, path: Path) -> StoreTrouble:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    foreign = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
    if code in foreign or isinstance(error, sqlite3.IntegrityError):
        return StoreTrouble(f"{path} is damaged: {error}", "see the file set aside", damaged=True)
    if code == sqlite3.SQLITE_FULL:
        return StoreTrouble(
            f"the disk under {path} is full", f"free space on the file system of {path.parent}"
        )
    if code == sqlite3.SQLITE_IOERR:
        return StoreTrouble(f"the disk under {path} fails: {error}", "look at `dmesg` and replace the disk")
    return StoreTrouble(f"{path} cannot be written: {error}", f"check owner and rights of {path.parent}")


def set_aside(path: Path, wall: float) -> str:
    """Keep a damaged file with its side files under a name with the time (Unix s); the new name. OSError."""
    kept = f"{path.name}.damaged-{int(wall)}"
    number = 1
    while path.with_name(kept).exists():
        number += 1
        kept = f"{path.name}.damaged-{int(wall)}-{number}"
    for tail in ("-wal", "-shm", ""):  # the database last: half done, it is still found damaged
        here = path.with_name(path.name + tail)
        if here.exists():
            here.rename(path.with_name(kept + tail))
    return kept
