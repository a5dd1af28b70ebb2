"""Signing in, invitations and passwords. Whoever is wrong hears the same words after the same work."""

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from central.api.caller import Caller
from central.api.desk import DeskError
from central.api.people_requests import AcceptRequest, PasswordChange, SignInRequest
from central.people import second_factor
from central.people.bearers import SESSION, digest, new_id, new_secret
from central.people.first import forget_first, read_first
from central.people.hashing import NOBODY, Hashing
from central.people.lock_out import LockOut
from central.people.records import PersonRow, SessionRow
from central.people.rights import Grant, Rights
from central.people.rules import password_fault
from central.people_book import PeopleBook
from central.people_models import SecondFactorView, SignedInView
from central.people_settings import PeopleSettings
from central.store.database import StoreError

T = TypeVar("T")

MOST_WAITING = 16
"""Passwords that wait for their turn; further ones are turned away at once."""
MOST_STRANGERS = 1000
"""Unknown names whose wrong answers are counted; the oldest go first."""
MOST_SESSIONS = 20
"""Of one person; the oldest ends when he signs in once more."""
_WRONG = DeskError(
    401,
    "the name, the password or the code is wrong",
    "the code is the one that your device shows now; each is good once. An administrator can help: spillway people",
)


class SignIn:
    """Begins sessions. `state`: the folder in which the first administrator's invitation may lie."""

    def __init__(self, book: PeopleBook, settings: PeopleSettings, state: Path, hashing: Hashing) -> None:
        self._book, self._settings, self._state = book, settings, state
        self._hashing = hashing
        self._waiting = 0
        self._strangers: OrderedDict[str, LockOut] = OrderedDict()

    def close(self) -> None:
        """Nobody signs in any more."""
        self._hashing.close()

    async def hashed(self, password: str) -> str:
        """The hash to keep. DeskError 503 when too many wait."""
        return await self._in_turn(self._hashing.make(password))

    def needs_second_factor(self, rights: Rights) -> bool:
        """Whether somebody with these rights signs in with a code."""
        return self._settings.totp == "required" and rights.strong

    # -- sign-in --

    async def sign_in(self, asked: SignInRequest, address: str) -> SignedInView:
        """See central.api.people_desk."""
        await self._check(asked.name, asked.password, asked.code, address)
        row = self._book.people[asked.name]
        if not row.seed and self.needs_second_factor(self._book.rights(row.name)):
            self._book.note("sign-in-refused", person=row.name, why="no second factor", address=address)
            advice = f"ask an administrator for an invitation to one: spillway people totp {row.name}"
            raise DeskError(403, "your roles ask for a second factor, and you have none", advice)
        now, secret = self._book.clock.wall(), new_secret(SESSION)
        session = SessionRow(new_id("s"), digest(secret), row.name, address[:64], now, now)
        self._book.note("signed-in", person=row.name, session=session.id, address=address)
        surplus = [each.id for each in self._book.sessions.values() if each.person == row.name]
        row = replace(row, signed_in=now)
        await self._book.try_keep(row, sessions=(session,), gone=surplus[: -MOST_SESSIONS + 1])
        lasting = self._book.lasting
        return SignedInView(
            person=row.name,
            session=session.id,
            token=secret,
            idle=lasting.idle,
            ends_wall=now + lasting.most,
        )

    async def _check(self, name: str, password: str, code: str | None, address: str) -> None:
        """Return when password and code (None: not asked for) are right; failures count. DeskError 401, 429, 503."""
        self._refuse_locked(name)
        row = self._known(name)
        kept = row.password if row is not None and row.password else NOBODY
        fits = await self._in_turn(self._hashing.fits(kept, password))
        # Others may have failed in this name meanwhile; then this answer is one too many, right or wrong.
        self._refuse_locked(name)
        row, now = self._known(name), self._book.clock.wall()
        if row is None or row.password != kept or not fits:
            raise await self._failed(name, address)
        step = row.last_step
        if code is not None and row.seed:
            found = second_factor.step_of(row.seed, code.replace(" ", ""), now, row.last_step)
            if found is None:
                raise await self._failed(name, address)
            step = found
        if (row.last_step, row.lock) != (step, LockOut()):
            await self._book.try_keep(replace(row, last_step=step, lock=LockOut()))

    def _known(self, name: str) -> PersonRow | None:
        row = self._book.people.get(name)
        return row if row is not None and row.state == "active" else None

    def _lock(self, name: str) -> LockOut:
        row = self._known(name)
        return row.lock if row is not None else self._strangers.get(name, LockOut())

    def _refuse_locked(self, name: str) -> None:
        waits = self._lock(name).waits(self._book.clock.wall())
        if waits > 0:
            advice = f"try again in {waits:.0f} s; an administrator can end it: spillway people unlock"
            raise DeskError(429, "too many wrong answers: this name is locked out", advice)

    async def _failed(self, name: str, address: str) -> DeskError:
        """Count it. What a stranger typed is not written down: it may be a password in the wrong field."""
        row, now = self._known(name), self._book.clock.wall()
        lock = self._lock(name).failed(now)
        known = name if row is not None else "(unknown)"
        self._book.note("sign-in-refused", person=known, failures=lock.failures, address=address)
        if lock.waits(now) > 0:
            self._book.note("locked-out", person=known, seconds=lock.waits(now), address=address)
        if row is not None:
            await self._book.try_keep(replace(row, lock=lock))
        else:
            self._strangers[name] = lock
            self._strangers.move_to_end(name)
            if len(self._strangers) > MOST_STRANGERS:
                self._strangers.popitem(last=False)
        return _WRONG

    # -- invitations and passwords --

    async def accept(self, asked: AcceptRequest, address: str) -> SecondFactorView:
        """See central.api.people_desk."""
        await self._invite_first(asked.name, asked.invitation)
        row = self._invited(asked)
        kind = row.invitation.kind if row.invitation is not None else "account"
        if kind == "second-factor":
            await self._check(asked.name, asked.password, None, address)
            password = row.password
        else:
            fault = password_fault(asked.password, asked.name)
            if fault:
                raise DeskError(422, fault, "the invitation is still good: try again with another password")
            password = await self.hashed(asked.password)
        row = self._invited(asked)  # somebody else may have used it meanwhile
        wanted = kind == "second-factor" or self.needs_second_factor(self._book.rights(row.name))
        seed = second_factor.new_seed() if wanted else ""
        row = replace(row, password=password, seed=seed, last_step=0, lock=LockOut(), invitation=None)
        self._book.note("invitation-used", person=row.name, kind=kind, address=address)
        try:
            await self._book.keep(row)
        except StoreError as error:
            raise DeskError(503, error.reason, error.advice) from None
        uri = second_factor.uri(seed, row.name) if seed else ""
        return SecondFactorView(person=row.name, seed=seed, uri=uri)

    def _invited(self, asked: AcceptRequest) -> PersonRow:
        row = self._known(asked.name)
        good = row.invitation if row is not None else None
        if row is None or good is None or good.hash != digest(asked.invitation):
            advice = "an administrator gives a new one: spillway people password NAME"
            raise DeskError(401, "this invitation is not known, or it was used", advice)
        if self._book.clock.wall() >= good.ends:
            raise DeskError(401, "this invitation has run out", "ask an administrator for a new one")
        return row

    async def _invite_first(self, name: str, code: str) -> None:
        """Take in the invitation that was written on this machine, if this is it."""
        found = await asyncio.to_thread(read_first, self._state)
        if found is None or found[0] != name or found[1].hash != digest(code):
            return
        if self._book.clock.wall() >= found[1].ends:
            return
        known = self._book.people.get(name)
        if known is not None and known.state == "removed":
            raise DeskError(409, f"{name} was removed and the name is not given again", "choose another name")
        await asyncio.to_thread(forget_first, self._state)
        grants = (*(known.grants if known is not None else ()), Grant("administrator"))
        row = known or PersonRow(name, added=self._book.clock.wall())
        row = replace(row, state="active", grants=tuple(dict.fromkeys(grants)), invitation=found[1])
        self._book.note("first-administrator", person=name)
        await self._book.try_keep(row, gone=self._book.all_of(name))

    async def change_password(self, by: Caller, asked: PasswordChange) -> None:
        """One's own; all other sessions end. DeskError."""
        fault = password_fault(asked.new, by.name)
        if fault:
            raise DeskError(422, fault, "choose another")
        await self._check(by.name, asked.old, None, "")
        made = await self.hashed(asked.new)
        row = self._known(by.name)
        if row is None:
            raise _WRONG
        others = [each for each in self._book.all_of(by.name) if each in self._book.sessions]
        gone = [each for each in others if each != by.credential]
        self._book.note("password-changed", person=by.name, by=by.name)
        try:
            await self._book.keep(replace(row, password=made), gone=gone)
        except StoreError as error:
            raise DeskError(503, error.reason, error.advice) from None

    async def _in_turn(self, work: Coroutine[None, None, T]) -> T:
        if self._waiting >= MOST_WAITING:
            work.close()
            raise DeskError(503, "too many sign-ins at once", "try again in a few seconds")
        self._waiting += 1
        try:
            return await work
        finally:
            self._waiting -= 1
