"""Triggers: when this gateway, working alone, starts a clip that it holds. Pure; a part of the island.

Theory: a trigger keeps what was last seen of each of its sources. Its conditions are true, false, or not known (never
seen, too old, wires cut). It acts once for each time they become true: what was answered is `spent` until it has been
seen false again, over a lost link and a power cut too. Before anything sounds the file must lie here and the count
must lie on the disk, so that a gateway that boots again and again does not sound again and again. An active stop
contact wins over everything, at any time. What already sounds when the centre leads again goes on to its end
(docs/decisions/0014).
"""

from dataclasses import dataclass, field, replace
from typing import TypeVar

from firmware.authority.checks import standing_refusal
from firmware.authority.messages import WarrantChanged
from firmware.authority.trust import When
from firmware.effects import Record
from firmware.island.messages import (
    ClipFound,
    ContactWatched,
    FindClip,
    Fires,
    FiresKept,
    FiresKnown,
    KeepFires,
    PlayHere,
    SensorSeen,
    StopHere,
    TriggerState,
)
from link.contract.documents import Condition, DesiredTrigger
from link.contract.field_facts import ContactChanged, EmergencyCalled
from link.contract.link_facts import TriggerFired, TriggerHeld
from link.contract.orders import PlayClip

BROKEN = ("cut", "short", "chatters")
"""States of a contact that say nothing of what it watches."""
REMEMBERED = 200
"""Triggers whose counts are kept, the present ones among them."""

V = TypeVar("V")
Effects = tuple[object, ...]
Step = tuple["Triggers", Effects]


@dataclass(frozen=True)
class Seen:
    """The last word of a source, at `at`; `watched`: it would tell a change, so this does not grow old."""

    value: float
    at: float
    watched: bool = False


@dataclass(frozen=True)
class Pending:
    """A trigger on its way: its file is looked for (`number` 0), or its count is brought to the disk."""

    because: str
    number: int = 0


