"""People, sessions and tokens on disk. Whole rows come and go; what they mean is decided elsewhere."""

import asyncio
from collections.abc import Callable, Iterable
from typing import cast, get_args

from central.people.functions import ROLES
from central.people.lock_out import LockOut
from central.people.records import Invitation, InvitationKind, PersonRow, SessionRow, State, TokenRow
from central.people.rights import Grant
from central.store.database import Database, Sql

_PERSON = (
    "insert or replace into people (name, label, state, password, seed, last_step, failures, locked_until,"
    " invitation_kind, invitation_hash, invitation_ends, added, signed_in)"
    " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class PeopleStore:
    """All of them in `database`. Every method may raise StoreError.

    `before` runs on the writer thread before each change: the journal, so that nothing is changed that it has not.
    """

    def __init__(self, database: Database, before: Callable[[], None]) -> None:
        self._database, self._before = database, before

    async def people(self) -> list[PersonRow]:
        """Everybody, also who was removed; by name."""
        return await self._database.read(_people)

    async def sessions(self) -> list[SessionRow]:
        """Every session that was not ended."""
        query = "select id, hash, person, address, since, used from sessions order by since"
        return [SessionRow(**row) for row in await self._database.read(lambda sql: list(sql.query(query)))]

    async def tokens(self) -> list[TokenRow]:
        """Every token that was not taken back."""
        query = "select id, hash, person, label, since, ends, used from tokens order by since"
        return [TokenRow(**row) for row in await self._database.read(lambda sql: list(sql.query(query)))]

    async def save(
        self,
        people: Iterable[PersonRow] = (),
        sessions: Iterable[SessionRow] = (),
        tokens: Iterable[TokenRow] = (),
        gone: Iterable[str] = (),
    ) -> None:
        """Keep these rows and forget the sessions and tokens with the ids `gone`, all or nothing."""
        work = (tuple(people), tuple(sessions), tuple(tokens), tuple(gone))
        saving = self._database.submit(lambda sql: _save(sql, *work), self._before)
        await asyncio.shield(asyncio.wrap_future(saving))

    async def used(self, id: str, at: float) -> None:
        """Note that a session or token was used; of one that is gone nothing."""
        await self._database.write(lambda sql: _used(sql, id, at))


def _people(sql: Sql) -> list[PersonRow]:
    grants: dict[str, list[Grant]] = {}
    for row in sql.query("select person, role, area from grants order by role, area"):
        if row["role"] in ROLES:  # a role of another version gives nothing
            grants.setdefault(row["person"], []).append(Grant(row["role"], row["area"]))
    return [
        PersonRow(
            name=row["name"],
            label=row["label"],
            state=_state(row["state"]),
            grants=tuple(grants.get(row["name"], ())),
            password=row["password"],
            seed=row["seed"],
            last_step=row["last_step"],
            lock=LockOut(row["failures"], row["locked_until"]),
            invitation=_invitation(row),
            added=row["added"],
            signed_in=row["signed_in"],
        )
        for row in sql.query("select * from people order by name")
    ]


def _state(text: str) -> State:
    assert text in get_args(State)  # the table's own check
    return cast(State, text)


def _invitation(row: dict[str, object]) -> Invitation | None:
    kind = row["invitation_kind"]
    if kind is None:
        return None
    return Invitation(
        cast(InvitationKind, kind), str(row["invitation_hash"]), float(str(row["invitation_ends"]))
    )


def _save(
    sql: Sql,
    people: tuple[PersonRow, ...],
    sessions: tuple[SessionRow, ...],
    tokens: tuple[TokenRow, ...],
    gone: tuple[str, ...],
) -> None:
    for id in gone:
        sql.conn.execute("delete from sessions where id = ?", (id,))
        sql.conn.execute("delete from tokens where id = ?", (id,))
    for row in people:
        asked = row.invitation
        invited = (None, None, None) if asked is None else (asked.kind, asked.hash, asked.ends)
        head = (row.name, row.label, row.state, row.password, row.seed, row.last_step)
        lock = (row.lock.failures, row.lock.until)
        sql.conn.execute(_PERSON, (*head, *lock, *invited, row.added, row.signed_in))
        sql.conn.execute("delete from grants where person = ?", (row.name,))
        for grant in dict.fromkeys(row.grants):
            sql.conn.execute("insert into grants values (?, ?, ?)", (row.name, grant.role, grant.area))
    for each in sessions:
        values = (each.id, each.hash, each.person, each.address, each.since, each.used)
        sql.conn.execute("insert or replace into sessions values (?, ?, ?, ?, ?, ?)", values)
    for token in tokens:
        ends = (token.since, token.ends, token.used)
        sql.conn.execute(
            "insert or replace into tokens values (?, ?, ?, ?, ?, ?, ?)",
            (token.id, token.hash, token.person, token.label, *ends),
        )


def _used(sql: Sql, id: str, at: float) -> None:
    for table in ("sessions", "tokens"):
        sql.conn.execute(f"update {table} set used = ? where id = ?", (at, id))
