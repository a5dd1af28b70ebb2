"""Island: whether this gateway works alone, and what it does then: patches its own lines, heeds local triggers.

Theory: `mode` knows whether the centre leads. While it does not, the island carries the groups of the last desired
document as far as this gateway has lines in them (`patching`), and heeds its triggers (`triggers`). When the centre
leads again, triggers end at once, a talk spurt under way is heard to its end, then its group is given back; the rest
is given back at once. The conflict rules stand in docs/island.md. Performs nothing; without a desired document it
patches nothing and says so.
"""

from dataclasses import dataclass, field, replace

from firmware.authority.messages import WarrantChanged
from firmware.effects import Record
from firmware.events import (
    CentreChanged,
    ConfigurationChanged,
    IslandChanged,
    LinkChanged,
    TalkOpened,
    VoiceChanged,
)
from firmware.island.messages import (
    CentreSaid,
    ClipFound,
    ContactWatched,
    FiresKept,
    FiresKnown,
    IslandState,
    SensorSeen,
)
from firmware.island.mode import Mode
from firmware.island.patching import Patching, local_groups
from firmware.island.triggers import Triggers
from link.contract import facts
from link.contract.documents import Configuration
from link.contract.field_facts import ContactChanged, EmergencyCalled, GrantDelayed
from link.contract.link_facts import IslandBegan, IslandEnded
from link.floor import messages as floor

NO_DOCUMENT = "no desired document was ever taken in: nothing is patched, no trigger is heeded"

Effects = tuple[object, ...]
Step = tuple["Island", Effects]


