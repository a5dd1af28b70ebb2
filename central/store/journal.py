"""The centre's journal: append-only, hash-chained, written behind.

`append` returns at once and is on disk within 100 ms; `barrier` waits for the disk and stands before every
effect that cannot be taken back. Trouble with the disk never reaches a caller of `append`: entries wait in
bounded memory, what had to be dropped is counted and recorded as a `journal.gap` entry. Personal data
belongs into the payload (which retention can erase), never into `kind` or `subject` (which stay for ever).
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice

from central.store import entries
from central.store.chain import GAP, GENESIS, Link, canonical, follows, payload_hash
from central.store.database import Database, Sql, StoreError
from central.store.entries import Entry, Waiting
from central.store.verify import Verdict, verify

log = logging.getLogger(__name__)

_KIND_LIMIT, _SUBJECT_LIMIT = 64, 200
_BODY_LIMIT = 512 * 1024
_BATCH = 500
_ERASE_SLICE = 2000
_LOOK_BACK = 200


@dataclass(frozen=True)
class JournalTrouble:
    """Fact: the journal cannot be written (entries wait in memory), or its end does not verify."""

    reason: str
    advice: str


@dataclass(frozen=True)
class JournalRecovered:
    """Fact: writing works again; `dropped` entries were lost in between (a gap entry says so)."""

    dropped: int


class JournalError(Exception):
    """The journal could not promise that everything appended so far is on disk."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason} ({advice})")
        self.reason = reason
        self.advice = advice


