"""The desired document of each gateway as it was last published, and its revision.

Kept before it is published: after a restart the same content keeps its revision and a new one gets a higher.
"""

from dataclasses import dataclass

from central.store.database import Database, Sql


@dataclass(frozen=True)
class DesiredRow:
    """One gateway's document as bytes of the contract."""

    gateway: str
    rev: int
    document: bytes


class DesiredStore:
    """Desired documents in `database`. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, row: DesiredRow, wall_ms: int) -> None:
        """Keep a document; returns when the disk has it."""
        values = (row.gateway, row.rev, row.document, wall_ms)
        await self._database.write(lambda sql: _save(sql, values))

    async def all(self) -> list[DesiredRow]:
        """The newest document of every gateway."""
        query = "select gateway, rev, document from desired order by gateway"
        rows = await self._database.read(lambda sql: list(sql.query(query)))
        return [DesiredRow(**row) for row in rows]


def _save(sql: Sql, values: tuple[str, int, bytes, int]) -> None:
    sql.conn.execute(
        "insert into desired (gateway, rev, document, set_wall_ms) values (?, ?, ?, ?)"
        " on conflict (gateway) do update set rev = excluded.rev, document = excluded.document,"
        " set_wall_ms = excluded.set_wall_ms where excluded.rev > desired.rev",
        values,
    )
