"""Patches and temporary groups that stand, so that a core that was started again has them still."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from central.store.chain import canonical
from central.store.database import Database


@dataclass(frozen=True)
class PatchRow:
    """One of them; `body` is what core made of it, fit for JSON."""

    id: str
    made_wall_ms: int
    body: Mapping[str, object]


class PatchStore:
    """In `database`. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, row: PatchRow) -> None:
        """Keep one; returns when the disk has it."""
        values = {"id": row.id, "made_wall_ms": row.made_wall_ms, "body": canonical(row.body)}
        await self._database.write(lambda sql: sql.table("patches").insert(values, replace=True))

    async def remove(self, id: str) -> None:
        """Forget one; one that is not there is no error."""
        await self._database.write(lambda sql: sql.conn.execute("delete from patches where id = ?", (id,)))

    async def all(self) -> list[PatchRow]:
        """All of them, the oldest first."""
        query = "select id, made_wall_ms, body from patches order by made_wall_ms, id"
        rows = await self._database.read(lambda sql: list(sql.query(query)))
        return [PatchRow(row["id"], row["made_wall_ms"], json.loads(row["body"])) for row in rows]