@dataclass(frozen=True)
class Island:
    """See the module. Times are monotonic seconds. `ending`: the centre leads, and only last spurts are heard out."""

    lines: frozenset[str] = frozenset()
    mode: Mode = field(default_factory=Mode)
    configuration: Configuration | None = None
    patching: Patching = field(default_factory=Patching)
    triggers: Triggers = field(default_factory=Triggers)
    on: bool = False
    ending: bool = False
    since: float = 0.0
    why: str = "not decided yet"
    looked_at: float = field(default=float("-inf"), compare=False)

    @classmethod
    def of(
        cls, lines: frozenset[str], speakers: frozenset[str], warrant: WarrantChanged | None = None
    ) -> "Island":
        """An island with these talk lines and loudspeakers; `warrant`: what triggers are judged by."""
        return cls(lines, triggers=Triggers(speakers=speakers, warrant=warrant))

    @property
    def state(self) -> str:
        """One word for people."""
        if not self.on:
            return "centre leads"
        return "giving back" if self.ending else f"alone: {self.why}"

    @property
    def deadline(self) -> float | None:
        """Next moment at which something must happen without being told."""
        if self.mode.started is None:
            return float("-inf")
        mode = [moment for moment in self.mode.deadlines if moment > self.looked_at]
        return min((*mode, *self.patching.deadlines, *self.triggers.deadlines(self.looked_at)), default=None)

    def status(self, now: float) -> IslandState:
        """For people: what it does, since when and why."""
        wanted = self.configuration.groups if self.configuration is not None else ()
        left_out = local_groups(wanted, self.lines)[1]
        why = self.why if self.configuration is not None else f"{self.why}; {NO_DOCUMENT}"
        groups, triggers = self.patching.states(), self.triggers.states(now)
        return IslandState(self.on, self.since, why, groups, triggers, self.triggers.last_fired, left_out)

    def started_over(self, now: float) -> Step:
        """After a crash: every line is given back; what is known stays, and the mode is decided anew."""
        patching, effects = self.patching.let_go()
        fresh = Island(self.lines, self.mode, self.configuration, patching, self.triggers)
        fresh = replace(fresh, triggers=replace(fresh.triggers, active=False, pending={}))
        if self.on:
            effects = (*effects, IslandChanged(False, "fault"), Record(IslandEnded(seconds=now - self.since)))
        return replace(fresh, since=now, why="started over after a fault"), effects

    def handle(self, event: object, now: float) -> Step:
        """The island after `event` and what must be done."""
        island, effects = replace(self, mode=self.mode.handle(event, now), looked_at=now)._take(event, now)
        island, more = island._settle(now)
        return island, (*effects, *more)

    def _take(self, event: object, now: float) -> Step:
        match event:
            case ConfigurationChanged(configuration=configuration):
                return replace(self, configuration=configuration)._configured(now)
            case VoiceChanged(up=up):
                return self._patch(floor.NodeChanged(up), now)
            case facts.LineReport():
                return self._patch(event, now)
            case GrantDelayed(line=line, queued=queued, why=why):
                return self._patch(floor.GrantTold(line, queued, why), now)
            case EmergencyCalled(line=line, talker=talker):
                island, effects = self._patch(floor.EmergencyTold(line, talker), now)
                island, more = island._trigger(event, now)
                return island, (*effects, *more)
            case (
                ContactChanged() | ContactWatched() | SensorSeen() | ClipFound() | FiresKept() | FiresKnown()
            ):
                return self._trigger(event, now)
            case WarrantChanged():
                return self._trigger(event, now)
            case LinkChanged() | CentreChanged() | CentreSaid() | TalkOpened():
                return self, ()
        island, effects = self._patch(None, now)
        island, more = island._trigger(None, now)
        return island, (*effects, *more)

    def _patch(self, event: object, now: float) -> Step:
        patching, effects = self.patching.handle(event, now)
        return replace(self, patching=patching), effects

    def _trigger(self, event: object, now: float) -> Step:
        triggers, effects = self.triggers.handle(event, now)
        return replace(self, triggers=triggers), effects

    def _configured(self, now: float) -> Step:
        """The newest document counts at once; while the centre takes over again nothing new is begun."""
        assert self.configuration is not None
        triggers, effects = self.triggers.configured(self.configuration.triggers, now)
        island = replace(self, triggers=triggers)
        if not island.on:
            return island, effects
        island, more = island._follow(now)
        return island, (*effects, *more)

    def _follow(self, now: float) -> Step:
        groups = self.configuration.groups if self.configuration is not None else ()
        wanted, _ = local_groups(groups, self.lines)
        if self.ending:
            wanted = {name: group for name, group in wanted.items() if name in self.patching.groups}
        patching, effects = self.patching.follow(wanted, now)
        if self.ending:
            patching, more = patching.finish(now)
            effects = (*effects, *more)
        return replace(self, patching=patching), effects

    # -- alone or not --

    def _settle(self, now: float) -> Step:
        if not self.on:
            if self.mode.alone(now):
                return self._begin(now)
            told = self.mode.why(now) or "the centre leads"
            return replace(self, why=told), ()
        if self.ending and self.mode.why(now):
            island = replace(self, ending=False, why=self.mode.why(now))
            return island._switch(now)
        if not self.ending and self.mode.leads(now):
            patching, effects = self.patching.finish(now)
            island = replace(self, ending=True, patching=patching)
            triggers, more = island.triggers.switched(False, now)
            island, last = replace(island, triggers=triggers)._end_if_done(now)
            return island, (*effects, *more, *last)
        return self._end_if_done(now)

    def _begin(self, now: float) -> Step:
        why = self.mode.why(now)
        island = replace(self, on=True, ending=False, since=now, why=why)
        said = why if self.configuration is not None else f"{why}; {NO_DOCUMENT}"
        island, effects = island._switch(now)
        return island, (Record(IslandBegan(why=said)), IslandChanged(True, why), *effects)

    def _switch(self, now: float) -> Step:
        """Patches and triggers on."""
        island, effects = self._follow(now)
        triggers, more = island.triggers.switched(True, now)
        return replace(island, triggers=triggers), (*effects, *more)

    def _end_if_done(self, now: float) -> Step:
        if not self.ending or self.patching.groups:
            return self, ()
        seconds = round(now - self.since, 3)
        island = replace(self, on=False, ending=False, since=now, why="the centre leads")
        return island, (Record(IslandEnded(seconds=seconds)), IslandChanged(False, "the centre leads"))
