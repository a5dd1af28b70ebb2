"""One transaction of the ingest: what arrived becomes rows, journal entries and watermarks, all or nothing.

Works inside a transaction that somebody else holds and does nothing outside of it. Journal entries are made here, of
new events only, and written by the same transaction. What follows from an event is not done here: the outcomes say
which events are new, in the order of the store's own number `n`.
"""

from collections import Counter
from dataclasses import dataclass, field

from central.store import entries, quarantine
from central.store.arrivals import Hello, Parcel, Reading, Row, Told, Unreadable, kernel_boot
from central.store.chain import canonical
from central.store.database import Sql
from central.store.lane_marks import LaneMarks, Standing
from link.contract.batch import UnknownFact
from link.contract.link_facts import EventsDropped

SAME_MS = 50
"""An offset of a clock that differs by less is the one that is known."""

Item = Reading | Unreadable | Hello


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that people must see."""

    gateway: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """New events of one batch, each with its number in the store; `offset_ms` corrects their wall clock."""

    gateway: str
    boot: str
    offset_ms: int | None
    events: tuple[tuple[int, Told], ...]


@dataclass(slots=True)
class Outcome:
    """What became of a group: acknowledgements to send, new events, alarms, standing of the lanes that moved."""

    fresh: list[Fresh] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    standings: dict[tuple[str, int, str], Standing] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    offsets: dict[tuple[str, str], int] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    last_n: int = 0


class Transaction:
    """One group of arrivals. `unsure`: rows above this number are of a commit whose answer was lost, and still new."""

    def __init__(self, sql: Sql, now_ms: int, unsure: int | None = None) -> None:
        self.outcome = Outcome()
        self.journal: list[entries.Waiting] = []
        self._sql, self._now_ms = sql, now_ms
        self._marks = LaneMarks(sql, now_ms)
        self._n = int(sql.conn.execute("select coalesce(max(n), 0) from events").fetchone()[0])
        self._sure = self._n if unsure is None else unsure
        self.before = self._n
        self._again: set[int] = set()

    def take(self, items: list[Item]) -> Outcome:
        """Do all of it; the journal's entries last."""
        for item in items:
            if isinstance(item, Reading):
                self._batch(item)
            elif isinstance(item, Hello):
                self._hello(item)
            else:
                self._unreadable(item)
        self._marks.save()
        if self.journal:
            entries.insert(self._sql, self.journal)
        self.outcome.standings = self._marks.standings()
        self.outcome.last_n = self._n
        return self.outcome

    # -- batches --

    def _batch(self, reading: Reading) -> None:
        parcel, head = reading.parcel, reading.head
        gateway, rows = parcel.gateway, reading.rows
        lane = self._marks.of(gateway, head.epoch, parcel.lane)
        if not rows or lane.mark.tears(head.first_seq):
            return
        last = head.first_seq + len(rows) - 1
        held = self._stored(gateway, head.epoch, head.first_seq, last)
        fresh: list[tuple[int, Told]] = []
        values: list[tuple[object, ...]] = []
        drops: list[tuple[EventsDropped, int]] = []
        for row in rows:
            known = held.get(row.seq)
            if known is None:
                self._n += 1
                n = self._n
                where = (n, gateway, head.epoch, row.seq, parcel.lane, head.boot, row.number)
                when = (row.wall_ms, row.mono_ms, head.tq, row.h32, parcel.received_ms)
                values.append((*where, *when, row.body))
                self._note(reading, row)
            elif known[0] != row.h32:
                if not _in_its_place(reading, row):
                    self._reused(reading, row)
                elif self._dropped(gateway, row.fact, self._held_of(reading, row, 0)):
                    self._note(reading, row)
                continue
            elif self._sure < known[1] <= self.before and known[1] not in self._again:
                n = known[1]
                self._again.add(n)
            else:
                continue
            if isinstance(row.fact, EventsDropped):
                drops.append((row.fact, self._held_of(reading, row, 1)))
            if row.fact is not None and not isinstance(row.fact, UnknownFact):
                fresh.append((n, Told(row.seq, row.wall_ms, row.mono_ms, row.fact)))
        if values:
            self._sql.conn.executemany(
                "insert into events values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values
            )
        lane.held(head.first_seq, last, len(values), repeat=not values)
        self.outcome.events[gateway] += len(values)
        offset = self._offset(gateway, head.boot, reading.offset_ms)
        for fact, before in drops:
            self._dropped(gateway, fact, before, new=True)
        if fresh:
            self.outcome.fresh.append(Fresh(gateway, head.boot, offset, tuple(fresh)))

    def _stored(self, gateway: str, epoch: int, first: int, last: int) -> dict[int, tuple[int, int]]:
        """Hash and number of the events of a range that are in the store, by their seq."""
        rows = self._sql.conn.execute(
            "select seq, h32, n from events where gateway = ? and epoch = ? and seq between ? and ?",
            (gateway, epoch, first, last),
        )
        return {seq: (h32, n) for seq, h32, n in rows}

    def _note(self, reading: Reading, row: Row) -> None:
        """The journal's entry of a new event; what is not understood is kept by number, or in quarantine."""
        parcel, head = reading.parcel, reading.head
        outbox = {"lane": parcel.lane, "epoch": head.epoch}
        place = {"seq": row.seq, "tq": head.tq, "outbox": outbox}
        times = {"wall_ms": row.wall_ms, "mono_ms": row.mono_ms}
        if row.fact is None:
            self._quarantine(parcel, "unreadable", f"event {row.seq}: {row.why}"[:200], row.body)
            self._write("fact.unreadable", parcel.gateway, {**place, "number": row.number, "why": row.why})
        elif isinstance(row.fact, UnknownFact):
            self._write("fact.unknown", parcel.gateway, {**place, **times, "number": row.number})
        else:
            kind = f"fact.{type(row.fact).__name__}"
            self._write(kind, parcel.gateway, {**vars(row.fact), **place, **times})

    def _reused(self, reading: Reading, row: Row) -> None:
        parcel = reading.parcel
        detail = f"epoch {reading.head.epoch} event {row.seq}: another event had this number before"
        self._quarantine(parcel, "seq_reuse", detail, row.body)
        outbox = {"lane": parcel.lane, "epoch": reading.head.epoch}
        told = {"seq": row.seq, "outbox": outbox, "number": row.number, "wall_ms": row.wall_ms}
        self._write("alarm.seq_reuse", parcel.gateway, told)

    def _held_of(self, reading: Reading, row: Row, own: int) -> int:
        """How many events of a claimed range were held before its batch came, and `own` for the note's own place."""
        fact, head = row.fact, reading.head
        if not isinstance(fact, EventsDropped) or not _possible(fact):
            return 0
        lane = self._marks.of(reading.parcel.gateway, fact.epoch, fact.lane)
        inside = fact.first <= row.seq <= fact.last
        here = own if inside and (fact.epoch, fact.lane) == (head.epoch, reading.parcel.lane) else 0
        return fact.last - fact.first + 1 - lane.mark.missing_in(fact.first, fact.last) + here

    def _dropped(self, gateway: str, fact: object, held: int, new: bool = False) -> bool:
        """The gateway gave up events; whether that was news."""
        if not isinstance(fact, EventsDropped) or not _possible(fact):
            return False
        lane = self._marks.of(gateway, fact.epoch, fact.lane)
        news = lane.claim(fact.first, fact.last, fact.count, held) or new
        if news:
            lane.dropped, lane.moved = lane.dropped + fact.count, True
            self.outcome.dropped[gateway] += fact.count
        return news

    def _unreadable(self, item: Unreadable) -> None:
        if self._quarantine(item.parcel, item.why, item.detail, item.parcel.payload):
            size = len(item.parcel.payload)
            self._write(
                "batch.unreadable",
                item.parcel.gateway,
                {"why": item.why, "detail": item.detail, "size": size},
            )

    # -- clocks, births --

    def _hello(self, hello: Hello) -> None:
        self._offset(hello.gateway, hello.boot, hello.offset_ms)
        for said in hello.lanes:
            lane = self._marks.of(hello.gateway, said.epoch, said.lane)
            first = lane.mark.upto + 1
            if said.acked >= first:  # it was acknowledged, and this store does not have it
                lane.given_up(said.acked)
                why = f"events {first} to {said.acked} of epoch {said.epoch} are not here, though they were taken"
                self._lost(hello.gateway, f"{why}: was the store restored from a backup?", first, said.acked)
            if said.prev_epoch:
                self._marks.touch(hello.gateway, said.prev_epoch, said.lane)

    def _offset(self, gateway: str, boot: str, offset_ms: int | None) -> int | None:
        """The correction of this start of the computer; a better one is kept."""
        start = kernel_boot(boot)
        row = self._sql.conn.execute(
            "select offset_ms from boots where gateway = ? and boot = ?", (gateway, start)
        ).fetchone()
        known = None if row is None else int(row[0])
        if offset_ms is None or (known is not None and abs(known - offset_ms) < SAME_MS):
            return known
        self._sql.conn.execute(
            "insert into boots values (?, ?, ?, 'ntp', ?) on conflict (gateway, boot)"
            " do update set offset_ms = excluded.offset_ms, at_ms = excluded.at_ms",
            (gateway, start, offset_ms, self._now_ms),
        )
        self.outcome.offsets[gateway, start] = offset_ms
        return offset_ms

    # -- people --

    def old_gaps(self, before_ms: int) -> Outcome:
        """Tell once of each gap that is older."""
        for gateway, lane, epoch, first, last in self._marks.tell_old(before_ms):
            self._lost(
                gateway, f"events {first} to {last} of epoch {epoch} ({lane}) have not come", first, last
            )
        return self.take([])

    def _lost(self, gateway: str, why: str, first: int, last: int) -> None:
        self.outcome.alarms.append(Alarm(gateway, "events-missing", why))
        self._write("alarm.events_missing", gateway, {"why": why, "first": first, "last": last})

    def _quarantine(self, parcel: Parcel, why: str, detail: str, raw: bytes) -> bool:
        gateway = parcel.gateway
        told = quarantine.keep(self._sql, gateway, parcel.lane, why, detail, raw, self._now_ms)
        count = "select count(*) from quarantine where gateway = ?"
        self.outcome.quarantined[gateway] = self._sql.conn.execute(count, (gateway,)).fetchone()[0]
        if told:
            what = "seq_reuse" if why == "seq_reuse" else "not-understood"
            self.outcome.alarms.append(Alarm(gateway, what, f"{why}: {detail}"))
        return told

    def _write(self, kind: str, subject: str, payload: dict[str, object]) -> None:
        self.journal.append(entries.waiting(self._now_ms, kind, subject, canonical(payload)))


def _possible(fact: EventsDropped) -> bool:
    ranged = 1 <= fact.first <= fact.last < 2**53 and 0 <= fact.epoch < 2**63
    return ranged and 0 < fact.count <= fact.last - fact.first + 1


def _in_its_place(reading: Reading, row: Row) -> bool:
    """A gateway that drops events puts its note in the place of the first, which may have arrived before."""
    fact, here = row.fact, (reading.head.epoch, reading.parcel.lane)
    return isinstance(fact, EventsDropped) and (fact.epoch, fact.lane) == here and fact.first == row.seq
