"""Patching: the talk groups that this gateway carries by itself, each by the machine that the centre uses. Pure.

A part of the island. A group counts when two of its members or more are lines of this gateway; a line belongs to the
first group that names it. What a group decides goes to the lines as it would come from the centre, by leases of LEASE
seconds that are renewed, and to the voice process as a patch.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from firmware.effects import Record, TellVoice
from firmware.island.messages import GroupState, ToLine
from firmware.talk import KeyLine, LocalPatch, ReleaseLine, ToneWanted
from link.contract import facts
from link.contract.documents import DesiredGroup
from link.contract.link_facts import IslandFloor
from link.contract.patch_orders import SetPatch
from link.contract.realtime import LEASE_MS
from link.floor import messages as floor
from link.floor.machine import Group

LEASE = LEASE_MS / 1000
"""Seconds that a line is keyed for at a time, as in the centre's frames."""

Effects = tuple[object, ...]
Step = tuple["Patching", Effects]


def local_groups(
    groups: Iterable[DesiredGroup], lines: frozenset[str]
) -> tuple[dict[str, floor.GroupSettings], tuple[str, ...]]:
    """The groups to patch, and a word on each that is left out."""
    wanted: dict[str, floor.GroupSettings] = {}
    left_out: list[str] = []
    taken: set[str] = set()
    for group in groups:
        free = [m for m in group.members if m.line in lines and m.line not in taken]
        members = {m.line: floor.Member(m.line, m.priority, m.label, m.listen) for m in free}
        if len(members) < 2 or group.group in wanted:
            left_out.append(f"{group.group}: {len(members)} line(s) of this gateway that no other group has")
            continue
        taken |= members.keys()
        wanted[group.group] = floor.GroupSettings(
            group.group, tuple(members.values()), group.hang, group.timeout
        )
    return wanted, tuple(left_out)


