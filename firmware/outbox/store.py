"""The door to SQLite: the file with the events that the centre has not taken. The firmware's only one.

WAL with synchronous=FULL: what `add` has returned from survives a power cut. One thread uses it, the writer's.
Traps: `with connection:` commits an outer transaction, so transactions are spelt out (isolation_level=None); the
places of rows are ours, as SQLite gives a rowid again once the highest row is deleted; a full disk shows as
SQLITE_FULL or as an I/O error, and a connection can stay unusable after the latter; quick_check reads the whole
file, so it is run at the opening only.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlite_utils

from firmware.outbox.entries import Entry
from firmware.outbox.pending import HOLES_MOST
from link.contract.batch import body_of, fact_of
from link.contract.envelope import EnvelopeError
from link.contract.lanes import ALARM, LANES
from link.contract.link_facts import EventsDropped, LaneName

VERSION = 1
MEMORY = Path(":memory:")
ROW_OCTETS = 120
"""What a row takes besides its body: key, index, times."""
SHARE = 0.1
"""Share of the quota that is given up at once, so that one note stands for many events."""
_COLUMNS = "lane, epoch, seq, rank, boot, wall_ms, mono_ms, tq, body"


class StoreTrouble(Exception):
    """The file could not do it. `damaged`: set it aside; else the same may succeed once `advice` is followed."""

    def __init__(self, what: str, advice: str, damaged: bool = False) -> None:
        super().__init__(f"{what} ({advice})")
        self.what, self.advice, self.damaged = what, advice, damaged


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored event and its place in the order of the file."""

    place: int
    entry: Entry


class _Run:
    """Events that one note stands for, in the place of the first; an earlier note is taken over."""

    def __init__(self, place: int, seq: int, note: EventsDropped | None) -> None:
        self.place, self.first = place, seq
        self.last = note.last if note else seq
        self.count = note.count if note else 1
        self.others: list[int] = []
        self.holes = 0

    def take(self, place: int, seq: int, note: EventsDropped | None) -> bool:
        """One more, unless it would make the note stand for too many ranges."""
        holes = self.holes + (seq > self.last + 1)
        if holes > HOLES_MOST:
            return False
        self.holes = holes
        self.last = max(self.last, note.last if note else seq)
        self.count += note.count if note else 1
        self.others.append(place)
        return True


