"""The events of the fleet on disk: groups of arrivals in one transaction each, and reading them back.

Batches are read and checked on a thread of their own and stored on the writer thread, behind what the journal has
waiting; the event loop only waits. An answer means that it is on disk, journal entries included, and only then may
anybody acknowledge or act. A commit whose answer was lost is recognised when the same is tried again: its rows count
as new once more, because nobody has acted on them.

A kill between the commit and what follows from it loses nothing: `since` tells a core that starts again every event
behind the place up to which the book of the field was saved, and `plays` every fact of a playing, which a broadcast
may hear twice.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from central.store import quarantine
from central.store.arrivals import Hello, Parcel, Told, read
from central.store.database import Database, Sql, StoreError
from central.store.intake import Fresh, Item, Outcome, Transaction
from central.store.journal import Journal
from central.store.lane_marks import Standing
from link.contract.batch import UnknownFact, read_row
from link.contract.envelope import EnvelopeError, unpack

log = logging.getLogger(__name__)

Arrival = Parcel | Hello
SINCE_MOST = 100_000
"""Events that a restarted core reads again at most, the newest."""
_EVENT = "n, gateway, boot, type, seq, wall_ms, mono_ms, body, offset_ms"


class BrokenArrival(Exception):
    """Something in a group breaks the program; nothing of the group was stored."""


@dataclass(frozen=True)
class Seen:
    """One event as people see it: `at_ms` is its wall clock, corrected; `wall_ms` what the gateway's clock said."""

    gateway: str
    lane: str
    epoch: int
    seq: int
    boot: str
    number: int
    at_ms: int
    wall_ms: int
    mono_ms: int
    tq: str
    corrected: int
    received_ms: int
    body: bytes


@dataclass(frozen=True)
class Known:
    """What the store knows of lanes, quarantine and clocks when core starts."""

    standings: list[Standing]
    quarantined: dict[str, int]
    offsets: dict[tuple[str, str], int]


class EventStore:
    """The events in `database`. StoreError from every method that is awaited; BrokenArrival from `take`."""

    def __init__(self, database: Database, journal: Journal, wall: Callable[[], float]) -> None:
        self._database, self._journal, self._wall = database, journal, wall
        self._readers = ThreadPoolExecutor(1, "ingest-reader")
        self._unsure: int | None = None

    async def take(self, arrivals: Sequence[Arrival]) -> Outcome:
        """Store a group; all of it is on disk when this returns, or nothing is."""
        loop = asyncio.get_running_loop()
        items = await loop.run_in_executor(self._readers, read_all, arrivals)
        outcome = await self._write(lambda transaction: transaction.take(items))
        self._unsure = None
        return outcome

    async def old_gaps(self, before_ms: int) -> Outcome:
        """Gaps older than that, each told once."""
        return await self._write(lambda transaction: transaction.old_gaps(before_ms))

    async def _write(self, work: Callable[[Transaction], Outcome]) -> Outcome:
        def tried(sql: Sql) -> Outcome:
            transaction = Transaction(sql, int(self._wall() * 1000), self._unsure)
            if self._unsure is None:
                self._unsure = transaction.before
            return work(transaction)

        done = asyncio.wrap_future(self._database.submit(tried, self._journal.write_waiting))
        await asyncio.wait([done])
        error = done.exception()
        if error is None or isinstance(error, StoreError):
            return done.result()
        log.error("events=broken", exc_info=error)
        raise BrokenArrival(repr(error))

    async def known(self) -> Known:
        """Where every lane stands."""
        return await self._database.read(known_of)

    async def since(self, places: dict[str, int]) -> list[Fresh]:
        """Events of these gateways behind their places, in order; those of a gateway without a place are all new."""
        return await self._database.read(lambda sql: since_of(sql, places))

    async def plays(self, since_ms: int) -> list[Fresh]:
        """Facts of playings that arrived since then, in order."""
        query = (
            f"select {_EVENT} from events_in_time where type in (5, 6, 27) and received_ms >= ? order by n"
            f" limit {SINCE_MOST}"
        )
        return await self._database.read(lambda sql: _fresh(sql, query, (since_ms,)))

    async def list(self, gateway: str | None, limit: int, number: int | None = None) -> "list[Seen]":
        """The events (of one gateway, of one type) that came last, by their corrected time, newest first."""
        return await self._database.read(lambda sql: _seen(sql, gateway, limit, number))

    def close(self) -> None:
        """End the reading thread; before the database is closed."""
        self._readers.shutdown()


def read_all(arrivals: Sequence[Arrival]) -> list[Item]:
    """Batches read and checked; the rest as it is."""
    return [read(each) if isinstance(each, Parcel) else each for each in arrivals]


def known_of(sql: Sql) -> Known:
    """Where every lane stands."""
    rows = sql.conn.execute(
        "select gateway, epoch, lane, upto, top, (select coalesce(sum(last - first + 1), 0) from gaps g where"
        " g.gateway = w.gateway and g.epoch = w.epoch and g.lane = w.lane), events, dropped, last_ms"
        " from watermarks w order by last_ms"
    )
    standings = [Standing(*row) for row in rows]
    boots = sql.conn.execute("select gateway, boot, offset_ms from boots order by at_ms")
    offsets = {(gateway, boot): offset_ms for gateway, boot, offset_ms in boots}
    return Known(standings, quarantine.counts(sql), offsets)


def since_of(sql: Sql, places: dict[str, int]) -> list[Fresh]:
    """Events behind these places."""
    last = sql.conn.execute("select coalesce(max(n), 0) from events").fetchone()[0]
    first = max(min(places.values(), default=last), last - SINCE_MOST)
    found = _fresh(sql, f"select {_EVENT} from events_in_time where n > ? order by n", (first,))
    behind = (
        replace(
            each, events=tuple((n, event) for n, event in each.events if n > places.get(each.gateway, last))
        )
        for each in found
    )
    return [each for each in behind if each.events]


def _fresh(sql: Sql, query: str, values: tuple[object, ...]) -> list[Fresh]:
    found = []
    for n, gateway, boot, number, seq, wall_ms, mono_ms, body, offset_ms in sql.conn.execute(query, values):
        try:
            fact = read_row([number, 0, 0, None, *unpack(body)])
        except (EnvelopeError, TypeError):  # kept raw: nobody acted on it then, nobody does now
            continue
        if not isinstance(fact, UnknownFact):
            event = Told(seq, wall_ms, mono_ms, fact)
            found.append(Fresh(gateway, boot, offset_ms, ((n, event),)))
    return found


def _seen(sql: Sql, gateway: str | None, limit: int, number: int | None) -> "list[Seen]":
    where = ["gateway = :gateway"] * (gateway is not None) + ["type = :number"] * (number is not None)
    newest = f"select n from events where {' and '.join(where) or '1'} order by n desc limit :limit"
    rows = sql.conn.execute(
        "select gateway, lane, epoch, seq, boot, type, at_ms, wall_ms, mono_ms, tq, offset_ms is not null,"
        f" received_ms, body from events_in_time where n in ({newest})"
        " order by at_ms desc, gateway desc, epoch desc, seq desc",
        {"gateway": gateway, "number": number, "limit": max(0, min(limit, 1000))},
    )
    return [Seen(*row) for row in rows]