@dataclass(frozen=True)
class Patching:
    """See the module. `heard` is kept whether or not anything is patched; `last`: groups that only finish a spurt."""

    heard: dict[str, facts.LineReport] = field(default_factory=dict)
    voice: bool = False
    groups: dict[str, Group] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)

    @property
    def lines(self) -> frozenset[str]:
        """The lines that are patched here: no frame of the centre keys them."""
        return frozenset(m.line for group in self.groups.values() for m in group.settings.members)

    @property
    def deadlines(self) -> tuple[float, ...]:
        """Those of the groups."""
        moments = (group.deadline for group in self.groups.values())
        return tuple(moment for moment in moments if moment is not None)

    def states(self) -> tuple[GroupState, ...]:
        """How the groups stand."""
        return tuple(
            GroupState(name, tuple(m.line for m in g.settings.members), g.holder or "", g.keyed)
            for name, g in self.groups.items()
        )

    def handle(self, event: object, now: float) -> Step:
        """What became of a line, or of nothing but time."""
        match event:
            case facts.LineReport(line=line):
                patching = replace(self, heard={**self.heard, line: event})
                return patching._feed(patching._line_heard(line), now, line)
            case floor.NodeChanged(up=up):
                patching, effects = replace(self, voice=up)._feed(event, now)
                fresh = tuple(effect for name in patching.groups for effect in patching._patch(name))
                return patching, (*effects, *(fresh if up else ()))
            case floor.EmergencyTold(line=line):
                return self._emergency(event, line, now)
            case floor.GrantTold(line=line):
                return self._feed(event, now, line)
        return self._feed(None, now)

    def follow(self, wanted: dict[str, floor.GroupSettings], now: float) -> Step:
        """Patch these groups and no others, from now on: who is a member no more is let go at once."""
        patching, effects = replace(self, last={}), ()  # type: Patching, Effects
        for name in tuple(self.groups):
            if name not in wanted:
                patching, more = patching._close(name)
                effects = (*effects, *more)
        for name, settings in wanted.items():
            patching, more = patching._thin(name, settings, now)
            effects = (*effects, *more)
        for name, settings in wanted.items():
            patching, more = patching._join(name, settings, now)
            effects = (*effects, *more)
        return patching, effects

    def finish(self, now: float) -> Step:
        """The centre leads: what is being said is heard to its end, then its group is given back."""
        patching, effects = self, ()  # type: Patching, Effects
        for name, group in self.groups.items():
            if name in patching.last:
                continue
            holder = group.holder if group.holder is not None else ""
            patching = replace(patching, last={**patching.last, name: holder})
            for line in (m.line for m in group.settings.members if m.line != holder):
                patching, more = patching._feed(patching._line_heard(line), now, line)
                effects = (*effects, *more)
        patching, more = patching._give_back()
        return patching, (*effects, *more)

    def let_go(self) -> Step:
        """Everything back at once, whatever is said."""
        patching, effects = self, ()  # type: Patching, Effects
        for name in self.groups:
            patching, more = patching._close(name)
            effects = (*effects, *more)
        return replace(patching, last={}), effects

    # -- one group --

    def _thin(self, name: str, settings: floor.GroupSettings, now: float) -> Step:
        """A group that stays loses members before another gains them."""
        group = self.groups.get(name)
        if group is None:
            return self, ()
        names = {m.line for m in settings.members}
        stay = tuple(m for m in group.settings.members if m.line in names)
        gone = tuple(m.line for m in group.settings.members if m.line not in names)
        if not gone:
            return self, ()
        thinned = floor.GroupSet(replace(group.settings, members=stay))
        patching, effects = self._step(name, thinned, now)
        released = tuple(ToLine(line, LocalPatch(False)) for line in gone)
        return patching, (*effects, *patching._patch(name), *released)

    def _join(self, name: str, settings: floor.GroupSettings, now: float) -> Step:
        group = self.groups.get(name)
        before = {m.line for m in group.settings.members} if group is not None else set()
        fresh = tuple(m.line for m in settings.members if m.line not in before)
        start = group if group is not None else Group(settings, node=self.voice)
        patching = replace(self, groups={**self.groups, name: start})
        effects: Effects = tuple(ToLine(line, LocalPatch(True)) for line in fresh)
        patching, more = patching._step(name, floor.GroupSet(settings), now)
        effects = (*effects, *more, *(patching._patch(name) if fresh else ()))
        for line in (m.line for m in settings.members):
            patching, more = patching._step(name, patching._line_heard(line), now)
            effects = (*effects, *more)
        return patching, effects

    def _close(self, name: str) -> Step:
        group = self.groups[name]
        lines = tuple(m.line for m in group.settings.members)
        rest = {other: each for other, each in self.groups.items() if other != name}
        last = {other: holder for other, holder in self.last.items() if other != name}
        effects: Effects = tuple(ToLine(line, ReleaseLine()) for line in group.keyed)
        effects = (*effects, TellVoice(SetPatch(patch=name)))
        effects = (*effects, *(ToLine(line, LocalPatch(False)) for line in lines))
        if group.holder is not None:
            effects = (*effects, Record(IslandFloor(group=name, why="given back")))
        return replace(self, groups=rest, last=last), effects

    def _give_back(self) -> Step:
        """Groups whose last spurt, and the last words of it, are over."""
        patching, effects = self, ()  # type: Patching, Effects
        for name in self.last:
            group = self.groups[name]
            if group.holder is None and group.fading is None:
                patching, more = patching._close(name)
                effects = (*effects, *more)
        return patching, effects

    def _emergency(self, event: floor.EmergencyTold, line: str, now: float) -> Step:
        """While the centre takes over again an emergency is its own, at once."""
        for name in self.last:
            if any(m.line == line for m in self.groups[name].settings.members):
                return self._close(name)
        return self._feed(event, now, line)

    # -- events to the groups, effects from them --

    def _line_heard(self, line: str) -> floor.LineHeard:
        """The line as its group sees it: its voice is this machine's own, so what counts is the voice process."""
        told = self.heard.get(line)
        finishing = next((holder for name, holder in self.last.items() if self._has(name, line)), None)
        talking = told is not None and told.carrier and finishing in (None, line)
        talker = (told.talker or "") if told is not None else ""
        ptt = told is not None and told.ptt
        return floor.LineHeard(line, talking, leg=True, online=True, talker=talker, ptt=ptt)

    def _has(self, name: str, line: str) -> bool:
        return any(m.line == line for m in self.groups[name].settings.members)

    def _feed(self, event: object, now: float, line: str | None = None) -> Step:
        """To every group that has the line; to all when none is named. Then give back what is finished."""
        patching, effects = self, ()  # type: Patching, Effects
        for name in self.groups:
            if line is None or self._has(name, line):
                patching, more = patching._step(name, event, now)
                effects = (*effects, *more)
        patching, more = patching._give_back()
        return patching, (*effects, *more)

    def _step(self, name: str, event: object, now: float) -> Step:
        group, wanted = self.groups[name].handle(event, now)
        patching = replace(self, groups={**self.groups, name: group})
        return patching, tuple(e for each in wanted for e in patching._translated(name, each, now))

    def _translated(self, name: str, effect: object, now: float) -> Effects:
        match effect:
            case floor.KeepLines(lines=lines, talker=talker):
                return tuple(ToLine(line, KeyLine(now + LEASE, talker)) for line in lines)
            case floor.ReleaseLines(lines=lines):
                return tuple(ToLine(line, ReleaseLine()) for line in lines)
            case floor.Bridge():
                return self._patch(name)
            case floor.FloorChanged(holder=holder, talker=talker, why=why):
                fact = {"group": name, "line": holder or "", "talker": talker, "why": why}
                return (Record(IslandFloor.model_validate(fact)),)
            case floor.ToneTalker(line=line, tone=tone):
                return (ToLine(line, ToneWanted(tone)),)
        return ()

    def _patch(self, name: str) -> Effects:
        group = self.groups[name]
        bridge, members = group.bridge(), tuple(m.line for m in group.settings.members)
        order = {"patch": name, "members": members, "talkers": bridge.talkers, "listeners": bridge.listeners}
        return (TellVoice(SetPatch.model_validate(order)),)
