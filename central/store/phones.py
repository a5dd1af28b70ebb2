"""Telephones on disk: numbers and hashes of their secrets, never a secret."""

from collections.abc import Iterable
from dataclasses import dataclass

from central.store.database import Database, Sql


@dataclass(frozen=True)
class PhoneRow:
    """A telephone. `ha1_…`: H(number:realm:secret), hex (RFC 8760); `since`: Unix seconds of the secret."""

    number: str
    label: str
    owner: str
    permission: str
    security: str
    realm: str
    ha1_md5: str
    ha1_sha256: str
    since: float
    made_by: str


class PhoneStore:
    """In `database`. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def phones(self) -> list[PhoneRow]:
        """Every telephone, by number."""
        query = "select * from phones order by number"
        return await self._database.read(lambda sql: [PhoneRow(**row) for row in sql.query(query)])

    async def save(self, rows: Iterable[PhoneRow] = (), gone: Iterable[str] = ()) -> None:
        """Keep these rows and forget the numbers `gone`; returns when the disk has it."""
        kept, lost = tuple(rows), tuple((number,) for number in gone)

        def work(sql: Sql) -> None:
            sql.conn.executemany("delete from phones where number = ?", lost)
            for row in kept:
                sql.table("phones").upsert(dict(vars(row)), pk="number")

        await self._database.write(work)
