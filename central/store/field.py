"""The read model of the field: one snapshot of each gateway's devices, and the newest texts.

Written behind, read when core starts; evidence lives in the journal, not here.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from central.store.chain import canonical
from central.store.database import Database, Sql

Snapshot = Mapping[str, object]


@dataclass(frozen=True)
class StoredText:
    """One text as last saved; `snapshot` is fit for JSON."""

    id: str
    line: str
    at_wall_ms: int
    snapshot: Snapshot


class FieldStore:
    """Snapshots of gateways and texts in `database`. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, sites: Mapping[str, Snapshot], texts: Sequence[StoredText], most: int) -> None:
        """Keep the newest state of these, all or nothing; of all texts only the `most` newest stay."""
        bodies = [{"gateway": name, "snapshot": canonical(snapshot)} for name, snapshot in sites.items()]
        rows = [
            {
                "id": text.id,
                "line": text.line,
                "at_wall_ms": text.at_wall_ms,
                "snapshot": canonical(text.snapshot),
            }
            for text in texts
        ]
        await self._database.write(lambda sql: _save(sql, bodies, rows, most))

    async def sites(self) -> dict[str, Snapshot]:
        """Every gateway's snapshot."""
        rows = await self._database.read(lambda sql: list(sql.query("select * from sites order by gateway")))
        return {row["gateway"]: json.loads(row["snapshot"]) for row in rows}

    async def texts(self, limit: int) -> list[Snapshot]:
        """Snapshots of the newest texts, oldest first."""
        query = "select snapshot from texts order by at_wall_ms desc, rowid desc limit :limit"
        rows = await self._database.read(lambda sql: list(sql.query(query, {"limit": limit})))
        return [json.loads(row["snapshot"]) for row in reversed(rows)]


def _save(sql: Sql, sites: list[dict[str, str]], texts: list[dict[str, object]], most: int) -> None:
    for site in sites:
        sql.table("sites").upsert(site, pk="gateway")
    for text in texts:
        sql.table("texts").upsert(text, pk="id")
    if texts:
        sql.conn.execute(
            "delete from texts where id not in"
            " (select id from texts order by at_wall_ms desc, rowid desc limit ?)",
            (most,),
        )
