"""The desk's part for talk groups, patches and temporary groups. See central.api.patch_desk.

It says no with a reason, and has the book do the rest.
"""

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import replace

from central.api.patch_requests import LineAsked, PatchRequest, TemporaryGroup
from central.api.refusal import DeskError
from central.api.requests import GroupChange
from central.group_models import PatchView
from central.group_views import patch_view
from central.patch_book import PatchBook
from central.patching import GroupTable, Patch
from central.store.database import StoreError
from central.switchboard import Switchboard
from link.contract.neighbour import MOST_LEGS
from link.floor.messages import GroupSettings, Member
from link.hosting.clock import Clock

MOST_PATCHES = 64
TAKEN = 0.01
"""Seconds in which the machines have taken what was posted to them."""


class CoreGroupDesk:
    """Implements central.api.patch_desk.PatchDesk, and `set_group` of the desk."""

    def __init__(self, board: Switchboard, book: PatchBook, clock: Clock) -> None:
        self._board, self._book, self._clock = board, book, clock

    @property
    def _table(self) -> GroupTable:
        return self._book.table

    # -- groups --

    async def set_group(self, group: str, change: GroupChange, by: str) -> None:
        """See Desk."""
        old = self._own(group)
        members = {member.line: member for member in old.members if member.line not in change.remove}
        for wanted in change.members:
            self._check_line(wanted.line)
            self._check_home(wanted.line, group)
            known = members.get(wanted.line, Member(wanted.line))
            label = known.label if wanted.label is None else wanted.label
            listen = known.listen if wanted.listen is None else wanted.listen
            members[wanted.line] = Member(wanted.line, wanted.priority, label, listen)
        if len(members) > MOST_LEGS:
            raise DeskError(409, f"a group has {MOST_LEGS} members at most", "make a second group")
        told = {"by": by, **change.model_dump(mode="json")}
        settings = replace(
            old,
            members=tuple(members.values()),
            hang=old.hang if change.hang is None else change.hang,
            timeout=old.timeout if change.timeout is None else change.timeout,
        )
        self._board.journal("group.set", group, told)
        self._book.set_group(settings)
        await asyncio.sleep(TAKEN)

    # -- patches --

    def standing(self) -> tuple[PatchView, ...]:
        """See PatchDesk."""
        return tuple(self._view(patch) for patch in self._table.patches.values())

    def patch(self, id: str) -> PatchView:
        """See PatchDesk."""
        return self._view(self._standing(id))

    def home_of(self, line: str) -> str | None:
        """See PatchDesk."""
        return self._table.home_of(line)

    async def make(self, asked: PatchRequest, by: str) -> PatchView:
        """See PatchDesk."""
        groups = tuple(dict.fromkeys(asked.groups))
        for group in groups:
            self._own(group)
            there = self._table.patch_of(group)
            if there is not None:
                advice = f"end that one first: spillway patch end {there.id}"
                raise DeskError(409, f"group {group!r} is in {there.id!r} already", advice)
        members = self._borrowed(asked.lines)
        wall = self._clock.wall()
        until = None if asked.seconds is None else wall + asked.seconds
        return await self._made(Patch(f"patch-{secrets.token_hex(3)}", groups, members, by, wall, until))

    async def make_group(self, asked: TemporaryGroup, by: str) -> PatchView:
        """See PatchDesk."""
        if asked.group in self._table.names:
            raise DeskError(409, f"there is a group {asked.group!r} already", "choose another name")
        members = self._borrowed(asked.lines)
        wall = self._clock.wall()
        until = None if asked.seconds is None else wall + asked.seconds
        patch = Patch(asked.group, (), members, by, wall, until, asked.hang, asked.timeout)
        return await self._made(patch)

    async def end(self, id: str, by: str) -> PatchView:
        """See PatchDesk."""
        patch = self._standing(id)
        try:
            await self._book.end(id, by)
        except StoreError as error:
            what = f"{id} has ended, but will stand again when core is started again: {error.reason}"
            raise DeskError(503, what, error.advice) from None
        await asyncio.sleep(TAKEN)
        return patch_view(patch, over=True)

    async def _made(self, patch: Patch) -> PatchView:
        if len(self._table.patches) >= MOST_PATCHES:
            raise DeskError(409, f"{MOST_PATCHES} patches stand already", "end one: spillway patch list")
        joined = {m.line for group in patch.groups for m in self._table.own[group].members}
        if len(joined | {member.line for member in patch.members}) > MOST_LEGS:
            raise DeskError(409, f"a patch has {MOST_LEGS} lines at most", "patch fewer groups")
        await self._book.make(patch)
        await asyncio.sleep(TAKEN)
        return self._view(patch)

    def _view(self, patch: Patch) -> PatchView:
        return patch_view(patch, kept=patch.id not in self._book.unkept)

    def _standing(self, id: str) -> Patch:
        patch = self._table.patches.get(id)
        if patch is None:
            raise DeskError(404, f"there is no patch or temporary group {id!r}", "see: spillway patch list")
        return patch

    def _own(self, group: str) -> GroupSettings:
        settings = self._table.own.get(group)
        if settings is None and group in self._table.patches:
            advice = "end it, and make it anew: spillway patch list"
            raise DeskError(409, f"{group!r} was made for a time and cannot be changed", advice)
        if settings is None:
            raise DeskError(404, f"there is no group {group!r}", "see: spillway group list")
        return settings

    def _borrowed(self, asked: Iterable[LineAsked]) -> tuple[Member, ...]:
        """The lines as members: as in their own groups, unless it was asked for otherwise."""
        lent, found = self._table.borrowed(), []
        for each in asked:
            self._check_line(each.line)
            if each.line in lent:
                advice = f"end that one first: spillway patch end {lent[each.line]}"
                raise DeskError(409, f"{each.line} is lent to {lent[each.line]!r} already", advice)
            home = self._table.own.get(self._table.home_of(each.line) or "")
            known = next((m for m in home.members if m.line == each.line), None) if home else None
            known = known or Member(each.line)
            priority = known.priority if each.priority is None else each.priority
            listen = known.listen if each.listen is None else each.listen
            found.append(replace(known, priority=priority, listen=listen))
        return tuple(found)

    def _check_line(self, line: str) -> None:
        gateway, _, name = line.partition("/")
        runner = self._board.gateways.get(gateway)
        if runner is None or (runner.machine.lines and name not in runner.machine.lines):
            raise DeskError(404, f"there is no line {line!r}", "see: spillway status")

    def _check_home(self, line: str, group: str) -> None:
        home = self._table.home_of(line)
        if home not in (None, group):
            advice = f"take it out there first: spillway group set {home} --remove {line}"
            raise DeskError(409, f"{line} is in group {home!r}", advice)