class EventFile:
    """One open file. `MEMORY` as its path: a store that ends with the process."""

    def __init__(self, path: Path) -> None:
        """Opens, checks and migrates. Blocks. StoreTrouble."""
        self.path = path
        self.before: dict[LaneName, int] = {}
        self.waiting: dict[LaneName, int] = {}
        with self._troubles():
            self._sql = self._connect()
            try:
                self._check()
                self._migrate()
                self.place = int(self._one("select max(rowid) from outbox") or 0)
                self._recount()
            except BaseException as error:
                self._sql.close()
                if _foreign(error):
                    what = f"{self.path} is no outbox: {error}"
                    raise StoreTrouble(what, "see the file set aside", damaged=True) from error
                raise

    def _connect(self) -> sqlite3.Connection:
        if self.path != MEMORY:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        sql = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        for pragma in ("busy_timeout = 2000", "journal_mode = wal", "synchronous = full"):
            sql.execute(f"pragma {pragma}")
        sql.execute("pragma journal_size_limit = 4194304")
        return sql

    def _one(self, query: str, *values: object) -> Any:
        row = self._sql.execute(query, values).fetchone()
        return row[0] if row else None

    def _check(self) -> None:
        found = self._one("pragma quick_check(1)")
        if found != "ok":
            raise StoreTrouble(
                f"{self.path} is damaged: {str(found)[:80]}", "see the file set aside", damaged=True
            )

    def _migrate(self) -> None:
        database = sqlite_utils.Database(self._sql, execute_plugins=False)
        if "meta" in database.table_names():
            version = int(self._one("select value from meta where key = 'version'") or 0)
            if version > VERSION:
                what = f"{self.path} was written by a newer program (version {version})"
                raise StoreTrouble(what, "the file set aside can be read by the newer program", damaged=True)
            return
        with self._transaction():
            database.table("meta").create({"key": str, "value": str}, pk="key")
            fields = {"lane": str, "epoch": int, "seq": int, "rank": int, "boot": str}
            fields |= {"wall_ms": int, "mono_ms": int, "tq": str, "body": bytes}
            database.table("outbox").create(fields, pk=("lane", "epoch", "seq"))
            self._sql.execute("create index outbox_of_lane on outbox(lane)")
            self._sql.execute("insert into meta values ('version', ?)", (str(VERSION),))

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

    def begin(self, epochs: dict[LaneName, int]) -> None:
        """Note the new epoch of each lane; `self.before` holds those of the opening before. StoreTrouble."""
        with self._troubles(), self._transaction():
            for lane, epoch in epochs.items():
                key = f"epoch.{lane}"
                self.before[lane] = int(self._one("select value from meta where key = ?", key) or 0)
                self._sql.execute("insert or replace into meta values (?, ?)", (key, str(epoch)))

    def add(self, entries: Sequence[Entry]) -> None:
        """Store these in one transaction; they are on the disk when it returns. StoreTrouble: none of them is."""
        place = self.place
        rows = []
        for place, each in enumerate(entries, start=self.place + 1):
            times = (each.wall_ms, each.mono_ms, each.tq, each.body)
            rows.append((place, each.lane, each.epoch, each.seq, each.rank, each.boot, *times))
        with self._troubles(), self._transaction():
            asked = f"insert or ignore into outbox(rowid, {_COLUMNS}) values (?,?,?,?,?,?,?,?,?,?)"
            taken = self._sql.executemany(asked, rows).rowcount
        self.place = place
        if taken == len(rows):
            for each in entries:
                self.waiting[each.lane] += 1
        else:  # some were here already: an earlier try was reported as failed and had not
            self._recount()

    def forget(self, upto: dict[int, int]) -> None:
        """Delete the events of each epoch up to its number, in one transaction. StoreTrouble: none is deleted."""
        gone: list[tuple[LaneName, int]] = []
        with self._troubles(), self._transaction():
            for epoch, last in upto.items():
                for lane in LANES:
                    asked = "delete from outbox where lane = ? and epoch = ? and seq <= ?"
                    gone.append((lane, self._sql.execute(asked, (lane, epoch, last)).rowcount))
        for lane, count in gone:
            self.waiting[lane] -= count

    def read(self, lane: LaneName, after: int, most: int) -> list[Kept]:
        """The next events of a lane behind a place, in the order of the file."""
        with self._troubles():
            asked = (
                f"select rowid, {_COLUMNS} from outbox where lane = ? and rowid > ? order by rowid limit ?"
            )
            return [Kept(row[0], Entry(*row[1:])) for row in self._sql.execute(asked, (lane, after, most))]

    def _recount(self) -> None:
        with self._troubles():
            for lane in LANES:
                self.waiting[lane] = int(self._one("select count(*) from outbox where lane = ?", lane))

    def epochs_of(self, lane: LaneName) -> tuple[int, ...]:
        """Epochs with events of this lane."""
        with self._troubles():
            found = self._sql.execute("select distinct epoch from outbox where lane = ?", (lane,)).fetchall()
        return tuple(int(row[0]) for row in found)

    def oldest(self) -> Entry | None:
        """The oldest event of all."""
        with self._troubles():
            row = self._sql.execute(f"select {_COLUMNS} from outbox order by rowid limit 1").fetchone()
            return Entry(*row) if row else None

    def octets(self) -> int:
        """What the file holds, free pages not counted."""
        with self._troubles():
            pages = self._one("pragma page_count") - self._one("pragma freelist_count")
            return int(pages * self._one("pragma page_size"))

    def make_room(self, quota: int) -> int:
        """Give up a share of the quota: the oldest of the lowest rank, one note in their place. How many went."""
        for rank in range(ALARM + 1):
            with self._troubles(), self._transaction():
                groups = self._groups(rank)
                count = self._replace(*groups[0], rank, int(quota * SHARE)) if groups else 0
            if count:
                self.waiting[groups[0][0]] -= count
                return count
        return 0

    def _groups(self, rank: int) -> list[tuple[LaneName, int]]:
        asked = (
            "select lane, epoch from outbox where rank <= ? group by lane, epoch having count(*) > 1"
            " order by min(rowid)"
        )
        return self._sql.execute(asked, (rank,)).fetchall()

    def _replace(self, lane: LaneName, epoch: int, rank: int, share: int) -> int:
        asked = "select rowid, seq, body from outbox where lane = ? and epoch = ? and rank <= ? order by seq"
        runs: list[_Run] = []
        octets, count = 0, 0
        for place, seq, body in self._sql.execute(asked, (lane, epoch, rank)):
            if not runs or not runs[-1].take(place, seq, _note(body, lane, epoch)):
                runs.append(_Run(place, seq, _note(body, lane, epoch)))
            octets += len(body) + ROW_OCTETS
            count += 1
            if octets >= share and count > 1:
                break
        for run in runs:
            fields = {"lane": lane, "epoch": epoch, "first": run.first, "last": run.last, "count": run.count}
            body = body_of(EventsDropped.model_validate(fields | {"why": "quota"}))
            self._sql.executemany("delete from outbox where rowid = ?", [(place,) for place in run.others])
            self._sql.execute(
                "update outbox set rank = ?, body = ? where rowid = ?", (ALARM, body, run.place)
            )
        return count - len(runs)

    def mend(self, place: int, entry: Entry) -> None:
        """Put a note in the place of an event that cannot be read."""
        fields = {"lane": entry.lane, "epoch": entry.epoch, "first": entry.seq, "last": entry.seq, "count": 1}
        body = body_of(EventsDropped.model_validate(fields | {"why": "unreadable"}))
        with self._troubles(), self._transaction():
            self._sql.execute("update outbox set rank = ?, body = ? where rowid = ?", (ALARM, body, place))

    def close(self) -> None:
        """Give the file back."""
        with contextlib.suppress(sqlite3.Error):
            self._sql.close()


