"""People on a hand-turned clock: real book, sign-in and desk; a store in memory and a hash that costs nothing."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from central.api.people_desk import PeopleDesk
from central.people.areas import Area, Areas
from central.people.bearers import digest
from central.people.functions import Role
from central.people.lasting import Lasting
from central.people.records import PersonRow, SessionRow, TokenRow
from central.people.rights import Grant
from central.people_book import PeopleBook
from central.people_desk import CorePeopleDesk
from central.people_settings import PeopleSettings
from central.sign_in import SignIn
from central.store.database import StoreError
from link.hosting.clock import HandClock
from tests.flows.doors import FakeLedger

AREAS = Areas(
    (
        Area("hills", "The hills", "province"),
        Area("upper", "Upper city", "city", "hills"),
        Area("north-dam", "", "reservoir", "upper"),
        Area("lower", "", "city", "hills"),
        Area("south-dam", "", "reservoir", "lower"),
    )
)
EVERYTHING: tuple[Role, ...] = ("supervisor", "technician", "administrator")
PASSWORD = "four words nobody expects"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class FastHashing:
    """See Hashing: no work, but everybody has to wait for his turn."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def make(self, password: str) -> str:
        await asyncio.sleep(0)
        return f"fast:{password}"

    async def fits(self, kept: str, password: str) -> bool:
        self.asked.append(kept)
        await asyncio.sleep(0)
        return kept == f"fast:{password}"

    def close(self) -> None:
        pass


class MemoryPeopleStore:
    """See PeopleStore. `full`: the disk takes nothing."""

    def __init__(self) -> None:
        self.rows: dict[str, PersonRow] = {}
        self.bearers: dict[str, SessionRow | TokenRow] = {}
        self.full = False

    async def people(self) -> list[PersonRow]:
        return list(self.rows.values())

    async def sessions(self) -> list[SessionRow]:
        return [row for row in self.bearers.values() if isinstance(row, SessionRow)]

    async def tokens(self) -> list[TokenRow]:
        return [row for row in self.bearers.values() if isinstance(row, TokenRow)]

    async def save(
        self,
        people: Iterable[PersonRow] = (),
        sessions: Iterable[SessionRow] = (),
        tokens: Iterable[TokenRow] = (),
        gone: Iterable[str] = (),
    ) -> None:
        if self.full:
            raise StoreError("the disk is full", "free some space")
        for id in gone:
            self.bearers.pop(id, None)
        self.rows |= {row.name: row for row in people}
        self.bearers |= {row.id: row for row in (*sessions, *tokens)}

    async def used(self, id: str, at: float) -> None:
        if id in self.bearers:
            self.bearers[id] = replace(self.bearers[id], used=at)


class Bench:
    """Everybody is added with `person`; `desk` is asked, `ledger` and `store` are looked at."""

    def __init__(self, state: Path, **settings: object) -> None:
        values = PeopleSettings.model_validate(settings)
        self.clock, self.ledger, self.store = HandClock(), FakeLedger(), MemoryPeopleStore()
        lasting = Lasting(values.session_idle, values.session_most)
        self.book = PeopleBook(self.store, AREAS, lasting, self.clock, self.ledger)  # type: ignore[arg-type]
        self.hashing = FastHashing()
        self.sign_in = SignIn(self.book, values, state, self.hashing)
        self.desk: PeopleDesk = CorePeopleDesk(self.book, self.sign_in, values.invitation)

    def person(self, name: str, *grants: Grant, token: str = "", seed: str = SEED) -> PersonRow:
        """Somebody with PASSWORD, and a token of a program if it is given."""
        row = PersonRow(name, grants=grants, password=f"fast:{PASSWORD}", seed=seed)
        self.book.people[name] = self.store.rows[name] = row
        if token:
            held = TokenRow(f"t-{name}", digest(token), name, "test", self.clock.wall(), None)
            self.store.bearers[held.id] = held
            self.book._put(held)
        return row

    def told(self, what: str) -> list[dict[str, object]]:
        """Details of the journal's entries `people.WHAT`."""
        return [payload for kind, _, payload in self.ledger.entries if kind == f"people.{what}"]


def everything(area: str = "") -> tuple[Grant, ...]:
    """Roles that together allow everything there."""
    return tuple(Grant(role, area) for role in EVERYTHING)
