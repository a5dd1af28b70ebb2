"""Enrolment tokens (only their hashes), requests of gateways, and the latest renewal of each.

A token is spent in the same transaction in which its request is kept: two that come at once are one and a stranger.
"""

from central.enrolment.rules import Enrolment, State, TokenRow, Verdict, judge, shown
from central.store.database import Database, Sql

_ENROLMENT = (
    "select gateway, token, fingerprint, csr, state, asked_wall_ms as asked_ms, decided_wall_ms as decided_ms,"
    " decided_by, certificate from enrolments"
)
_TOKEN = "select id, gateway, hash, until_wall_ms as until_ms, key from enrolment_tokens"


class EnrolmentStore:
    """Every method may raise StoreError; times are Unix ms."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_token(self, gateway: str, hash: str, by: str, now_ms: int, until_ms: int) -> None:
        """Keep a new token; an older one of this gateway that nobody has used is worth nothing from now on."""

        def work(sql: Sql) -> None:
            sql.conn.execute("delete from enrolment_tokens where gateway = ? and key = ''", (gateway,))
            sql.conn.execute(
                "insert into enrolment_tokens (gateway, hash, made_by, made_wall_ms, until_wall_ms)"
                " values (?, ?, ?, ?, ?)",
                (gateway, hash, by, now_ms, until_ms),
            )

        await self._database.write(work)

    async def ask(
        self, gateway: str, hash: str, fingerprint: str, csr: bytes, now_ms: int
    ) -> tuple[Verdict, Enrolment | None]:
        """Take a request with a token; the verdict, and the request as it stands (for `new` and `same`)."""

        def work(sql: Sql) -> tuple[Verdict, Enrolment | None]:
            token, latest = shown(_tokens(sql, gateway), hash), _latest(sql, gateway)
            verdict = judge(token, latest, fingerprint, now_ms)
            if verdict != "new" or token is None:
                return verdict, latest if verdict == "same" else None
            sql.conn.execute("update enrolment_tokens set key = ? where id = ?", (fingerprint, token.id))
            sql.conn.execute(
                "insert or replace into enrolments (gateway, token, fingerprint, csr, state, asked_wall_ms)"
                " values (?, ?, ?, ?, 'pending', ?)",
                (gateway, token.id, fingerprint, csr, now_ms),
            )
            return verdict, _latest(sql, gateway)

        return await self._database.write(work)

    async def by_token(self, gateway: str, hash: str) -> Enrolment | None:
        """The latest request of this gateway, for whoever shows the token it was made with."""

        def work(sql: Sql) -> Enrolment | None:
            token, latest = shown(_tokens(sql, gateway), hash), _latest(sql, gateway)
            return latest if token is not None and latest is not None and latest.token == token.id else None

        return await self._database.read(work)

    async def get(self, gateway: str) -> Enrolment | None:
        """The latest request of a gateway."""
        return await self._database.read(lambda sql: _latest(sql, gateway))

    async def all(self) -> list[Enrolment]:
        """The latest request of every gateway that has made one, newest first."""
        query = f"{_ENROLMENT} order by asked_wall_ms desc, gateway"
        return await self._database.read(lambda sql: [Enrolment(**row) for row in sql.query(query)])

    async def decide(
        self, of: Enrolment, state: State, by: str, now_ms: int, certificate: bytes | None = None
    ) -> Enrolment | None:
        """Decide a pending request; None when it is not this pending one any more."""

        def work(sql: Sql) -> Enrolment | None:
            done = sql.conn.execute(
                "update enrolments set state = ?, decided_by = ?, decided_wall_ms = ?, certificate = ?"
                " where gateway = ? and token = ? and fingerprint = ? and state = 'pending'",
                (state, by, now_ms, certificate, of.gateway, of.token, of.fingerprint),
            )
            return _latest(sql, of.gateway) if done.rowcount else None

        return await self._database.write(work)

    async def renewed(self, gateway: str) -> tuple[str, bytes, int] | None:
        """Fingerprint, certificate and time of the latest renewal."""
        query = "select fingerprint, certificate, wall_ms from renewals where gateway = ?"
        row = await self._database.read(lambda sql: sql.conn.execute(query, (gateway,)).fetchone())
        return None if row is None else (str(row[0]), bytes(row[1]), int(row[2]))

    async def keep_renewal(self, gateway: str, fingerprint: str, certificate: bytes, now_ms: int) -> None:
        """Keep what was issued, so that the same request gets the same answer."""
        values = (gateway, fingerprint, certificate, now_ms)
        await self._database.write(
            lambda sql: sql.conn.execute("insert or replace into renewals values (?, ?, ?, ?)", values)
        )


def _tokens(sql: Sql, gateway: str) -> list[TokenRow]:
    return [TokenRow(**row) for row in sql.query(f"{_TOKEN} where gateway = ?", (gateway,))]


def _latest(sql: Sql, gateway: str) -> Enrolment | None:
    rows = list(sql.query(f"{_ENROLMENT} where gateway = ?", (gateway,)))
    return Enrolment(**rows[0]) if rows else None