def _note(body: bytes, lane: LaneName, epoch: int) -> EventsDropped | None:
    """The note that stands in the place of events of this lane and epoch, or None."""
    try:
        told = fact_of(body)
    except EnvelopeError:
        return None
    ours = isinstance(told, EventsDropped) and (told.lane, told.epoch) == (lane, epoch)
    return told if ours and isinstance(told, EventsDropped) else None


def _foreign(error: BaseException) -> bool:
    """SQLite's plain error while a file is opened: it is a database, but its tables are not ours."""
    plain = isinstance(error, sqlite3.OperationalError | StoreTrouble)
    cause = error.__cause__ if isinstance(error, StoreTrouble) else error
    return plain and getattr(cause, "sqlite_errorcode", 0) == sqlite3.SQLITE_ERROR


def _explained(error: sqlite3.Error, path: Path) -> StoreTrouble:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or isinstance(error, sqlite3.IntegrityError):
        return StoreTrouble(f"{path} is damaged: {error}", "see the file set aside", damaged=True)
    if code == sqlite3.SQLITE_FULL:
        return StoreTrouble(
            f"the disk under {path} is full", f"free space on the file system of {path.parent}"
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        advice = f"check owner and mount options of {path.parent}"
        return StoreTrouble(f"{path} cannot be written: {error}", advice)
    if code == sqlite3.SQLITE_IOERR:
        return StoreTrouble(f"the disk under {path} fails: {error}", "look at `dmesg` and replace the disk")
    return StoreTrouble(f"{path}: {error}", "report this with the log of `gateway run`")


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


def quota_of(path: Path, most: int) -> int:
    """`most` octets, and no more than 80 % of the file system that `path` is on."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return most
    return min(most, int(disk.f_blocks * disk.f_frsize * 0.8))
