"""Keeps patches and temporary groups: hosts their floor machines, ends those whose time is over, keeps them on disk.

All that changes who decides for whom goes through `settle`, which tells the machines in one order: who gains lines
first, who loses them last, so that a line that stays keyed is never let go in between. A release of lines that another
machine keeps keyed is no release. Nothing here decides who talks.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import asdict, replace
from functools import partial

from central.patching import GroupTable, Patch
from central.store.database import StoreError
from central.store.patches import PatchRow, PatchStore
from central.switchboard import Switchboard
from link.floor.machine import Group, Heard
from link.floor.messages import GroupSet, GroupSettings, Member, NodeChanged
from link.hosting.clock import Clock
from link.hosting.inbox import Inbox
from link.hosting.runner import Runner

log = logging.getLogger(__name__)

LOOK_EVERY = 30.0
"""Seconds after which the end of a patch is looked for again: the clock of people may be set."""
GONE_AFTER = 1.0
"""Seconds after its end at which the machine of a patch is dropped: its last bridge has fallen by then."""

Spawn = Callable[[Coroutine[None, None, None]], "asyncio.Task[None]"]


class PatchBook:
    """Made with the switchboard; `resume` and `run` once the loop turns. `store` may be None: nothing is kept."""

    def __init__(self, board: Switchboard, store: PatchStore | None, clock: Clock, spawn: Spawn) -> None:
        self.unkept: set[str] = set()
        self._board, self._store, self._clock, self._spawn = board, store, clock, spawn
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._bell = Inbox("patches", 16)
        self._settled: dict[str, GroupSettings] = dict(self.table.floors())
        board.telephones.regroup = self.set_guest

    @property
    def table(self) -> GroupTable:
        """What people set, and the patches that stand."""
        return self._board.table

    # -- what people ask --

    async def make(self, patch: Patch) -> None:
        """Let it stand. On disk as well if that takes it; else it counts as `unkept` and goes with this core."""
        self.table.patches[patch.id] = patch
        told = {"by": patch.by, "groups": list(patch.groups), "lines": [m.line for m in patch.members]}
        self._board.journal(f"{_word(patch)}.made", patch.id, {**told, "until_wall": patch.until_wall})
        self.settle()
        self._bell.post("made")
        try:
            if self._store is not None:
                await self._store.keep(_row(patch))
        except StoreError as error:
            self.unkept.add(patch.id)
            log.error("patch=%s stands, but not after a restart of core: %s", patch.id, error)

    async def end(self, id: str, why: str) -> None:
        """End one; `why` names who or what ended it. One that is not there is no error. StoreError: it has ended, but
        the disk does not know."""
        patch = self.table.end(id)
        if patch is None:
            return
        self._board.journal(f"{_word(patch)}.ended", id, {"by": why})
        self.settle()
        self.unkept.discard(id)
        if self._store is not None:
            await self._store.remove(id)

    def set_group(self, settings: GroupSettings) -> None:
        """Other settings for a configured group."""
        self.table.own[settings.group] = settings
        self.settle()
        self._board.changed("group", settings.group)  # its lines may be lent: then no machine changes

    def set_guest(self, group: str, guest: Member, there: bool) -> None:
        """A telephone has joined a configured group, or has left it: it is in whatever the group is patched into."""
        others = tuple(each for each in self.table.guests.get(group, ()) if each.line != guest.line)
        self.table.guests[group] = (*others, guest) if there else others
        self.settle()

    # -- serving --

    async def resume(self) -> None:
        """Take up what the store has. One whose groups the settings no longer know is ended. StoreError."""
        for row in await self._store.all() if self._store is not None else ():
            patch = _patch(row)
            missing = [group for group in patch.groups if group not in self.table.own]
            if missing or patch.id in self.table.own:
                await self.end_lost(patch, f"no group {missing[0]!r}" if missing else "a group has its name")
            else:
                self.table.patches[patch.id] = patch
        self.settle()

    async def end_lost(self, patch: Patch, why: str) -> None:
        """A patch of an earlier core that cannot stand again. StoreError."""
        self._board.journal(f"{_word(patch)}.ended", patch.id, {"by": f"the settings: {why}"})
        if self._store is not None:
            await self._store.remove(patch.id)

    async def run(self) -> None:
        """End what is due, until cancelled."""
        while True:
            wall = self._clock.wall()
            ends = {patch.id: patch.until_wall for patch in self.table.patches.values() if patch.until_wall}
            for id in [id for id, until in ends.items() if until <= wall]:
                try:
                    await self.end(id, "its time was over")
                except StoreError as error:
                    log.error("patch=%s has ended, but the disk does not know: %s", id, error)
            left = min((until - wall for until in ends.values() if until > wall), default=LOOK_EVERY)
            while self._bell.get_nowait() is not None:
                pass
            await self._bell.wait(self._clock.now() + min(left, LOOK_EVERY), self._clock)

    def settle(self) -> None:
        """Tell every machine what it decides for now."""
        wanted, board = dict(self.table.floors()), self._board
        old, self._settled = self._settled, wanted
        overlong = frozenset(
            line
            for name in old.keys() - wanted.keys()
            for line, heard in board.groups[name].machine.heard.items()
            if heard.overlong
        )
        for name in wanted.keys() - old.keys():
            self._begin(wanted[name])
        changed = [name for name in wanted.keys() & old.keys() if wanted[name] != old[name]]
        for name in changed:
            board.groups[name].inbox.post(GroupSet(wanted[name], overlong))
        for name in old.keys() - wanted.keys():
            board.groups[name].inbox.post(GroupSet(replace(old[name], members=(), hang=0.0)))
            self._clock.call_at(self._clock.now() + old[name].hang + GONE_AFTER, partial(self._drop, name))
        moved = {*changed, *(old.keys() ^ wanted.keys())}
        board.tell_beliefs({m.line for name in moved & wanted.keys() for m in wanted[name].members})
        for name in moved:
            board.changed("group", name)
            board.changed("patch", name)

    def _begin(self, settings: GroupSettings) -> None:
        """Host the machine of a patch. It knows at once what its groups know: who talks keeps his place."""
        board, name = self._board, settings.group
        self._stop(name)
        known: dict[str, Heard] = {}
        for group in board.groups.values():
            known |= {line: heard for line, heard in group.machine.heard.items() if line not in known}
        members = {member.line for member in settings.members}
        heard = {line: each for line, each in known.items() if line in members}
        runner: Runner[Group] = Runner(
            f"group-{name}",
            Group(settings, heard=heard),
            board.perform_group,
            self._clock,
            recover=lambda: runner.machine.started_over(),
        )
        board.groups[name] = runner
        runner.inbox.post(NodeChanged(up=board.node_said is not None))
        self._tasks[name] = self._spawn(runner.run())

    def _drop(self, name: str) -> None:
        """The machine of an ended patch; not if one of the same name stands again."""
        if name not in self.table.patches:
            self._stop(name)

    def _stop(self, name: str) -> None:
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            self._board.groups.pop(name, None)


def _word(patch: Patch) -> str:
    return "patch" if patch.kind == "patch" else "group"


def _row(patch: Patch) -> PatchRow:
    return PatchRow(patch.id, int(patch.made_wall * 1000), asdict(patch))


def _patch(row: PatchRow) -> Patch:
    body = dict(row.body)
    members = tuple(Member(**member) for member in body.pop("members"))  # type: ignore[attr-defined]
    groups = tuple(str(group) for group in body.pop("groups"))  # type: ignore[attr-defined]
    return Patch(groups=groups, members=members, **body)  # type: ignore[arg-type]  # as `_row` wrote it
