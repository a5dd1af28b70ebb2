"""Reading and writing the journal's rows inside a transaction that somebody else holds.

The only place that knows the journal's tables by name, beside the migrations and `verify`.
"""

import json
import os
from dataclasses import dataclass

from central.store.chain import ERASED, GENESIS, Link, add, canonical, payload_hash, to_ranges
from central.store.database import Sql

_LINK = "seq, wall_ms, kind, subject, payload_sha256, prev_hash, hash"


@dataclass(frozen=True)
class Entry:
    """One entry as read back. `payload` is None once it was erased."""

    seq: int
    wall_ms: int
    kind: str
    subject: str
    payload: dict[str, object] | None
    hash: str


@dataclass(frozen=True)
class Waiting:
    """One entry on its way to the disk; `body` is the payload as canonical JSON, `salt` 16 random bytes."""

    wall_ms: int
    kind: str
    subject: str
    salt: bytes
    body: str

    @property
    def size(self) -> int:
        """Bytes of memory it takes, near enough."""
        return len(self.body) + 300


def waiting(wall_ms: int, kind: str, subject: str, body: str) -> Waiting:
    """An entry for the queue, with a fresh salt."""
    return Waiting(wall_ms, kind, subject, os.urandom(16), body)


def head(sql: Sql) -> tuple[int, str]:
    """Sequence number and hash of the last entry; (0, GENESIS) in an empty journal."""
    row = sql.conn.execute("select seq, hash from entries order by seq desc limit 1").fetchone()
    return (int(row[0]), str(row[1])) if row else (0, GENESIS)


def link_at(sql: Sql, seq: int) -> Link | None:
    """The link with this number, if there is one."""
    row = sql.conn.execute(f"select {_LINK} from entries where seq = ?", (seq,)).fetchone()
    return Link(*row) if row else None


def links_after(sql: Sql, seq: int, count: int) -> list[Link]:
    """Up to `count` links behind entry `seq`, in order."""
    rows = sql.conn.execute(f"select {_LINK} from entries where seq > ? order by seq limit ?", (seq, count))
    return [Link(*row) for row in rows]


def insert(sql: Sql, entries: list[Waiting]) -> list[Link]:
    """Chain `entries` behind the head; the links they became."""
    seq, last_hash = head(sql)
    links: list[Link] = []
    for entry in entries:
        hashed = payload_hash(entry.salt, entry.body)
        links.append(add(seq, last_hash, entry.wall_ms, entry.kind, entry.subject, hashed))
        seq, last_hash = links[-1].seq, links[-1].hash
    sql.conn.executemany(
        f"insert into entries ({_LINK}) values (?,?,?,?,?,?,?)",
        [(x.seq, x.wall_ms, x.kind, x.subject, x.payload_sha256, x.prev_hash, x.hash) for x in links],
    )
    sql.conn.executemany(
        "insert into payloads (seq, salt, body) values (?, ?, ?)",
        [(link.seq, entry.salt, entry.body) for link, entry in zip(links, entries, strict=True)],
    )
    return links


def erase(sql: Sql, now_ms: int, before_ms: int, why: str, kinds: tuple[str, ...], most: int) -> int:
    """Erase up to `most` payloads older than `before_ms` and add the entry that names them; how many."""
    which = f" and e.kind in ({','.join('?' * len(kinds))})" if kinds else ""
    rows = sql.conn.execute(
        "select p.seq from payloads p join entries e using (seq)"
        f" where e.wall_ms < ? and e.kind <> ?{which} order by p.seq limit ?",
        (before_ms, ERASED, *kinds, most),
    ).fetchall()
    if rows:
        sql.conn.executemany("delete from payloads where seq = ?", rows)
        body = canonical({"ranges": to_ranges(seq for (seq,) in rows), "count": len(rows), "why": why})
        insert(sql, [waiting(now_ms, ERASED, "journal", body)])
    return len(rows)


def tail(sql: Sql, n: int, kind: str | None) -> list[Entry]:
    """The last `n` entries (of one kind), oldest first."""
    rows = sql.conn.execute(
        "select e.seq, e.wall_ms, e.kind, e.subject, p.body, e.hash"
        f" from entries e left join payloads p using (seq) {'where e.kind = :kind' if kind else ''}"
        " order by e.seq desc limit :n",
        {"kind": kind, "n": max(0, n)},
    ).fetchall()
    return [
        Entry(seq, wall_ms, its_kind, subject, _parsed(body), own_hash)
        for seq, wall_ms, its_kind, subject, body, own_hash in reversed(rows)
    ]


def _parsed(body: str | None) -> dict[str, object] | None:
    if body is None:
        return None
    try:
        return dict(json.loads(body))
    except (ValueError, TypeError):  # damaged on disk: `verify` names it, a screen shows what is left
        return {"damaged": body[:200]}
