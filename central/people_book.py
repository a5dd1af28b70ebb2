"""Everybody, who is signed in, and tokens of programs: held in memory, kept on disk. Implements central.api.gate.Gate.

A change holds at once, before the disk has it: whoever leaves is gone although the disk is full. Use it from core's
loop only; rows reach the disk in the order of their changes.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from central.api.caller import Caller
from central.people.areas import ROOT, Areas
from central.people.bearers import digest
from central.people.functions import Function
from central.people.lasting import Lasting
from central.people.records import PersonRow, SessionRow, TokenRow
from central.people.rights import Rights
from central.ports import Ledger
from central.store.database import StoreError
from central.store.people import PeopleStore
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

NOTE_USE_EVERY = 60.0
"""Seconds between two notes on disk that a session or token was used."""
LOOK_EVERY = 30.0
"""Seconds after which a live channel asks again whether its session still stands."""


class PeopleBook:
    """Rows by name and id. `left` is called with the name of whoever is disabled or removed, at once."""

    def __init__(
        self, store: PeopleStore, areas: Areas, lasting: Lasting, clock: Clock, ledger: Ledger
    ) -> None:
        self.areas, self.lasting, self.clock = areas, lasting, clock
        self.people: dict[str, PersonRow] = {}
        self.sessions: dict[str, SessionRow] = {}
        self.tokens: dict[str, TokenRow] = {}
        self.left: list[Callable[[str], None]] = []
        self._store, self._ledger = store, ledger
        self._by_hash: dict[str, SessionRow | TokenRow] = {}
        self._noted: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._writes: set[asyncio.Task[None]] = set()

    async def resume(self) -> None:
        """Read everything. StoreError."""
        self.people = {row.name: row for row in await self._store.people()}
        rows: list[SessionRow | TokenRow] = [*await self._store.sessions(), *await self._store.tokens()]
        for row in rows:
            self._put(row)

    def is_active(self, name: str) -> bool:
        """Whether somebody of this name may act."""
        row = self.people.get(name)
        return row is not None and row.state == "active"

    # -- who is it? --

    def who(self, secret: str) -> Caller | None:
        """See Gate."""
        row = self._by_hash.get(digest(secret))
        if row is None or self._over(row):
            return None
        self._use(row)
        return self._caller(row)

    def rights(self, name: str) -> Rights:
        """What somebody may do now; nothing when he is not active."""
        row = self.people.get(name)
        return Rights(row.grants if row is not None and row.state == "active" else (), self.areas)

    async def until_ended(self, caller: Caller) -> None:
        """See Gate. A channel that listens counts as use of its session."""
        while True:
            row = self.sessions.get(caller.credential) or self.tokens.get(caller.credential)
            if row is None or self._over(row) or not self.rights(row.person).anywhere("look"):
                return
            self._use(row)
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _caller(self, row: SessionRow | TokenRow) -> Caller:
        in_session = isinstance(row, SessionRow)
        return Caller(row.person, self.rights(row.person), row.id, in_session, self._note_refusal)

    def _over(self, row: SessionRow | TokenRow) -> bool:
        person, now = self.people.get(row.person), self.clock.wall()
        if person is None or person.state != "active":
            return True
        if isinstance(row, SessionRow):
            return self.lasting.over(row.since, row.used, now)
        return row.ends is not None and now >= row.ends

    def _note_refusal(self, name: str, function: Function, area: str) -> None:
        self.note("refused", person=name, function=function, area=area)

    # -- changes --

    def note(self, what: str, **fields: object) -> None:
        """An entry `people.WHAT` in the journal. Names are personal data and stand in the details."""
        self._ledger.append(f"people.{what}", "", fields)

    async def keep(
        self,
        *people: PersonRow,
        sessions: Iterable[SessionRow] = (),
        tokens: Iterable[TokenRow] = (),
        gone: Iterable[str] = (),
    ) -> None:
        """Change these rows, and end sessions and tokens with the ids `gone`: at once, then on disk. StoreError."""
        sessions, tokens, gone = tuple(sessions), tuple(tokens), tuple(gone)
        leaving = [row.name for row in people if self._leaves(row)]
        self.people.update({row.name: row for row in people})
        rows: tuple[SessionRow | TokenRow, ...] = (*sessions, *tokens)
        for each in rows:
            self._put(each)
        for id in gone:
            self._drop(id)
        self._changed.set()
        self._changed = asyncio.Event()
        for name in leaving:
            for hook in self.left:
                hook(name)
        await self._store.save(people, sessions, tokens, gone)

    async def try_keep(
        self, *people: PersonRow, sessions: Iterable[SessionRow] = (), gone: Iterable[str] = ()
    ) -> None:
        """The same for what a disk in trouble must not hinder: a sign-in. What is not kept is logged."""
        try:
            await self.keep(*people, sessions=sessions, gone=gone)
        except StoreError as error:
            log.error("people=unsaved reason=%s advice=%s", error.reason, error.advice)

    def all_of(self, name: str) -> tuple[str, ...]:
        """Ids of the sessions and tokens of somebody."""
        rows: list[SessionRow | TokenRow] = [*self.sessions.values(), *self.tokens.values()]
        return tuple(row.id for row in rows if row.person == name)

    def standing(self) -> tuple[SessionRow, ...]:
        """Sessions that have not ended."""
        return tuple(row for row in self.sessions.values() if not self._over(row))

    def valid_tokens(self) -> tuple[TokenRow, ...]:
        """Tokens that have not ended."""
        return tuple(row for row in self.tokens.values() if not self._over(row))

    def managers(self, people: Mapping[str, PersonRow] | None = None) -> tuple[str, ...]:
        """Who is active and manages people at the root."""
        rows = (self.people if people is None else people).values()
        active = (row for row in rows if row.state == "active")
        return tuple(row.name for row in active if Rights(row.grants, self.areas).may("people.manage", ROOT))

    async def sweep(self) -> None:
        """Forget what has ended. StoreError."""
        rows: list[SessionRow | TokenRow] = [*self.sessions.values(), *self.tokens.values()]
        over = [row.id for row in rows if self._over(row)]
        if over:
            await self.keep(gone=over)

    # -- below --

    def _leaves(self, row: PersonRow) -> bool:
        before = self.people.get(row.name)
        return before is not None and before.state == "active" and row.state != "active"

    def _put(self, row: SessionRow | TokenRow) -> None:
        if isinstance(row, SessionRow):
            self.sessions[row.id] = row
        else:
            self.tokens[row.id] = row
        self._by_hash[row.hash] = row

    def _drop(self, id: str) -> None:
        row = self.sessions.pop(id, None) or self.tokens.pop(id, None)
        self._noted.pop(id, None)
        if row is not None:
            self._by_hash.pop(row.hash, None)

    def _use(self, row: SessionRow | TokenRow) -> None:
        """It is used now. The disk hears of it now and then, and nobody waits for that."""
        now = self.clock.wall()
        self._put(replace(row, used=now))
        if now - self._noted.get(row.id, 0.0) < NOTE_USE_EVERY:
            return
        self._noted[row.id] = now
        task = asyncio.get_running_loop().create_task(self._write_use(row.id, now))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def _write_use(self, id: str, now: float) -> None:
        try:
            await self._store.used(id, now)
        except StoreError as error:
            log.warning("people=use not noted reason=%s", error.reason)
