"""The exchange alone: effects of each event. Whole calls are in tests/flows/test_calls.py."""

from dataclasses import replace

from central.calls import messages as say
from central.calls.call import Call, Party
from central.calls.codes import CANCELLED, UNAVAILABLE
from central.calls.following import ended, follow
from central.calls.machine import Exchange
from central.calls.plan import Extension, Permit, Plan, RouteOut, TrunkIn

PLAN = Plan(
    extensions={"2001": Extension("2001", permit=Permit("local")), "2002": Extension("2002", srtp=True)},
    routes=(RouteOut("9", "carrier", strip=1, reach="local"),),
    ring_for=10.0,
)


class Rig:
    """An exchange, its clock, and what it wanted at the last event."""

    def __init__(self, plan: Plan = PLAN) -> None:
        self.exchange, self.now = Exchange(plan, "x"), 100.0
        self.wanted: tuple[object, ...] = ()

    def take(self, *events: object) -> tuple[object, ...]:
        self.wanted = ()
        for event in events:
            self.exchange, effects = self.exchange.handle(event, self.now)
            self.wanted += effects
        return self.wanted

    def of(self, kind: type) -> list:
        return [effect for effect in self.wanted if isinstance(effect, kind)]

    def call(self) -> Call:
        (call,) = self.exchange.calls.values()
        return call

    def talking(self, number: str = "2002") -> tuple[str, str]:
        """Legs of a call that stands."""
        self.take(say.Arrived("in", "2001", number))
        (placed,) = self.of(say.Place)
        self.take(say.Answered(placed.leg), say.Answered("in"))
        return "in", placed.leg


def test_an_extension_is_dialled_as_its_settings_say() -> None:
    rig = Rig()
    rig.take(say.Arrived("in", "2001", "2002"))
    (placed,) = rig.of(say.Place)
    assert (placed.number, placed.caller, placed.trunk, placed.srtp) == ("2002", "2001", "", True)
    assert rig.exchange.deadline == 110.0


def test_a_trunk_takes_the_digits_that_are_left() -> None:
    rig = Rig()
    rig.take(say.Arrived("in", "2001", "9555"))
    (placed,) = rig.of(say.Place)
    assert (placed.number, placed.trunk, placed.srtp) == ("555", "carrier", False)


def test_early_sound_is_let_through_to_the_caller_only() -> None:
    rig = Rig()
    rig.take(say.Arrived("in", "2001", "9555"))
    leg = rig.of(say.Place)[0].leg
    rig.take(say.Rang(leg, early=True))
    assert rig.of(say.Ring) == [say.Ring("in", early=True)]
    assert rig.of(say.Join) == [say.Join(rig.call().id, (leg,), ("in",))]


def test_the_caller_is_taken_when_the_called_has_answered() -> None:
    rig = Rig()
    rig.take(say.Arrived("in", "2001", "2002"))
    leg = rig.of(say.Place)[0].leg
    rig.take(say.Answered(leg))
    assert rig.of(say.Take) == [say.Take("in")]
    assert not rig.of(say.Join)
    rig.take(say.Answered("in"))
    (join,) = rig.of(say.Join)
    assert set(join.talkers) == set(join.listeners) == {"in", leg}


def test_who_is_left_on_hold_hears_music_until_it_ends() -> None:
    rig = Rig()
    here, there = rig.talking()
    rig.take(say.Held(there, True))
    assert rig.of(say.Play) == [say.Play(here, "hold")]
    rig.take(say.Held(there, False))
    assert rig.of(say.Play) == [say.Play(here, "silence")]


def test_who_waits_for_a_third_hears_that_it_rings() -> None:
    rig = Rig()
    here, _ = rig.talking()
    rig.take(say.Transfer(rig.call().id, "2002", "2003", "wang"))
    assert say.Play(here, "ringback") in rig.wanted
    leg = rig.of(say.Place)[0].leg
    rig.take(say.Answered(leg))
    assert say.Play(here, "silence") in rig.wanted


def test_two_numbers_are_connected_one_after_the_other() -> None:
    rig = Rig()
    rig.take(say.Connect("c-1", "2001", "9555", "wang"))
    (first,) = rig.of(say.Place)
    assert (first.number, first.caller) == ("2001", "9555")
    rig.take(say.Answered(first.leg))
    (second,) = rig.of(say.Place)
    assert (second.number, second.trunk, second.caller) == ("555", "carrier", "2001")
    rig.take(say.Answered(second.leg))
    assert set(rig.of(say.Join)[0].talkers) == {first.leg, second.leg}


def test_connecting_gives_nobody_more_than_his_class() -> None:
    rig = Rig()
    rig.take(say.Connect("c-1", "2003", "9555", "wang"))
    rig.take(say.Answered(rig.of(say.Place)[0].leg))
    assert rig.of(say.Place) == []
    assert "reaches internal" in rig.of(say.Told)[-1].payload["why"]
    assert rig.exchange.calls == {}


def test_a_call_that_nobody_answers_ends_at_its_time() -> None:
    rig = Rig()
    rig.take(say.Arrived("in", "2001", "2002"))
    leg = rig.of(say.Place)[0].leg
    rig.now = 110.0
    rig.take(object())
    assert {effect.leg: effect.code for effect in rig.of(say.End)} == {leg: CANCELLED, "in": UNAVAILABLE}
    assert rig.exchange.calls == {}


def test_a_crash_ends_every_call() -> None:
    rig = Rig()
    legs = rig.talking()
    after, effects = rig.exchange.started_over()
    assert after.calls == {}
    assert {effect.leg for effect in effects if isinstance(effect, say.End)} == set(legs)


def test_facts_of_legs_that_are_gone_change_nothing() -> None:
    rig = Rig()
    rig.talking()
    before = rig.exchange
    assert rig.take(say.Gone("other", 200), say.Answered("other"), say.Key("other", "5")) == ()
    assert rig.exchange == before


def test_a_new_node_is_told_to_end_what_nobody_knows() -> None:
    rig = Rig()
    assert rig.take(say.NodeUp(("gw-a/r1", "call:old-1"))) == (say.End("call:old-1"),)


def test_what_follows_is_told_when_it_changed_and_only_then() -> None:
    call = Call("c-1", "2001", "700", "2001", 0.0, (Party("in", "2001", came=True, up=True),), group="valley")
    there = say.GroupHeard("valley", "in", "2001", there=True)
    assert follow(None, call) == [there, say.Changed("c-1")]
    talking = replace(call, talking=True)
    assert follow(call, talking) == [replace(there, talking=True), say.Changed("c-1")]
    assert follow(talking, None) == [replace(there, there=False), say.Changed("c-1")]
    assert ended(call, "x", 486)[0] == say.End("in", 486)


def test_outside_never_dials_out_even_if_its_trunk_says_so() -> None:
    trunks = {"carrier": TrunkIn("carrier", "9555"), "open": TrunkIn("open", "2002", direct=True)}
    rig = Rig(replace(PLAN, trunks=trunks))
    for trunk, number in (("carrier", "1"), ("open", "9555"), ("open", "*82002")):
        rig.take(say.Arrived("in", "+86138", number, "trunk", trunk))
        numbers = [placed.number for placed in rig.of(say.Place)]
        assert numbers == ([] if trunk == "carrier" else ["2002"]), trunk
        rig.take(say.Gone("in", 487))
    rig.take(say.Arrived("in", "+86138", "1", "trunk", "carrier"))
    assert rig.of(say.End) == [say.End("in", 403)]
    assert "may not go out again" in rig.of(say.Told)[0].payload["why"]
