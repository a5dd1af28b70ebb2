"""What follows from the evidence lane: the book of the field, the health of the fleet, running broadcasts.

It is handed only events that are on disk and were not there before. They key nothing; a group is told of a grant or an
emergency only while it is fresh (FRESH, the greatest age of a fact). After a restart of core the same events may be
told again by `again`: the book knows them by their place, a broadcast hears the same fact twice without harm.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from central.broadcasts import messages as warn
from central.broadcasts.machine import Broadcast
from central.field_book import FieldBook
from central.figures import SOUND, Figures
from central.fleet.machine import Gateway
from central.store.arrivals import Told
from link.contract import facts, field_facts
from link.contract.field_facts import SoundProved
from link.contract.wire import Wire
from link.floor import messages as floor
from link.floor.machine import Group
from link.hosting.clock import Clock
from link.hosting.runner import Runner

FRESH = 3.0
"""Seconds after which what an outbox tells of a grant or an emergency moves nothing any more."""


@dataclass(frozen=True)
class Evidence:
    """Tells those whom it concerns; keeps nothing. The mappings are the switchboard's own.

    `recorded` hears every new fact with its gateway, for the list of recordings.
    """

    clock: Clock
    field: FieldBook
    figures: Figures
    gateways: Mapping[str, Runner[Gateway]]
    groups: Mapping[str, Runner[Group]]
    broadcasts: Mapping[str, Runner[Broadcast]]
    recorded: Callable[[str, Wire], None]

    def hear(self, gateway: str, boot: str, offset_ms: int | None, place: int, event: Told) -> None:
        """One new event, number `place` of the store; `offset_ms` makes Unix time of its monotonic time, if known."""
        if gateway not in self.gateways:
            return
        fact = event.fact
        self._from_field(gateway, boot, offset_ms, place, event)
        if isinstance(fact, facts.HealthChanged):
            self.gateways[gateway].inbox.post(fact)
        if isinstance(fact, facts.ClipStarted):
            self.figures.end(SOUND, f"{gateway}/{fact.play}", self.clock.now())
        self.recorded(gateway, fact)
        self.told_again(gateway, event)

    def told_again(self, gateway: str, event: Told) -> None:
        """A fact of a playing for the running broadcasts, perhaps for the second time."""
        self._told_broadcasts(gateway, event.fact)

    def _told_broadcasts(self, gateway: str, fact: Wire) -> None:
        if isinstance(fact, facts.ClipStarted | facts.ClipFinished | SoundProved):
            for broadcast in self.broadcasts.values():
                broadcast.inbox.post(warn.ClipTold(gateway, fact))

    def unsaved(self, gateway: str, event: facts.Event) -> None:
        """A fact of a playing that is not on disk and may never be: running broadcasts go by it all the same."""
        if gateway in self.gateways:
            self._told_broadcasts(gateway, event.fact)

    def _from_field(self, gateway: str, boot: str, offset_ms: int | None, place: int, event: Told) -> None:
        """The book takes it; a group is told only what is new and true now."""
        age = self.gateways[gateway].machine.age_of(boot, event.mono_ms, self.clock.now())
        corrected = event.wall_ms if offset_ms is None else event.mono_ms + offset_ms
        wall = corrected / 1000 if age is None else round(self.clock.wall() - age, 3)
        new = self.field.heard(gateway, event.fact, boot, place, wall)
        if not new or age is None or age > FRESH:
            return
        match event.fact:
            case field_facts.GrantDelayed(line=line, queued=queued, why=why):
                self.tell_groups(floor.GrantTold(f"{gateway}/{line}", queued, why))
            case field_facts.EmergencyCalled(line=line, talker=talker):
                self.tell_groups(floor.EmergencyTold(f"{gateway}/{line}", self.field.talker_name(talker)))

    def tell_groups(self, event: object) -> None:
        """Every group; each knows its own lines."""
        for group in self.groups.values():
            group.inbox.post(event)
