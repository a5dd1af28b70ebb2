"""Bundles that the centre holds, roll-outs as they were started, and how far they and their gateways are.

A gateway's row changes by itself: ten thousand of them are not written anew because one has moved.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from central.store.database import Database, Sql

NEWEST = 20
"""Roll-outs that are over and still shown."""


@dataclass(frozen=True)
class BundleRow:
    """A bundle that lies in the folder of bundles. `size` in octets."""

    sha: str
    version: str
    compatible: str
    size: int
    name: str
    added_by: str
    added_wall_ms: int


@dataclass(frozen=True)
class MemberRow:
    """A gateway of a roll-out; `ring` from 0; `phase` is empty while it has told none."""

    gateway: str
    ring: int
    phase: str = ""
    why: str = ""
    left_out: bool = False
    told_wall_ms: int | None = None


@dataclass(frozen=True)
class RolloutRow:
    """A roll-out. `terms`: JSON of what its job asks; `ended_at`: Unix seconds, see central.fleet.rollout."""

    id: str
    sha: str
    version: str
    size: int
    terms: str
    created_by: str
    created_wall_ms: int
    offered: int = 0
    ended_at: float | None = None
    stopped: str = ""
    paused: str = ""
    done: bool = False


class RolloutStore:
    """In `database`. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def bundles(self) -> list[BundleRow]:
        """Every bundle, the oldest first."""
        query = "select * from bundles order by added_wall_ms, sha"
        return await self._database.read(lambda sql: [BundleRow(**row) for row in sql.query(query)])

    async def add_bundle(self, row: BundleRow) -> None:
        """Keep a bundle; the same again changes nothing."""
        await self._database.write(lambda sql: sql.table("bundles").insert(dict(vars(row)), ignore=True))

    async def remove_bundle(self, sha: str) -> None:
        """Forget a bundle."""
        await self._database.write(lambda sql: sql.conn.execute("delete from bundles where sha = ?", (sha,)))

    async def rollouts(self) -> list[tuple[RolloutRow, tuple[MemberRow, ...]]]:
        """Those that are not over and the newest others, the oldest first, with their gateways ring by ring."""
        return await self._database.read(_read)

    async def save(self, row: RolloutRow, members: Iterable[MemberRow]) -> None:
        """Keep how far a roll-out is, and these of its gateways; returns when the disk has it."""
        changed = tuple(members)
        await self._database.write(lambda sql: _save(sql, row, changed))


def _read(sql: Sql) -> list[tuple[RolloutRow, tuple[MemberRow, ...]]]:
    newest = f"select id from rollouts order by created_wall_ms desc, id desc limit {NEWEST}"
    heads = sql.query(
        "select * from rollouts where (done = 0 and stopped = '')"
        f" or id in ({newest}) order by created_wall_ms, id"
    )
    found = []
    for head in list(heads):
        members = sql.query(
            "select gateway, ring, phase, why, left_out, told_wall_ms from rollout_gateways"
            " where rollout = ? order by ring, place",
            (str(head["id"]),),
        )
        rows = (MemberRow(**{**row, "left_out": bool(row["left_out"])}) for row in members)
        found.append((RolloutRow(**{**head, "done": bool(head["done"])}), tuple(rows)))
    return found


def _save(sql: Sql, row: RolloutRow, members: tuple[MemberRow, ...]) -> None:
    sql.conn.execute(
        "insert into rollouts values (:id, :sha, :version, :size, :terms, :created_by, :created_wall_ms,"
        " :offered, :ended_at, :stopped, :paused, :done) on conflict (id) do update set"
        " offered = excluded.offered, ended_at = excluded.ended_at, stopped = excluded.stopped,"
        " paused = excluded.paused, done = excluded.done",
        dict(vars(row)),
    )
    sql.conn.executemany(
        "insert into rollout_gateways values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (rollout, gateway) do update set"
        " phase = excluded.phase, why = excluded.why, left_out = excluded.left_out,"
        " told_wall_ms = excluded.told_wall_ms",
        [
            (row.id, m.gateway, m.ring, place, m.phase, m.why, m.left_out, m.told_wall_ms)
            for place, m in enumerate(members)
        ],
    )
