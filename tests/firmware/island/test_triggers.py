"""Triggers: bounded in every history, silent unless alone, stopped by the stop contact; each rule told in words."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
)
from firmware.island.triggers import REMEMBERED, Triggers
from link.contract.documents import Condition, DesiredTrigger
from link.contract.field_facts import ContactChanged, EmergencyCalled
from link.contract.link_facts import TriggerFired, TriggerHeld
from tests.firmware.authority.plain import WARRANT

SHA = "e" * 64
DAM = DesiredTrigger(
    trigger="dam",
    channel="live",
    conditions=(
        Condition(kind="above", source="level", value=30.0, fresh=60),
        Condition(kind="contact", source="gate", fresh=60),
    ),
    lines=("pa1", "pa2", "x9"),
    sha=SHA,
    size=1000,
    seconds=4.0,
    priority=8,
    stop="stop",
    most=2,
    per=600,
)
CALL = DAM.model_copy(
    update={
        "trigger": "call",
        "channel": "drill",
        "conditions": (Condition(kind="emergency", source="r1", fresh=30),),
        "stop": "",
    }
)
LOW = CALL.model_copy(
    update={"trigger": "low", "conditions": (Condition(kind="below", source="level", value=5.0, fresh=60),)}
)


@dataclass
class Rig:
    """Triggers with a disk and a shelf of clips that answer at once, unless they are `slow`."""

    triggers: Triggers = field(
        default_factory=lambda: Triggers((DAM,), frozenset({"pa1", "pa2"}), active=True, warrant=WARRANT)
    )
    now: float = 1000.0
    held: bool = True
    slow: bool = False
    disk: dict[str, Fires] = field(default_factory=dict)
    asked: list[object] = field(default_factory=list)
    done: list[tuple[float, object]] = field(default_factory=list)

    def post(self, event: object) -> None:
        self.take(*self.triggers.handle(event, self.now))

    def take(self, triggers: Triggers, effects: tuple[object, ...]) -> None:
        self.triggers = triggers
        for effect in effects:
            self.done.append((self.now, effect))
            if isinstance(effect, FindClip | KeepFires):
                self.asked.append(effect)
        while self.asked and not self.slow:
            self.answer()

    def answer(self) -> None:
        match self.asked.pop(0):
            case FindClip(sha=sha):
                self.post(ClipFound(sha, self.held))
            case KeepFires(number=number, fires=fires):
                self.disk = fires
                self.post(FiresKept(number))

    def gate(self, active: bool, state: str = "") -> None:
        self.post(
            ContactChanged(contact="gate", active=active, state=state or ("closed" if active else "open"))
        )

    def stop(self, active: bool) -> None:
        self.post(ContactChanged(contact="stop", active=active, state="closed" if active else "open"))

    def level(self, value: float) -> None:
        self.post(SensorSeen("level", value))

    def switch(self, active: bool) -> None:
        self.take(*self.triggers.switched(active, self.now))

    def true(self) -> None:
        self.gate(True)
        self.level(31.0)

    def fired(self) -> list[float]:
        return [at for at, each in self.done if getattr(each, "fact", None).__class__ is TriggerFired]

    def held_why(self) -> list[str]:
        facts = [getattr(each, "fact", None) for _, each in self.done]
        return [fact.why for fact in facts if isinstance(fact, TriggerHeld)]

    def plays(self) -> list[str]:
        return [each.order.play for _, each in self.done if isinstance(each, PlayHere)]


EVENTS = st.one_of(
    st.tuples(st.sampled_from(("gate", "stop", "switch")), st.booleans()),
    st.tuples(st.just("level"), st.sampled_from((1.0, 29.9, 30.0, 35.0))),
    st.tuples(st.just("call"), st.just(True)),
)
HISTORY = st.lists(st.tuples(EVENTS, st.sampled_from((0.0, 1.0, 20.0, 61.0, 200.0))), max_size=40)


@settings(deadline=None)
@given(HISTORY)
def test_in_every_history_it_is_bounded_and_silent_unless_alone_and_never_while_stopped(history):
    rig = Rig(Triggers((DAM, CALL, LOW), frozenset({"pa1"}), active=False, warrant=WARRANT))
    active = stopped = False
    for (kind, what), seconds in history:
        before = len(rig.done)
        match kind:
            case "gate":
                rig.gate(what)
            case "stop":
                stopped = what
                rig.stop(what)
            case "switch":
                active = what
                rig.switch(what)
            case "level":
                rig.level(what)
            case "call":
                rig.post(EmergencyCalled(line="r1", talker="7"))
        fresh = [getattr(each, "fact", None) for _, each in rig.done[before:]]
        started = [fact.trigger for fact in fresh if isinstance(fact, TriggerFired)]
        assert active or not started
        assert not stopped or "dam" not in started
        told = [(at, getattr(each, "fact", None)) for at, each in rig.done]
        for name in ("dam", "call", "low"):
            fires = [at for at, fact in told if isinstance(fact, TriggerFired) and fact.trigger == name]
            assert all(late - early >= 600 for early, late in zip(fires, fires[2:], strict=False))
        rig.now += seconds
        rig.post(None)


def test_it_plays_on_every_loudspeaker_here_and_tells_why():
    rig = Rig()
    rig.true()
    assert rig.plays() == ["island-dam-1.pa1", "island-dam-1.pa2"]
    orders = [each.order for _, each in rig.done if isinstance(each, PlayHere)]
    assert {(o.sha, o.size, o.seconds, o.priority) for o in orders} == {(SHA, 1000, 4.0, 8)}
    fact = rig.triggers.last_fired
    assert (fact.play, fact.lines, fact.channel) == ("island-dam-1", ("pa1", "pa2"), "live")
    assert fact.because == "level 31, above 30; gate active"


def test_what_is_counted_lies_on_the_disk_before_it_sounds():
    rig = Rig(slow=True)
    rig.true()
    rig.answer()
    assert isinstance(rig.asked[0], KeepFires)
    assert rig.asked[0].fires["dam"] == Fires(1, (1000.0,), spent=True)
    assert rig.plays() == []
    rig.answer()
    assert len(rig.plays()) == 2


@pytest.mark.parametrize("what", ["stopped", "false", "old", "the centre"])
def test_what_is_not_so_any_more_when_the_disk_has_it_does_not_sound(what):
    rig = Rig(slow=True)
    rig.true()
    rig.answer()
    match what:
        case "stopped":
            rig.stop(True)
        case "false":
            rig.level(3.0)
        case "old":
            rig.now += 61
        case "the centre":
            rig.switch(False)
    rig.answer()
    assert rig.plays() == []


def test_once_for_each_time_it_becomes_true():
    rig = Rig()
    rig.true()
    for _ in range(5):
        rig.level(32.0)
    assert len(rig.fired()) == 1
    rig.gate(False)
    rig.gate(True)
    assert len(rig.fired()) == 2
    rig.gate(False)
    rig.gate(True)
    assert rig.held_why() == ["repeat limit"]
    rig.now += 601
    rig.true()
    assert len(rig.fired()) == 2, "what was held is not made up for"
    rig.gate(False)
    rig.gate(True)
    assert len(rig.fired()) == 3


def test_a_value_that_grew_old_and_comes_again_is_no_new_cause():
    rig = Rig()
    rig.true()
    rig.now += 61
    rig.post(None)
    assert rig.triggers.truth(DAM, rig.now) is None
    rig.level(31.0)
    assert len(rig.fired()) == 1


def test_a_contact_is_as_old_as_its_wire_was_last_watched():
    rig = Rig()
    rig.gate(True)
    rig.now += 3600
    rig.level(31.0)
    assert len(rig.fired()) == 1, "it would have told a change"
    other = Rig()
    other.gate(True)
    other.post(ContactWatched("gate", on=False))
    other.now += 61
    other.level(31.0)
    assert other.fired() == []
    other.post(ContactWatched("gate", on=True))
    assert len(other.fired()) == 1


@pytest.mark.parametrize("state", ["cut", "short", "chatters"])
def test_a_contact_whose_wires_are_ill_grows_old(state):
    rig = Rig()
    rig.gate(True, state)
    rig.now += 61
    rig.level(31.0)
    assert rig.fired() == []


def test_an_emergency_call_counts_for_as_long_as_it_is_fresh():
    rig = Rig(Triggers((CALL,), frozenset({"pa1"}), active=False, warrant=WARRANT))
    rig.post(EmergencyCalled(line="r1", talker="7"))
    rig.now += 31
    rig.switch(True)
    assert rig.fired() == []
    rig.post(EmergencyCalled(line="r2", talker="7"))
    assert rig.fired() == [], "another line"
    rig.post(EmergencyCalled(line="r1", talker="7"))
    rig.post(EmergencyCalled(line="r1", talker="7"))
    assert len(rig.fired()) == 1


def test_below_is_for_low_water():
    rig = Rig(Triggers((LOW,), frozenset({"pa1"}), active=True, warrant=WARRANT))
    rig.level(5.1)
    assert rig.fired() == []
    rig.level(5.0)
    assert len(rig.fired()) == 1


def test_the_stop_contact_stops_what_it_plays_also_when_the_centre_leads():
    rig = Rig()
    rig.true()
    rig.switch(False)
    rig.stop(True)
    stops = [each.play for _, each in rig.done if isinstance(each, StopHere)]
    assert stops == ["island-dam-1.pa1", "island-dam-1.pa2"]
    assert rig.held_why() == ["stopped"]


def test_a_missing_clip_is_told_once_and_looked_for_again_when_alone_anew():
    rig = Rig(held=False)
    rig.true()
    rig.level(32.0)
    assert rig.held_why() == ["clip missing"]
    assert rig.triggers.fires == {}
    rig.held = True
    rig.level(33.0)
    assert rig.fired() == []
    rig.switch(False)
    rig.switch(True)
    assert len(rig.fired()) == 1


def test_no_loudspeaker_here_is_told():
    rig = Rig(Triggers((DAM,), frozenset({"x1"}), active=True, warrant=WARRANT))
    rig.true()
    assert rig.held_why() == ["none of its lines is a loudspeaker here"]


def test_what_the_disk_kept_counts_and_a_damaged_one_answers_what_is_true_now():
    rig = Rig()
    rig.post(FiresKnown({"dam": Fires(7, (999.0, 999.5), spent=False)}))
    rig.true()
    assert rig.held_why() == ["repeat limit"]
    damaged = Rig()
    damaged.post(FiresKnown({}, damaged=True))
    damaged.true()
    assert damaged.fired() == []
    damaged.gate(False)
    damaged.gate(True)
    assert len(damaged.fired()) == 1


def test_counts_of_triggers_that_come_and_go_are_bounded():
    rig = Rig()
    rig.post(FiresKnown({f"t{n}": Fires(n) for n in range(500)} | {"dam": Fires(3)}))
    rig.take(*rig.triggers.configured((DAM,), rig.now))
    assert len(rig.triggers.fires) == REMEMBERED
    assert rig.triggers.fires["dam"].number == 3


def test_every_trigger_says_how_it_stands():
    rig = Rig()
    assert [each.state for each in rig.triggers.states(rig.now)] == ["not known"]
    rig.true()
    state = rig.triggers.states(rig.now)[0]
    assert (state.trigger, state.state, state.fired) == ("dam", "true, answered", 1)
    rig.stop(True)
    assert rig.triggers.states(rig.now)[0].state == "stopped"