@dataclass(frozen=True)
class Triggers:
    """See the module. Times are monotonic seconds; sources by (kind, name)."""

    settings: tuple[DesiredTrigger, ...] = ()
    speakers: frozenset[str] = frozenset()
    active: bool = False
    seen: dict[tuple[str, str], Seen] = field(default_factory=dict, compare=False)
    fires: dict[str, Fires] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    plays: dict[str, tuple[str, ...]] = field(default_factory=dict)
    kept: int = 0
    damaged: bool = False
    last_fired: TriggerFired | None = None
    warrant: WarrantChanged | None = field(default=None, compare=False)

    def handle(self, event: object, now: float) -> Step:
        """The triggers after `event` and what must be done."""
        triggers, effects = self._take(event, now)
        for trigger in triggers.settings:
            triggers, more = triggers._look(trigger, now)
            effects = (*effects, *more)
        return triggers, effects

    def switched(self, active: bool, now: float) -> Step:
        """The gateway works alone from now on, or does not; a file that was missing may have come meanwhile."""
        return replace(self, active=active, held={}, pending={}).handle(None, now)

    def configured(self, settings: tuple[DesiredTrigger, ...], now: float) -> Step:
        """New settings. What a trigger did counts on; what plays for one that is gone ends by itself."""
        same = {each.trigger for each in settings if each in self.settings}
        pending = {name: each for name, each in self.pending.items() if name in same}
        names = {each.trigger for each in settings}
        latest = sorted(self.fires, key=lambda name: name in names)[-REMEMBERED:]
        fires = {name: self.fires[name] for name in latest}
        return replace(self, settings=settings, held={}, pending=pending, fires=fires).handle(None, now)

    def deadlines(self, now: float) -> tuple[float, ...]:
        """Moments after `now` at which something that was seen grows too old."""
        moments = [
            seen.at + condition.fresh
            for trigger in self.settings
            for condition in trigger.conditions
            if (seen := self.seen.get(_key(condition))) is not None and not seen.watched
        ]
        return tuple(moment for moment in moments if moment > now)

    def states(self, now: float) -> tuple[TriggerState, ...]:
        """How each stands."""
        return tuple(
            TriggerState(t.trigger, self._word(t, now), self._fires(t).number) for t in self.settings
        )

    def _word(self, trigger: DesiredTrigger, now: float) -> str:
        if self._stopped(trigger):
            return "stopped"
        word = {True: "true", False: "not true", None: "not known"}[self.truth(trigger, now)]
        if self.held.get(trigger.trigger):
            return f"{word}, held: {self.held[trigger.trigger]}"
        return f"{word}, answered" if self._fires(trigger).spent else word

    # -- what is known --

    def _take(self, event: object, now: float) -> Step:
        match event:
            case SensorSeen(sensor=name, value=value):
                return self._saw(("sensor", name), Seen(value, now)), ()
            case ContactChanged(contact=name, active=active, state=state):
                return self._saw(("contact", name), Seen(float(active), now, state not in BROKEN)), ()
            case ContactWatched(contact=name, on=on):
                seen = self.seen.get(("contact", name))
                return (
                    (self._saw(("contact", name), replace(seen, at=now, watched=on)), ())
                    if seen
                    else (self, ())
                )
            case EmergencyCalled(line=line):
                return self._saw(("emergency", line), Seen(1.0, now)), ()
            case FiresKnown(fires=fires, damaged=damaged):
                return replace(self, fires={**fires, **self.fires}, damaged=damaged), ()
            case WarrantChanged():
                held = {name: why for name, why in self.held.items() if not why.startswith("authority")}
                return replace(self, warrant=event, held=held), ()
            case ClipFound(sha=sha, held=held):
                return self._found(sha, held, now)
            case FiresKept(number=number):
                return self._on_disk(number, now)
        return self, ()

    def _saw(self, key: tuple[str, str], seen: Seen) -> "Triggers":
        return replace(self, seen={**self.seen, key: seen})

    def _fires(self, trigger: DesiredTrigger) -> Fires:
        """What it did; of a damaged file nothing is known, so that what is true now counts as answered."""
        return self.fires.get(trigger.trigger, Fires(spent=self.damaged))

    def _put(self, trigger: DesiredTrigger, fires: Fires) -> "Triggers":
        return replace(self, fires={**self.fires, trigger.trigger: fires})

    def truth(self, trigger: DesiredTrigger, now: float) -> bool | None:
        """Whether all its conditions are true; None: none is known to be false, but not all are known."""
        each = [self._holds(condition, now) for condition in trigger.conditions]
        if False in each:
            return False
        return None if None in each else True

    def _holds(self, condition: Condition, now: float) -> bool | None:
        seen = self.seen.get(_key(condition))
        old = seen is None or (not seen.watched and now >= seen.at + condition.fresh)
        if condition.kind == "emergency":
            return not old
        if seen is None or old:
            return None
        if condition.kind == "below":
            return seen.value <= condition.value
        return seen.value >= (1.0 if condition.kind == "contact" else condition.value)

    def _stopped(self, trigger: DesiredTrigger) -> bool:
        seen = self.seen.get(("contact", trigger.stop))
        return bool(trigger.stop) and seen is not None and seen.value >= 1.0

    def _because(self, trigger: DesiredTrigger) -> str:
        words = []
        for each in trigger.conditions:
            seen = self.seen.get(_key(each))
            if each.kind in ("above", "below") and seen is not None:
                words.append(f"{each.source} {seen.value:g}, {each.kind} {each.value:g}")
            else:
                words.append(f"{each.source} {'active' if each.kind == 'contact' else each.kind}")
        return "; ".join(words)[:200]

    # -- what follows --

    def _look(self, trigger: DesiredTrigger, now: float) -> Step:
        name, truth = trigger.trigger, self.truth(trigger, now)
        if self._stopped(trigger):
            return self._stop(trigger, truth)
        if truth is not True:
            fires = self._fires(trigger)
            calm = replace(self, pending=_without(self.pending, name))
            if truth is False:
                calm = replace(calm, held=_without(calm.held, name))
                calm = calm._put(trigger, replace(fires, spent=False)) if fires.spent else calm
            return calm, ()
        if not self.active or self._fires(trigger).spent or name in self.pending or name in self.held:
            return self, ()
        if len(self._counting(trigger, now)) >= trigger.most:
            return self._hold(trigger, "repeat limit")
        if not self.speakers.intersection(trigger.lines):
            return self._hold(trigger, "none of its lines is a loudspeaker here")
        why = self._unauthorised(trigger, now)
        if why:
            return self._hold(trigger, why, spent=False)
        pending = {**self.pending, name: Pending(self._because(trigger))}
        return replace(self, pending=pending), (FindClip(trigger.sha, trigger.size),)

    def _unauthorised(self, trigger: DesiredTrigger, now: float) -> str:
        """Why it may not fire by what persons signed, or empty."""
        known = self.warrant
        if known is None:
            return "authority: the keys are not known yet"
        passed = now - known.at
        when = When(known.wall + passed, known.trusted, known.floor + passed if known.floor else 0.0)
        return standing_refusal(known.trust, trigger, when)

    def _counting(self, trigger: DesiredTrigger, now: float) -> tuple[float, ...]:
        return tuple(at for at in self._fires(trigger).at if now < at + trigger.per)

    def _hold(self, trigger: DesiredTrigger, why: str, spent: bool = True) -> Step:
        """Nothing sounds for what is true now, and that is told once."""
        name = trigger.trigger
        held = replace(self, held={**self.held, name: why}, pending=_without(self.pending, name))
        if spent:
            held = held._put(trigger, replace(held._fires(trigger), spent=True))
        return held, (Record(TriggerHeld(trigger=name, why=why)),)

    def _stop(self, trigger: DesiredTrigger, truth: bool | None) -> Step:
        """The stop contact is active: what the trigger plays ends, and what is true now is not answered later."""
        name = trigger.trigger
        plays = self.plays.get(name, ())
        effects: Effects = tuple(StopHere(play) for play in plays)
        calm = replace(self, plays=_without(self.plays, name), pending=_without(self.pending, name))
        wanted = self.active and truth is True and not self._fires(trigger).spent
        if not plays and not wanted:
            return calm, ()
        stopped, told = calm._hold(trigger, "stopped", spent=truth is True)
        return stopped, (*effects, *told)

    def _found(self, sha: str, held: bool, now: float) -> Step:
        """The file is here: the count goes to the disk. It is not: the trigger waits for a new island mode."""
        triggers, effects = self, ()  # type: Triggers, Effects
        for trigger in self.settings:
            waiting = self.pending.get(trigger.trigger)
            if waiting is None or waiting.number or trigger.sha != sha:
                continue
            if not held:
                triggers, more = triggers._hold(trigger, "clip missing", spent=False)
            else:
                triggers, more = triggers._count(trigger, waiting, now)
            effects = (*effects, *more)
        return triggers, effects

    def _count(self, trigger: DesiredTrigger, waiting: Pending, now: float) -> Step:
        fires = self._fires(trigger)
        at = (*self._counting(trigger, now), now)[-trigger.most :]
        counted = self._put(trigger, Fires(fires.number + 1, at, spent=True))
        number = self.kept + 1
        pending = {**self.pending, trigger.trigger: replace(waiting, number=number)}
        return replace(counted, kept=number, pending=pending), (KeepFires(number, counted.fires),)

    def _on_disk(self, number: int, now: float) -> Step:
        """The count is kept (or cannot be: a warning goes out even so, decision 0015): it sounds, if it still may."""
        triggers, effects = self, ()  # type: Triggers, Effects
        for trigger in self.settings:
            waiting = self.pending.get(trigger.trigger)
            if waiting is None or not 0 < waiting.number <= number:
                continue
            triggers = replace(triggers, pending=_without(triggers.pending, trigger.trigger))
            if self.active and not self._stopped(trigger) and self.truth(trigger, now) is True:
                triggers, more = triggers._fire(trigger, waiting.because)
                effects = (*effects, *more)
        return triggers, effects

    def _fire(self, trigger: DesiredTrigger, because: str) -> Step:
        play = f"island-{trigger.trigger}-{self._fires(trigger).number}"
        lines = tuple(line for line in trigger.lines if line in self.speakers)
        orders = tuple(
            PlayClip(
                play=f"{play}.{line}",
                line=line,
                sha=trigger.sha,
                size=trigger.size,
                seconds=trigger.seconds,
                priority=trigger.priority,
            )
            for line in lines
        )
        fact = {"trigger": trigger.trigger, "channel": trigger.channel, "play": play, "lines": lines}
        fired = TriggerFired.model_validate(fact | {"because": because})
        plays = {**self.plays, trigger.trigger: tuple(order.play for order in orders)}
        after = replace(self, plays=plays, last_fired=fired)
        return after, (Record(fired), *(PlayHere(order) for order in orders))


def _key(condition: Condition) -> tuple[str, str]:
    kind = "sensor" if condition.kind in ("above", "below") else condition.kind
    return kind, condition.source


def _without(table: dict[str, V], name: str) -> dict[str, V]:
    return {key: value for key, value in table.items() if key != name}
