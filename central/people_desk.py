"""People as the API asks for them: who may do what to whom, and what it changes. See central.api.people_desk."""

from collections.abc import Awaitable
from dataclasses import replace

from central.api.caller import Caller
from central.api.desk import DeskError
from central.api.people_requests import (
    AcceptRequest,
    GrantBody,
    PasswordChange,
    PersonAdded,
    PersonChange,
    SignInRequest,
    TokenAsked,
)
from central.people.areas import ROOT
from central.people.bearers import INVITATION, TOKEN, digest, new_id, new_secret
from central.people.functions import BUNDLES
from central.people.lock_out import LockOut
from central.people.records import Invitation, InvitationKind, PersonRow, SessionRow, TokenRow
from central.people.rights import Grant
from central.people_book import PeopleBook
from central.people_models import (
    AccessView,
    AreaView,
    GrantView,
    InvitationView,
    NewTokenView,
    PersonTokenView,
    PersonView,
    RoleView,
    SecondFactorView,
    SessionView,
    SignedInView,
)
from central.sign_in import SignIn
from central.store.database import StoreError
from link.hosting.toml_places import did_you_mean

DAY = 86400.0


class CorePeopleDesk:
    """Implements central.api.people_desk.PeopleDesk. `invitation`: seconds for which an invitation is good."""

    def __init__(self, book: PeopleBook, sign_in: SignIn, invitation: float) -> None:
        self._book, self._sign_in, self._invitation = book, sign_in, invitation

    # -- one's own --

    async def sign_in(self, asked: SignInRequest, address: str) -> SignedInView:
        """See PeopleDesk."""
        return await self._sign_in.sign_in(asked, address)

    async def accept(self, asked: AcceptRequest, address: str) -> SecondFactorView:
        """See PeopleDesk."""
        return await self._sign_in.accept(asked, address)

    async def sign_out(self, by: Caller) -> SessionView:
        """See PeopleDesk."""
        row = self._book.sessions.get(by.credential)
        if row is None:
            advice = "a program's token is taken back with: spillway people token remove"
            raise DeskError(409, "this is no session: it cannot be signed out", advice)
        self._book.note("session-ended", person=by.name, session=by.credential, by=by.name)
        await self._kept(self._book.keep(gone=(by.credential,)))
        return self._session(row)

    async def change_password(self, by: Caller, name: str, asked: PasswordChange) -> PersonView:
        """See PeopleDesk."""
        self._own_session(by, name, "a password is changed by its owner, signed in")
        await self._sign_in.change_password(by, asked)
        return self._view(self._row(name))

    # -- looking --

    def access(self) -> AccessView:
        """See PeopleDesk."""
        roles = tuple(RoleView(role=role, functions=held) for role, held in BUNDLES.items())
        rows = self._book.areas.all.values()
        areas = (AreaView(id=a.id, label=a.label, kind=a.kind, within=a.within) for a in rows)
        return AccessView(roles=roles, areas=tuple(areas))

    def people(self, by: Caller) -> tuple[PersonView, ...]:
        """See PeopleDesk."""
        rows = sorted(self._book.people.values(), key=lambda row: row.name)
        return tuple(self._view(row) for row in rows if row.name == by.name or self._manages(by, row))

    def person(self, by: Caller, name: str) -> PersonView:
        """See PeopleDesk."""
        return self._view(self._seen(by, name))

    def sessions(self, by: Caller, name: str | None) -> tuple[SessionView, ...]:
        """See PeopleDesk."""
        if name is not None:
            self._seen(by, name)
        rows = (row for row in self._book.standing() if name is None or row.person == name)
        return tuple(
            self._session(row)
            for row in rows
            if name is not None or self._manages(by, self._book.people[row.person])
        )

    def tokens(self, by: Caller, name: str) -> tuple[PersonTokenView, ...]:
        """See PeopleDesk."""
        self._seen(by, name)
        return tuple(_token(row) for row in self._book.valid_tokens() if row.person == name)

    # -- changing others --

    async def add(self, by: Caller, asked: PersonAdded) -> InvitationView:
        """See PeopleDesk."""
        known = self._book.people.get(asked.name)
        if known is not None:
            what = "was removed and the name is not given again" if known.state == "removed" else "is here"
            raise DeskError(409, f"{asked.name} {what}", "choose another name")
        grants = self._grants(by, asked.grants)
        row = PersonRow(asked.name, asked.label, grants=grants, added=self._book.clock.wall())
        self._book.note("added", person=row.name, by=by.name, grants=_told(grants))
        return await self._invited(row, "account", by)

    async def change(self, by: Caller, name: str, asked: PersonChange) -> PersonView:
        """See PeopleDesk."""
        row = self._present(name)
        if asked.label is not None or asked.enabled is not None:
            self._manage(by, row)
        given, taken = self._grants(by, asked.grant), self._grants(by, asked.revoke, must_be=False)
        strange = [grant for grant in taken if grant not in row.grants]
        if strange:
            what = f"{name} has not the role {strange[0].role} at {self._book.areas.named(strange[0].area)}"
            raise DeskError(404, what, f"see: spillway people show {name}")
        grants = tuple(dict.fromkeys((*(g for g in row.grants if g not in taken), *given)))
        state = row.state if asked.enabled is None else "active" if asked.enabled else "disabled"
        label = row.label if asked.label is None else asked.label
        new = replace(row, grants=grants, state=state, label=label)
        self._leave_a_manager(new)
        told = asked.model_dump(mode="json", exclude_unset=True)
        self._book.note("changed", person=name, by=by.name, change=told)
        gone = self._book.all_of(name) if state == "disabled" else ()
        await self._kept(self._book.keep(new, gone=gone))
        return self._view(new)

    async def remove(self, by: Caller, name: str) -> PersonView:
        """See PeopleDesk."""
        row = self._present(name)
        self._manage(by, row)
        new = PersonRow(name, row.label, "removed", added=row.added, signed_in=row.signed_in)
        self._leave_a_manager(new)
        self._book.note("removed", person=name, by=by.name)
        await self._kept(self._book.keep(new, gone=self._book.all_of(name)))
        return self._view(new)

    async def invite(self, by: Caller, name: str, kind: InvitationKind) -> InvitationView:
        """See PeopleDesk."""
        row = self._present(name)
        self._manage(by, row)
        if kind == "account":
            row = replace(row, password="", seed="", last_step=0, lock=LockOut())
            return await self._invited(row, kind, by, self._book.all_of(name))
        return await self._invited(replace(row, seed="", last_step=0), kind, by)

    async def unlock(self, by: Caller, name: str) -> PersonView:
        """See PeopleDesk."""
        row = self._present(name)
        self._manage(by, row)
        new = replace(row, lock=LockOut())
        self._book.note("unlocked", person=name, by=by.name)
        await self._kept(self._book.keep(new))
        return self._view(new)

    async def end_session(self, by: Caller, name: str, id: str) -> SessionView:
        """See PeopleDesk."""
        self._seen(by, name)
        row = self._book.sessions.get(id)
        if row is None or row.person != name:
            raise DeskError(404, f"{name} has no session {id!r}", f"see: spillway people sessions {name}")
        self._book.note("session-ended", person=name, session=id, by=by.name)
        await self._kept(self._book.keep(gone=(id,)))
        return self._session(row)

    async def add_token(self, by: Caller, name: str, asked: TokenAsked) -> NewTokenView:
        """See PeopleDesk."""
        self._own_session(by, name, "a token is made by the person in whose name it asks, signed in")
        now, secret = self._book.clock.wall(), new_secret(TOKEN)
        row = TokenRow(new_id("t"), digest(secret), name, asked.label, now, now + asked.days * DAY)
        self._book.note("token-added", person=name, token=row.id, by=by.name, label=asked.label)
        await self._kept(self._book.keep(tokens=(row,)))
        return NewTokenView(**_token(row).model_dump(), token=secret)

    async def end_token(self, by: Caller, name: str, id: str) -> PersonTokenView:
        """See PeopleDesk."""
        self._seen(by, name)
        row = self._book.tokens.get(id)
        if row is None or row.person != name:
            raise DeskError(404, f"{name} has no token {id!r}", "see: spillway people token list")
        self._book.note("token-removed", person=name, token=id, by=by.name)
        await self._kept(self._book.keep(gone=(id,)))
        return _token(row)

    # -- below --

    async def _invited(
        self, row: PersonRow, kind: InvitationKind, by: Caller, gone: tuple[str, ...] = ()
    ) -> InvitationView:
        code, ends = new_secret(INVITATION), self._book.clock.wall() + self._invitation
        row = replace(row, invitation=Invitation(kind, digest(code), ends))
        self._book.note("invited", person=row.name, by=by.name, kind=kind)
        await self._kept(self._book.keep(row, gone=gone))
        return InvitationView(person=row.name, kind=kind, code=code, ends_wall=ends)

    async def _kept(self, work: Awaitable[None]) -> None:
        try:
            await work
        except StoreError as error:
            what = f"done, but not on disk, so that a restart undoes it: {error.reason}"
            raise DeskError(503, what, error.advice) from None

    def _row(self, name: str) -> PersonRow:
        row = self._book.people.get(name)
        if row is None:
            known = [each.name for each in self._book.people.values() if each.state != "removed"]
            hint = (did_you_mean(name, known) or "").removeprefix("; ")
            raise DeskError(404, f"there is no person {name!r}", hint or "see: spillway people list")
        return row

    def _present(self, name: str) -> PersonRow:
        row = self._row(name)
        if row.state == "removed":
            raise DeskError(404, f"{name} was removed", "add a new person under another name")
        return row

    def _manages(self, by: Caller, row: PersonRow) -> bool:
        """All of somebody's roles lie where `by` manages people; who has none is managed by whoever manages any."""
        areas = [grant.area for grant in row.grants]
        if not areas:
            return by.rights.anywhere("people.manage")
        return not by.rights.missing("people.manage", areas)

    def _manage(self, by: Caller, row: PersonRow) -> None:
        by.need_somewhere("people.manage")
        if row.grants:
            by.need("people.manage", *(grant.area for grant in row.grants))

    def _seen(self, by: Caller, name: str) -> PersonRow:
        """Somebody whom `by` may see; who may not learns not even whether there is such a person."""
        if name != by.name:
            by.need_somewhere("people.manage")
        row = self._row(name)
        if name != by.name:
            self._manage(by, row)
        return row

    def _own_session(self, by: Caller, name: str, what: str) -> None:
        if name != by.name or not by.signed_in:
            raise DeskError(403, what, f"sign in as {name}: spillway sign-in {name}")

    def _grants(self, by: Caller, asked: tuple[GrantBody, ...], must_be: bool = True) -> tuple[Grant, ...]:
        for each in asked:
            if must_be and each.area not in self._book.areas:
                known = list(self._book.areas.all)
                hint = (did_you_mean(each.area, known) or "").removeprefix("; ")
                raise DeskError(404, f"there is no area {each.area!r}", hint or "see: spillway people access")
            by.need("people.manage", each.area)
        return tuple(Grant(each.role, each.area) for each in asked)

    def _leave_a_manager(self, new: PersonRow) -> None:
        """Somebody must be left who manages people, or nobody could ever be let in again."""
        if self._book.managers() and not self._book.managers({**self._book.people, new.name: new}):
            what = f"nobody would be left who manages people at {self._book.areas.named(ROOT)}"
            raise DeskError(409, what, "give somebody else the role administrator first")

    def _view(self, row: PersonRow) -> PersonView:
        return PersonView(
            name=row.name,
            label=row.label,
            state=row.state,
            grants=tuple(GrantView(role=grant.role, area=grant.area) for grant in row.grants),
            second_factor=bool(row.seed),
            invited=row.invitation is not None,
            locked=row.lock.waits(self._book.clock.wall()),
            signed_in_wall=row.signed_in,
            sessions=sum(each.person == row.name for each in self._book.standing()),
            tokens=sum(each.person == row.name for each in self._book.valid_tokens()),
        )

    def _session(self, row: SessionRow) -> SessionView:
        return SessionView(
            id=row.id,
            person=row.person,
            address=row.address,
            since_wall=row.since,
            used_wall=row.used,
            ends_wall=self._book.lasting.ends(row.since, row.used),
        )


def _token(row: TokenRow) -> PersonTokenView:
    return PersonTokenView(
        id=row.id,
        person=row.person,
        label=row.label,
        since_wall=row.since,
        ends_wall=row.ends,
        used_wall=row.used,
    )


def _told(grants: tuple[Grant, ...]) -> list[str]:
    return [f"{grant.role}@{grant.area}" for grant in grants]
