"""The bypass against a relay with a spring, on a hand-turned clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.bypass import events as m
from hw.bypass import machine as bypass
from link.hosting.machine import Tick


class Hand:
    """Machine and relay: the relay follows the lease, with a travel time; it may be stuck either way."""

    def __init__(self, **settings: object) -> None:
        self.relay = bypass.BypassRelay(bypass.BypassSettings("t1", **settings))  # type: ignore[arg-type]
        self.now = 0.0
        self.lease = 0.0
        self.fallen = True
        self.stuck: bool | None = None
        self.travel = 0.02
        self.moves: list[tuple[float, bool]] = []
        self.facts: list[tuple[float, object]] = []
        self.do(m.ReadBack(True))

    def do(self, event: object) -> "Hand":
        self.relay, effects = self.relay.handle(event, self.now)
        for effect in effects:
            if isinstance(effect, m.Hold):
                self.lease = effect.until
            elif isinstance(effect, m.LetFall):
                self.lease = self.now
            else:
                self.facts.append((round(self.now, 3), effect.fact))  # type: ignore[attr-defined]
        self._plan()
        return self

    def _plan(self) -> None:
        target = self.now >= self.lease
        if self.stuck is None and target != self.fallen and not self.moves:
            self.moves.append((self.now + self.travel, target))

    def to(self, until: float) -> "Hand":
        while True:
            dues = [self.relay.deadline] + [at for at, _ in self.moves]
            if not self.fallen and self.lease > self.now:
                dues.append(self.lease)
            due = min((each for each in dues if each is not None), default=until + 1)
            if due > until:
                break
            self.now = max(self.now, due)
            if self.moves and self.moves[0][0] <= self.now:
                _, self.fallen = self.moves.pop(0)
                self.do(m.ReadBack(self.fallen))
            else:
                self.do(Tick())
        self.now = until
        return self

    def told(self, kind: type) -> list[object]:
        return [fact for _, fact in self.facts if isinstance(fact, kind)]


def in_service(**settings: object) -> Hand:
    hand = Hand(**settings).do(m.Mains(True)).do(m.Service(True))
    return hand.to(2)


def test_held_in_service_and_fallen_when_service_ends():
    hand = in_service()
    assert not hand.fallen
    hand.do(m.Service(False)).to(3)
    assert hand.fallen
    changes = [(fact.on, fact.why) for fact in hand.told(m.BypassChanged)]  # type: ignore[attr-defined]
    assert changes == [(True, "start"), (False, "service"), (True, "service")]
    assert hand.told(m.BypassFault) == []


def test_a_dead_gateway_bypasses():
    hand = in_service()
    assert hand.lease <= hand.now + bypass.LEASE  # nobody renews: the guard lets go by then


def test_low_voltage_waits_and_returns_with_hysteresis():
    hand = in_service()
    hand.do(m.Volts(10.5)).to(3).do(m.Volts(12.0)).to(8)
    assert not hand.fallen  # a dip
    hand.do(m.Mains(False)).do(m.Volts(10.5)).to(10.5)
    assert hand.fallen
    for _ in range(10):
        hand.do(m.Volts(11.5)).to(hand.now + 5)  # between low and high: stays
    assert hand.fallen
    hand.do(m.Mains(True))
    back = hand.now
    for _ in range(8):
        hand.do(m.Volts(12.5)).to(hand.now + 5)
    held = [at for at, fact in hand.facts if fact == m.BypassChanged("t1", False, "service")]
    assert held[-1] == pytest.approx(back + 30, abs=0.1)
    supplies = [fact.supply for fact in hand.told(m.SupplyChanged)]  # type: ignore[attr-defined]
    assert supplies == ["mains", "battery", "low", "mains"]


def test_a_voltage_that_is_not_known_any_more_is_not_low():
    hand = in_service()
    hand.do(m.Volts(10.5)).to(10)
    assert hand.fallen
    hand.to(40)
    assert hand.relay.volts is None
    hand.to(80)
    assert not hand.fallen


def test_a_call_over_the_bypass_is_not_cut():
    hand = in_service().do(m.Bypass(True)).to(3)
    hand.do(m.DirectCall(True)).do(m.Bypass(False)).to(200)
    assert hand.fallen
    hand.do(m.DirectCall(False)).to(201)
    assert not hand.fallen


def test_a_drill_that_goes_well():
    hand = in_service().do(m.Drill("d1", 5)).to(4)
    assert hand.fallen
    hand.to(10)
    assert not hand.fallen
    done = hand.told(m.DrillDone)[0]
    assert done == m.DrillDone("t1", "d1", True, pytest.approx(0.02), pytest.approx(0.02), "")  # type: ignore[arg-type]


def test_drills_that_show_what_is_broken():
    hand = in_service()
    hand.stuck = False  # welded
    hand.do(m.Drill("d1", 5)).to(10)
    assert [fact.why for fact in hand.told(m.DrillDone)] == ["the relay did not fall"]  # type: ignore[attr-defined]
    faults = [fact.what for fact in hand.told(m.BypassFault)]  # type: ignore[attr-defined]
    assert faults == ["stays-held", ""]
    hand = in_service(fall=1.0)
    hand.do(m.Drill("d2", 5)).to(4)
    hand.stuck = True
    hand.to(20)
    assert [fact.why for fact in hand.told(m.DrillDone)] == ["the relay did not come back"]  # type: ignore[attr-defined]
    assert hand.relay.fault == "stays-fallen"


def test_drills_that_are_refused_or_broken_off():
    hand = in_service().do(m.TrunkBusy(True)).do(m.Drill("busy")).do(m.TrunkBusy(False))
    hand.do(m.Drill("long", 9999)).do(m.Drill("a", 20)).do(m.Drill("b")).to(5)
    hand.do(m.Service(False)).to(6)
    hand.do(m.Drill("down"))
    whys = [(fact.drill, fact.why.split(":")[0]) for fact in hand.told(m.DrillDone)]  # type: ignore[attr-defined]
    assert whys == [
        ("busy", "a call is on the trunk"),
        ("long", "a drill lasts more than 0.5 and at most 120 s"),
        ("b", "a drill is under way"),
        ("a", "broken off"),
        ("down", "the relay is not held"),
    ]


def test_a_drill_ended_early_and_one_during_which_somebody_calls():
    hand = in_service().do(m.Drill("d", 60)).to(5).do(m.EndDrill()).to(7)
    assert not hand.fallen
    assert hand.told(m.DrillDone)[0].ok  # type: ignore[attr-defined]
    hand.do(m.Drill("e", 5)).to(8).do(m.DirectCall(True)).to(60)
    assert hand.fallen
    hand.do(m.DirectCall(False)).to(61)
    assert not hand.fallen
    assert hand.told(m.DrillDone)[1].ok  # type: ignore[attr-defined]


def test_without_read_back_a_drill_does_not_claim_success():
    hand = Hand(read_back=False).do(m.Service(True)).to(2).do(m.Drill("d", 5)).to(20)
    assert [fact.ok for fact in hand.told(m.DrillDone)] == [False]  # type: ignore[attr-defined]
    assert hand.told(m.BypassFault) == []


EVENTS = st.one_of(
    *(st.builds(kind, st.booleans()) for kind in (m.Mains, m.Service, m.TrunkBusy, m.DirectCall, m.Bypass)),
    st.builds(m.Volts, st.floats(allow_nan=True)),
    st.builds(m.Volts, st.floats(9, 14)),
    st.builds(m.Drill, st.just("d"), st.floats(0, 200)),
    st.just(m.EndDrill()),
    st.just(m.ReadBack(True)),
    st.just(m.ReadBack(False)),
)


@given(st.lists(st.tuples(EVENTS, st.floats(0, 40)), max_size=30))
def test_whatever_happens_it_is_held_only_when_it_may_be(history):
    hand = Hand()
    for event, gap in history:
        hand.do(event)
        assert not hand.relay.held or hand.relay.why_fallen is None
        assert hand.lease <= hand.now + bypass.LEASE
        hand.to(hand.now + gap)
        assert hand.relay.deadline is None or hand.relay.deadline > hand.now


def test_a_guard_that_powers_nothing_is_a_bypass_where_nothing_reads_the_relay():
    hand = Hand(read_back=False).do(m.Service(True)).do(m.Driven(True)).to(1)
    told = [fact.on for fact in hand.told(m.BypassChanged)]  # type: ignore[attr-defined]
    hand.do(m.Driven(False)).to(2).do(m.Driven(True)).to(3)
    assert [fact.on for fact in hand.told(m.BypassChanged)] == [*told, True, False]  # type: ignore[attr-defined]
    assert told[-1] is False
