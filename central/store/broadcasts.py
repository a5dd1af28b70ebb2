"""The read model of broadcasts: the newest snapshot of each, with the columns that lists are filtered by.

It is written on every change of a broadcast, before its orders leave, and read by the API and by a core that
starts again; evidence lives in the journal, not here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from central.store.chain import canonical
from central.store.database import Database, Sql

_LIST_LIMIT = 1000


@dataclass(frozen=True)
class BroadcastRow:
    """One broadcast as last saved. `snapshot` is the machine's state, fit for JSON; `asked_by` a person."""

    id: str
    state: str
    channel: str
    priority: int
    zones: tuple[str, ...]
    created_wall_ms: int
    asked_by: str
    snapshot: Mapping[str, object]


class Broadcasts:
    """Broadcast snapshots in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, row: BroadcastRow) -> None:
        """Keep the newest state of a broadcast. StoreError if the disk does not take it."""
        values = {
            "id": row.id,
            "state": row.state,
            "channel": row.channel,
            "priority": row.priority,
            "zones": json.dumps(row.zones, ensure_ascii=False),
            "created_wall_ms": row.created_wall_ms,
            "asked_by": row.asked_by,
            "snapshot": canonical(row.snapshot),
        }
        await self._database.write(lambda sql: sql.table("broadcasts").upsert(values, pk="id"))

    async def get(self, broadcast: str) -> BroadcastRow | None:
        """The broadcast with this id."""
        found = await self._database.read(lambda sql: _rows(sql, "id = :id", {"id": broadcast}))
        return found[0] if found else None

    async def list(
        self,
        *,
        state: str | None = None,
        channel: str | None = None,
        zone: str | None = None,
        since_ms: int | None = None,
        limit: int = 100,
    ) -> "list[BroadcastRow]":
        """Broadcasts that meet every filter given, newest first."""
        wanted = {
            "state = :state": state,
            "channel = :channel": channel,
            "exists (select 1 from json_each(zones) where value = :zone)": zone,
            "created_wall_ms >= :since_ms": since_ms,
        }
        where = " and ".join(condition for condition, value in wanted.items() if value is not None)
        values: dict[str, object] = {
            "state": state,
            "channel": channel,
            "zone": zone,
            "since_ms": since_ms,
            "limit": max(0, min(limit, _LIST_LIMIT)),
        }
        return await self._database.read(lambda sql: _rows(sql, where or "1", values))


def _rows(sql: Sql, where: str, values: dict[str, object]) -> list[BroadcastRow]:
    values = {"limit": _LIST_LIMIT, **values}
    rows = sql.query(
        f"select * from broadcasts where {where} order by created_wall_ms desc, id desc limit :limit", values
    )
    return [
        BroadcastRow(
            **{**row, "zones": tuple(json.loads(row["zones"])), "snapshot": json.loads(row["snapshot"])}
        )
        for row in rows
    ]
