"""Public halves of keys, standing authorities, and how far the numbers of commands are used up. No private key."""

from dataclasses import dataclass
from typing import Literal, cast

from central.store.database import Database, Sql
from link.contract.keyring import KeyEntry, KeyUse

KeyState = Literal["pending", "approved", "revoked"]


@dataclass(frozen=True)
class KeyRow:
    """A public key that somebody registered. `since`, `ends`: Unix seconds."""

    kid: str
    public: bytes
    use: KeyUse
    holder: str
    state: KeyState
    since: float
    ends: int
    registered_by: str
    approved_by: str | None = None
    revoked_by: str | None = None
    why: str = ""

    def entry(self) -> KeyEntry:
        """The key as it stands in a ring."""
        return KeyEntry(
            kid=self.kid, public=self.public, use=self.use, holder=self.holder, not_after=self.ends
        )


class KeyStore:
    """In `database`. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keys(self) -> list[KeyRow]:
        """Every key, oldest first."""
        return await self._database.read(read_keys)

    async def save(self, row: KeyRow) -> None:
        """Keep a key as it is now."""
        await self._database.write(lambda sql: sql.table("keys").upsert(dict(vars(row)), pk="kid"))

    async def standing(self) -> dict[str, bytes]:
        """Standing authorities with their signatures, by trigger."""
        query = "select trigger, document from standing_authorities"
        rows = await self._database.read(lambda sql: list(sql.query(query)))
        return {row["trigger"]: bytes(row["document"]) for row in rows}

    async def save_standing(self, trigger: str, document: bytes, since: float) -> None:
        """Keep a standing authority."""
        values = {"trigger": trigger, "document": document, "since": since}
        await self._database.write(lambda sql: sql.table("standing_authorities").upsert(values, pk="trigger"))

    async def numbers(self) -> int:
        """Below what every number of a command may be used up; 0: none is."""
        query = "select max(n) as n from command_numbers"
        rows = await self._database.read(lambda sql: list(sql.query(query)))
        return int(rows[0]["n"] or 0)

    async def keep_numbers(self, n: int) -> None:
        """Numbers below `n` may be used up."""
        await self._database.write(lambda sql: _keep_numbers(sql, n))


def read_keys(sql: Sql) -> list[KeyRow]:
    """Every key of an open database."""
    rows = sql.query("select * from keys order by since, kid")
    return [KeyRow(**{**row, "public": bytes(cast(bytes, row["public"]))}) for row in rows]


def _keep_numbers(sql: Sql, n: int) -> None:
    sql.conn.execute(
        "insert into command_numbers (one, n) values (1, ?) on conflict (one) do update set n = max(n, excluded.n)",
        (n,),
    )
