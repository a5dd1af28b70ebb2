"""Hands the write-ahead log over to the shipper, and alone decides when it goes back into the database file.

Runs on the writer thread, between transactions, where nobody else writes: what it sees committed stays so. Each
look takes what is new; a log that has grown is taken whole, written back and begun anew. It never waits for the
backup folder: what the folder does not take stays in the log, up to a limit, and then the generation is given up.
"""

import contextlib
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from central.store import entries
from central.store.database import Database, StoreError
from central.store.generations import Head
from central.store.migrations import steps
from central.store.shipments import AllTaken, GenerationBegun, LogBegunAnew, Written
from central.store.shipping import Shipper
from central.store.write_ahead import LogFile, LogHead

log = logging.getLogger(__name__)

_MIB = 1024 * 1024
_AT_ONCE = 4 * _MIB
_BASE_AGAIN = 600.0


@dataclass(frozen=True)
class Pace:
    """When what happens. Times in seconds, sizes in bytes.

    `every`: between two looks. `segment`: the log is begun anew at this size. `limit`: it never grows beyond, whatever
    becomes of the backup. A new copy of the database is made after `base_every`, or when as much was shipped
    since the last one as the database is large, and at least `base_after`.
    """

    every: float = 1.0
    segment: int = 16 * _MIB
    limit: int = 256 * _MIB
    base_every: float = 86_400.0
    base_after: int = 256 * _MIB


class LogTaker:
    """The writer thread's side of a backup. The database was opened with `hold_log`."""

    def __init__(
        self,
        database: Database,
        shipper: Shipper,
        pace: Pace,
        program: str,
        *,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._database, self._shipper, self._pace, self._program = database, shipper, pace, program
        self._now, self._wall = now, wall
        self._log = LogFile(database.log_path)
        self._head: LogHead | None = None
        self._taken = 0
        self._written_back = False
        self._next_salt: int | None = None
        self._since_base, self._base_size = 0, 0
        self._base_at = 0.0
        self._journal = ""

    def start(self) -> None:
        """Look now and ever after, and once more before the database closes."""
        self._database.before_close = self.last_look
        self._database.post(self._again)

    def _again(self) -> None:
        self._safely()
        with contextlib.suppress(StoreError):  # the database is being closed
            self._database.post(self._again, self._pace.every)

    def last_look(self) -> None:
        """Take what is left. When the database closes, its file changes and the descriptor goes."""
        self._safely()
        self._shipper.end_base()

    def _safely(self) -> None:
        try:
            self.look()
        except StoreError as error:
            log.error("backup=cannot look reason=%s advice=%s", error.reason, error.advice)
        except OSError as error:
            log.error("backup=cannot look reason=%s", error)

    def look(self) -> None:
        """Take what is new. Only on the writer thread, outside a transaction. StoreError, OSError."""
        if not self._shipper.shipping:
            if self._shipper.wants_generation:
                self._begin()
            elif self._log.size() > self._pace.segment:
                self._emptied()
            return
        end = self._end()
        if end is not None and self._take(end):
            self._shipper.put(AllTaken(self._wall(), self._now()))
            if not self._shipper.base_pending:
                self._turn()
                return
        if self._log.size() > self._pace.limit:
            self._too_much()

    def _end(self) -> int | None:
        """Where the last commit ends in the log; None while that cannot be told."""
        head = self._log.head()
        if head is None:
            if self._head is None:
                return 0
            self._astray()
            return None
        if self._head is None and not head.follows(self._next_salt):
            self._astray()
            return None
        if not self._database.disturbed and head == (self._head or head):
            end = self._log.regular_end(head)
            if end is not None and end >= self._taken:
                self._head = head
                return end
        ahead = self._log.size() - (self._taken if head == self._head else 0)
        if self._shipper.base_pending or self._shipper.room() < ahead + _AT_ONCE:
            return None
        _, frames = self._database.checkpoint(empty=False)  # it says how much is committed
        if self._head is not None and head != self._head:
            if not self._written_back or not head.follows(self._head.follower):
                self._astray()
                return None
            self._shipper.put(LogBegunAnew())
            self._taken = 0
        self._head, self._written_back = head, True
        return head.end_of(frames) if frames else 0

    def _astray(self) -> None:
        self._next_salt = None
        self._shipper.break_off("somebody else has written the log back into the database")

    def _take(self, end: int) -> bool:
        """Hand over up to `end`, as far as there is room; whether that was all."""
        while self._taken < end:
            if self._head is None or self._shipper.room() < _AT_ONCE:
                return False
            data = self._log.take(self._head, self._taken, end, _AT_ONCE)
            self._shipper.put(Written(data, int(self._wall() * 1000)))
            self._taken += len(data)
            self._since_base += len(data)
        return True

    def _turn(self) -> None:
        """All is taken: begin the log anew when it is time to."""
        base = self._base_is_due()
        if not (base or self._taken > self._pace.segment or (self._database.disturbed and self._taken)):
            return
        self._written_back = True
        if self._emptied():
            if base:
                self._begin_on_empty(continues=True)
            else:
                self._shipper.put(LogBegunAnew())

    def _base_is_due(self) -> bool:
        age = self._now() - self._base_at
        grown = self._since_base > max(self._pace.base_after, self._base_size)
        failed = self._shipper.base_wall is None and age > _BASE_AGAIN
        return (
            age > self._pace.base_every or failed or (grown and age > min(_BASE_AGAIN, self._pace.base_every))
        )

    def _begin(self) -> None:
        if not self._journal:
            with self._database.transaction() as sql:
                first = entries.link_at(sql, 1)
            self._journal = first.hash if first else ""
        if self._journal and self._emptied():
            self._begin_on_empty(continues=False)

    def _begin_on_empty(self, *, continues: bool) -> None:
        source = self._database.held_file
        assert source is not None, "the database was not opened with hold_log"
        self._base_at, self._since_base = self._now(), 0
        self._base_size = os.fstat(source).st_size
        head = Head(0, int(self._wall() * 1000), self._program, len(steps()), self._journal, None)
        self._shipper.put(GenerationBegun(head, continues, source, self._base_size))

    def _emptied(self) -> bool:
        before = self._log.head()
        done, _ = self._database.checkpoint(empty=True)
        if done:
            if before is not None:
                self._next_salt = before.follower
            elif self._next_salt is not None:
                self._next_salt = (self._next_salt + 1) & 0xFFFFFFFF
            self._head, self._taken, self._written_back = None, 0, False
        return done

    def _too_much(self) -> None:
        """The log must not grow on: the copy of the database goes first, then the generation."""
        if self._shipper.base_pending:
            self._shipper.give_up_base()
        else:
            self._shipper.fall_behind()
            self._emptied()
