"""What gateways sent and nobody could understand, kept raw and bounded, for people to look at.

The same bytes again are counted, not kept again. The oldest go when a gateway, or all together, fill their share.
"""

import hashlib
from dataclasses import dataclass

from central.store.database import Database, Sql

MOST_OF_ONE, MOST = 50, 1000
"""Entries kept of one gateway, and of all."""
QUIET_MS = 3_600_000
"""A reason is told again when it was not met for so long."""
HEAD = 48
"""Bytes of each that a list shows."""

_COLUMNS = "id, gateway, lane, why, detail, size, substr(raw, 1, 48), first_ms, last_ms, times"


@dataclass(frozen=True)
class Kept:
    """One entry without all of its bytes; `times` it came, from `first_ms` to `last_ms`."""

    id: int
    gateway: str
    lane: str
    why: str
    detail: str
    size: int
    head: bytes
    first_ms: int
    last_ms: int
    times: int


def keep(sql: Sql, gateway: str, lane: str, why: str, detail: str, raw: bytes, now_ms: int) -> bool:
    """Put bytes into quarantine inside a transaction that somebody holds; whether people should be told."""
    digest = hashlib.sha256(raw).hexdigest()
    last = sql.conn.execute(
        "select max(last_ms) from quarantine where gateway = ? and why = ?", (gateway, why)
    ).fetchone()[0]
    sql.conn.execute(
        "insert into quarantine (gateway, lane, why, detail, size, sha256, raw, first_ms, last_ms, times)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
        " on conflict (gateway, sha256) do update set last_ms = excluded.last_ms, times = times + 1",
        (gateway, lane, why, detail, len(raw), digest, raw, now_ms, now_ms),
    )
    for where, values, most in (("gateway = ?", (gateway,), MOST_OF_ONE), ("1", (), MOST)):
        sql.conn.execute(
            f"delete from quarantine where {where} and id <= (select id from quarantine where {where}"
            " order by id desc limit 1 offset ?)",
            (*values, *values, most),
        )
    return last is None or now_ms - last > QUIET_MS


class Quarantine:
    """The quarantine as people see it. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, gateway: str | None, limit: int) -> "list[Kept]":
        """The newest entries (of one gateway), newest first."""
        query = (
            f"select {_COLUMNS} from quarantine where :gateway is null or gateway = :gateway"
            " order by last_ms desc, id desc limit :limit"
        )
        values = {"gateway": gateway, "limit": max(0, min(limit, MOST))}
        rows = await self._database.read(lambda sql: sql.conn.execute(query, values).fetchall())
        return [Kept(*row) for row in rows]

    async def raw(self, id: int) -> bytes | None:
        """The bytes of one entry; None when there is none."""
        query = "select raw from quarantine where id = ?"
        row = await self._database.read(lambda sql: sql.conn.execute(query, (id,)).fetchone())
        return None if row is None else bytes(row[0])


def counts(sql: Sql) -> dict[str, int]:
    """How many entries are kept of each gateway."""
    return dict(sql.conn.execute("select gateway, count(*) from quarantine group by gateway").fetchall())
