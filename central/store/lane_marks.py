"""The watermarks of the lanes that one transaction touches: read once, changed, written once.

Works inside a transaction that somebody else holds. The arithmetic is in central.store.watermark.
"""

from dataclasses import dataclass

from central.store.database import Sql
from central.store.watermark import Claim, Mark

CLAIMED_OLD_MS = 60_000
"""From then on a gap is old of which the gateway said that some of it was dropped; others when people were told."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A lane of a gateway: acknowledged up to `upto`, heard of up to `top`; sums over the epoch."""

    gateway: str
    epoch: int
    lane: str
    upto: int
    top: int
    missing: int
    events: int
    dropped: int
    last_ms: int


class Lane:
    """One lane of one epoch within a transaction."""

    def __init__(self, mark: Mark, old: set[int], events: int, dropped: int, last_ms: int) -> None:
        self.mark = mark
        self.old = old
        self.events, self.dropped, self.last_ms = events, dropped, last_ms
        self.moved = False

    def held(self, first: int, last: int, new: int, repeat: bool) -> None:
        """These events are in the store, `new` of them since now.

        A repeat that begins behind an old gap: the gateway resends from its oldest event, so it has none of the gap
        any more, and what follows must not wait for it for ever.
        """
        for begin, end in self.mark.gaps:
            if repeat and end == first - 1 and begin in self.old:
                self.given_up(end)
                break
        mark = self.mark.cover(first, last)
        self.moved = self.moved or mark != self.mark or new > 0
        self.mark = mark
        self.events += new

    def claim(self, first: int, last: int, count: int, held: int) -> bool:
        """The gateway dropped these; whether that is news."""
        mark = self.mark.claim(first, last, count, held)
        news = mark != self.mark
        self.mark, self.moved = mark, self.moved or news
        return news

    def given_up(self, last: int) -> None:
        """What is missing up to `last` will never come."""
        self.mark = self.mark.cover(1, last)
        self.moved = True


class LaneMarks:
    """The lanes touched so far."""

    def __init__(self, sql: Sql, now_ms: int) -> None:
        self._sql, self._now_ms = sql, now_ms
        self._lanes: dict[tuple[str, int, str], Lane] = {}

    def of(self, gateway: str, epoch: int, lane: str) -> Lane:
        """A lane of an epoch, from the store or new."""
        key = (gateway, epoch, lane)
        if key not in self._lanes:
            self._lanes[key] = self._read(key) or Lane(Mark(), set(), 0, 0, 0)
        return self._lanes[key]

    def touch(self, gateway: str, epoch: int, lane: str) -> None:
        """Have the standing of a lane told, if the store knows it."""
        key = (gateway, epoch, lane)
        known = self._lanes.get(key) or self._read(key)
        if known is not None:
            self._lanes[key] = known

    def _read(self, key: tuple[str, int, str]) -> Lane | None:
        where = "where gateway = ? and epoch = ? and lane = ?"
        row = self._sql.conn.execute(
            f"select top, events, dropped, last_ms from watermarks {where}", key
        ).fetchone()
        if row is None:
            return None
        gaps = self._sql.conn.execute(
            f"select first, last, told, since_ms from gaps {where} order by first", key
        )
        ranges = [tuple(gap) for gap in gaps]
        claims = self._sql.conn.execute(f"select first, last, count from drops {where}", key)
        mark = Mark(
            row[0], tuple((first, last) for first, last, *_ in ranges), tuple(Claim(*each) for each in claims)
        )
        ripe = self._now_ms - CLAIMED_OLD_MS
        old = {
            first
            for first, last, told, since_ms in ranges
            if told or (since_ms < ripe and mark.claimed(first, last))
        }
        return Lane(mark, old, *row[1:])

    def save(self) -> None:
        """Write what has moved."""
        for key, lane in self._lanes.items():
            if not lane.moved:
                continue
            lane.last_ms = self._now_ms
            self._sql.conn.execute(
                "insert into watermarks values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (gateway, epoch, lane) do update"
                " set upto = excluded.upto, top = excluded.top, events = excluded.events,"
                " dropped = excluded.dropped, last_ms = excluded.last_ms",
                (*key, lane.mark.upto, lane.mark.top, lane.events, lane.dropped, self._now_ms),
            )
            self._save_gaps(key, lane)

    def _save_gaps(self, key: tuple[str, int, str], lane: Lane) -> None:
        where = "where gateway = ? and epoch = ? and lane = ?"
        rows = self._sql.conn.execute(f"select first, last, since_ms, told from gaps {where}", key).fetchall()
        if rows or lane.mark.gaps:
            kept = [(first, last, *_since(first, last, rows, self._now_ms)) for first, last in lane.mark.gaps]
            if [tuple(row) for row in rows] != kept:
                self._sql.conn.execute(f"delete from gaps {where}", key)
                self._sql.conn.executemany(
                    "insert into gaps values (?, ?, ?, ?, ?, ?, ?)", [(*key, *gap) for gap in kept]
                )
        self._sql.conn.execute(f"delete from drops {where}", key)
        self._sql.conn.executemany(
            "insert into drops values (?, ?, ?, ?, ?, ?)",
            [(*key, claim.first, claim.last, claim.count) for claim in lane.mark.claims],
        )

    def tell_old(self, before_ms: int) -> list[tuple[str, str, int, int, int]]:
        """Gaps that are older and were not told yet: gateway, lane, epoch, first, last. They are told now."""
        where = "where told = 0 and since_ms < ?"
        rows = self._sql.conn.execute(
            f"select gateway, lane, epoch, first, last from gaps {where} order by since_ms limit 100",
            (before_ms,),
        ).fetchall()
        self._sql.conn.executemany(
            "update gaps set told = 1 where gateway = ? and lane = ? and epoch = ? and first = ?",
            [row[:4] for row in rows],
        )
        return [tuple(row) for row in rows]

    def standings(self) -> dict[tuple[str, int, str], Standing]:
        """How every lane that was touched stands."""
        return {
            key: Standing(
                *key,
                lane.mark.upto,
                lane.mark.top,
                lane.mark.missing,
                lane.events,
                lane.dropped,
                lane.last_ms,
            )
            for key, lane in self._lanes.items()
        }


def _since(first: int, last: int, rows: list[tuple[int, int, int, int]], now_ms: int) -> tuple[int, int]:
    """Since when a gap stands, and whether people were told: as the gap of which it is a rest."""
    for begin, end, since_ms, told in rows:
        if begin <= first and last <= end:
            return since_ms, told
    return now_ms, 0
