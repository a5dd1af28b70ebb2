"""Which floor decides for whom: what people set of each group, the patches made over them, and what follows of both.

A patch joins groups and single lines; one without groups is a temporary group of lines. Each has one floor machine over
all its members (decision 0044), so that there is one talker, every line is keyed once and nothing can go round. A line
is in one conversation at a time: a patch borrows it from its own group, and gives it back at its end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from link.floor.messages import GroupSettings, Member

ENDED = 64
"""Ended patches that are remembered, for screens."""


@dataclass(frozen=True)
class Patch:
    """Groups and single lines in one conversation. `until_wall` in Unix seconds, or None: until somebody ends it."""

    id: str
    groups: tuple[str, ...]
    members: tuple[Member, ...]
    by: str
    made_wall: float
    until_wall: float | None = None
    hang: float = 2.0
    timeout: float = 60.0

    @property
    def kind(self) -> str:
        """`patch` or `temporary`."""
        return "patch" if self.groups else "temporary"


@dataclass
class GroupTable:
    """`own`: what people want of each configured group; `guests`: telephones that have joined one, for as long as they
    are there; `patches`: by id, the oldest first; `ended`: that were."""

    own: dict[str, GroupSettings] = field(default_factory=dict)
    guests: dict[str, tuple[Member, ...]] = field(default_factory=dict)
    patches: dict[str, Patch] = field(default_factory=dict)
    ended: dict[str, Patch] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Every group and patch that stands."""
        return (*self.own, *self.patches)

    def end(self, id: str) -> Patch | None:
        """Take a patch out; None if there is none."""
        patch = self.patches.pop(id, None)
        if patch is not None:
            self.ended = dict([*self.ended.items(), (id, patch)][-ENDED:])
        return patch

    def patch_of(self, group: str) -> Patch | None:
        """The patch that decides for a configured group now."""
        return next((patch for patch in self.patches.values() if group in patch.groups), None)

    def groups_of(self, name: str) -> tuple[str, ...]:
        """The groups that a patch joins; those that go on under their own name otherwise."""
        patch = self.patches.get(name)
        return (patch.groups or (name,)) if patch is not None else (name,)

    def borrowed(self) -> dict[str, str]:
        """Line to the patch that has it from outside its groups."""
        if not self.patches:
            return {}
        homes = {m.line: name for name, group in self.own.items() for m in group.members}
        return {
            member.line: patch.id
            for patch in self.patches.values()
            for member in patch.members
            if homes.get(member.line) not in patch.groups  # a line that is in both belongs to its group
        }

    def home_of(self, line: str) -> str | None:
        """The configured group that a line belongs to."""
        groups = self.own.values()
        return next((g.group for g in groups if any(m.line == line for m in g.members)), None)

    def floors(self) -> Mapping[str, GroupSettings]:
        """The settings of every floor machine: the configured groups, then the patches."""
        borrowed = self.borrowed()
        found: dict[str, GroupSettings] = {}
        for name, settings in self.own.items():
            patch = self.patch_of(name)
            stay = tuple(m for m in settings.members if m.line not in borrowed)
            members = (*stay, *self.guests.get(name, ()))
            found[name] = replace(settings, members=members, patched="" if patch is None else patch.id)
        for patch in self.patches.values():
            joined = [found[name] for name in patch.groups]
            members = unique((*(m for group in joined for m in group.members), *patch.members))
            hang = max((group.hang for group in joined), default=patch.hang)
            timeout = max((group.timeout for group in joined), default=patch.timeout)
            found[patch.id] = GroupSettings(patch.id, members, hang, timeout)
        return found


def unique(members: Iterable[Member]) -> tuple[Member, ...]:
    """Each line once, as it was named first."""
    found: dict[str, Member] = {}
    for member in members:
        found.setdefault(member.line, member)
    return tuple(found.values())