class Journal:
    """The one journal of a centre. JournalTrouble and JournalRecovered go to `sink`, from any thread."""

    def __init__(
        self,
        database: Database,
        sink: Callable[[object], object],
        *,
        wall: Callable[[], float] = time.time,
        behind: float = 0.05,
        retry: float = 1.0,
        limit_entries: int = 10_000,
        limit_bytes: int = 16 * 1024 * 1024,
    ) -> None:
        self._database = database
        self._sink = sink
        self._wall = wall
        self._behind = behind
        self._retry = retry
        self._limit_entries = limit_entries
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._queue: deque[Waiting] = deque()
        self._bytes = 0
        self._scheduled = False
        self._trouble: StoreError | None = None
        self._accepted = 0
        self._written = 0
        self._lost = 0
        self._lost_from_ms = 0
        self._lost_in_trouble = 0
        self._attempt: tuple[Link, int] | None = None
        database.post(self._look_back)

    def append(self, kind: str, subject: str, payload: Mapping[str, object]) -> None:
        """Take one entry. Any thread, never blocks, never fails for the disk's sake.

        TypeError/ValueError if `payload` is not JSON. Of a payload over 512 KiB only size and hash are kept.
        """
        body = canonical(payload)
        if len(body) > _BODY_LIMIT:
            body = canonical({"oversize": len(body), "sha256": payload_hash(b"", body)})
        entry = entries.waiting(
            self._now_ms(), _plain(kind, _KIND_LIMIT), _plain(subject, _SUBJECT_LIMIT), body
        )
        with self._lock:
            if len(self._queue) >= self._limit_entries or self._bytes + entry.size > self._limit_bytes:
                self._lost_from_ms = self._lost_from_ms or entry.wall_ms
                self._lost += 1
                self._lost_in_trouble += 1
                return
            self._note_gap(entry.wall_ms)
            self._take(entry)
            if self._scheduled:
                return
            self._scheduled = True
        self._post(self._write_behind, self._behind)

    async def barrier(self, patience: float = 5.0) -> None:
        """Return when all appended so far is committed; JournalError in trouble or after `patience`."""
        with self._lock:
            mark, lost = self._accepted, self._lost
            if self._written >= mark and self._trouble is None and not lost:
                return
        done: Future[None] = Future()
        if not self._post(lambda: self._write_for(done, mark)):
            raise JournalError("the journal is closed", "this is a fault of the program: report it")
        try:
            await asyncio.wait_for(asyncio.wrap_future(done), patience)
        except TimeoutError:
            raise JournalError(
                f"the journal's disk did not answer within {patience:g} s",
                "look at the disk's load and health",
            ) from None
        if lost:
            raise JournalError(
                f"{lost} entries did not fit into memory and were dropped", "see the trouble reported before"
            )

    async def tail(self, n: int, kind: str | None = None) -> list[Entry]:
        """The last `n` entries (of one kind), oldest first; only what is committed."""
        return await self._database.read(lambda sql: entries.tail(sql, n, kind))

    async def head(self) -> tuple[int, str]:
        """Sequence number and hash of the last entry on disk, to be kept elsewhere as an anchor."""
        return await self._database.read(entries.head)

    async def verify(self) -> Verdict:
        """Check the whole chain in a worker process; only what is committed."""
        return await verify(self._database.path)

    async def erase(self, before_ms: int, why: str, kinds: tuple[str, ...] = ()) -> int:
        """Erase the payloads of entries older than `before_ms` (of `kinds`, or all); return how many.

        The entries stay in the chain, and an entry `journal.erased` says which payloads went and why.
        """
        total = 0
        while True:
            await self.barrier()
            erased = await self._database.write(
                lambda sql: entries.erase(sql, self._now_ms(), before_ms, why, kinds, _ERASE_SLICE)
            )
            total += erased
            if erased < _ERASE_SLICE:
                return total

    def write_waiting(self) -> None:
        """On the writer thread: what was appended before stands in the chain before what follows. Never fails."""
        if self._queue:
            self._write_all()

    async def close(self) -> None:
        """Write what is waiting. In trouble: log how much is lost with this process."""
        try:
            await self.barrier()
        except JournalError as error:
            log.error("journal=closing waiting=%d reason=%s", len(self._queue), error.reason)

    def _now_ms(self) -> int:
        return int(self._wall() * 1000)

    # Under the lock:

    def _take(self, entry: Waiting) -> None:
        self._queue.append(entry)
        self._bytes += entry.size
        self._accepted += 1

    def _note_gap(self, wall_ms: int) -> None:
        if self._lost:
            gap = canonical({"dropped": self._lost, "from_ms": self._lost_from_ms, "to_ms": wall_ms})
            self._take(entries.waiting(wall_ms, GAP, "journal", gap))
            self._lost = self._lost_from_ms = 0

    # On the writer thread:

    def _post(self, job: Callable[[], None], delay: float = 0.0) -> bool:
        try:
            self._database.post(job, delay)
        except StoreError:
            log.warning("journal=closed waiting=%d", len(self._queue))
            return False
        return True

    def _write_behind(self) -> None:
        error = self._write_all()
        with self._lock:
            self._scheduled = error is not None or bool(self._queue)
            again = self._scheduled
        if again:
            self._post(self._write_behind, self._retry if error else self._behind)

    def _write_for(self, done: "Future[None]", mark: int) -> None:
        if not done.set_running_or_notify_cancel():
            return
        error = None if self._written >= mark and self._trouble is None else self._write_all()
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(JournalError(error.reason, error.advice))

    def _write_all(self) -> StoreError | None:
        """Write until the queue was empty once. The error that stopped it, if one did."""
        while True:
            with self._lock:
                if not self._queue:
                    self._note_gap(self._now_ms())
                batch = list(islice(self._queue, _BATCH))
            if not batch and self._trouble is None:
                return None
            try:
                with self._database.transaction() as sql:
                    count = self._insert(sql, batch)
            except StoreError as error:
                self._in_trouble(error)
                return error
            with self._lock:
                for _ in range(count):
                    self._bytes -= self._queue.popleft().size
                self._written += count
            self._attempt = None
            self._out_of_trouble()

    def _insert(self, sql: Sql, batch: list[Waiting]) -> int:
        """Insert `batch`; how many of the queue's first entries are in the chain after the commit."""
        if self._attempt is not None:
            # A COMMIT that reported an I/O error may have reached the disk all the same.
            link, count = self._attempt
            if entries.link_at(sql, link.seq) == link:
                return count
        links = entries.insert(sql, batch)
        self._attempt = (links[-1], len(links)) if links else None
        return len(links)

    def _in_trouble(self, error: StoreError) -> None:
        known = self._trouble is not None and self._trouble.reason == error.reason
        self._trouble = error
        if not known:
            log.error("journal=trouble reason=%s advice=%s", error.reason, error.advice)
            self._tell(JournalTrouble(error.reason, error.advice))

    def _out_of_trouble(self) -> None:
        with self._lock:
            if self._trouble is None:
                return
            self._trouble = None
            dropped, self._lost_in_trouble = self._lost_in_trouble, 0
        log.warning("journal=recovered dropped=%d", dropped)
        self._tell(JournalRecovered(dropped))

    def _look_back(self) -> None:
        """At open the last entries must hang together; a broken end is reported, and writing goes on."""
        try:
            with self._database.transaction() as sql:
                fault = _fault_at_end(sql)
        except StoreError as error:
            self._in_trouble(error)
            return
        if fault:
            log.error("journal=broken fault=%s", fault)
            advice = "run `spillway journal verify` and keep a copy of the file as evidence"
            self._tell(JournalTrouble(f"the end of the journal does not verify: {fault}", advice))

    def _tell(self, fact: object) -> None:
        try:
            self._sink(fact)
        except Exception:
            log.exception("journal=sink failed")


def _plain(text: str, limit: int) -> str:
    return text.encode("utf-8", "backslashreplace").decode()[:limit]


def _fault_at_end(sql: Sql) -> str:
    seq, _ = entries.head(sql)
    before = entries.link_at(sql, max(0, seq - _LOOK_BACK))
    at, last_hash = (before.seq, before.hash) if before else (0, GENESIS)
    for link in entries.links_after(sql, max(0, seq - _LOOK_BACK), _LOOK_BACK):
        if fault := follows(link, at, last_hash):
            return fault
        at, last_hash = link.seq, link.hash
    return ""
