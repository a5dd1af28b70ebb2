"""Dry contacts: bounce, rest state, end-of-line states, tampering and chatter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.contacts import machine as m
from link.hosting.machine import Tick


class Hand:
    def __init__(self, **settings: object) -> None:
        self.contact = m.Contact(m.ContactSettings("gate", **settings))  # type: ignore[arg-type]
        self.now = 0.0
        self.facts: list[tuple[float, object]] = []

    def do(self, *events: object) -> "Hand":
        for event in events:
            self.contact, effects = self.contact.handle(event, self.now)
            self.facts += [(round(self.now, 3), effect.fact) for effect in effects]  # type: ignore[attr-defined]
        return self

    def to(self, until: float) -> "Hand":
        while (due := self.contact.deadline) is not None and due <= until:
            self.now = max(self.now, due)
            self.do(Tick())
        self.now = until
        return self

    def told(self) -> list[object]:
        return [fact for _, fact in self.facts]


def changed(active: bool, first: bool = False) -> m.ContactChanged:
    return m.ContactChanged("gate", active, first)


def test_bounce_gives_one_change_when_it_has_settled():
    hand = Hand().do(m.OneBit(False)).to(1)
    for step in range(7):
        hand.do(m.OneBit(step % 2 == 0)).to(1 + (step + 1) * 0.004)
    hand.to(2)
    assert hand.facts == [(0.03, changed(False, first=True)), (1.054, changed(True))]


def test_a_glitch_shorter_than_the_debounce_is_nothing():
    hand = Hand().do(m.OneBit(False)).to(1).do(m.OneBit(True)).to(1.02).do(m.OneBit(False)).to(2)
    assert hand.told() == [changed(False, first=True)]


@pytest.mark.parametrize(("normal", "active"), [("open", True), ("closed", False)])
def test_normally_open_and_normally_closed(normal, active):
    hand = Hand(normal=normal).do(m.OneBit(True)).to(1)
    assert hand.told() == [changed(active, first=True)]


def test_two_bits_tell_a_cut_wire():
    hand = Hand().do(m.TwoBits(True, False)).to(1).do(m.TwoBits(False, False)).to(2)
    hand.do(m.TwoBits(False, True)).to(3)
    assert hand.told() == [
        changed(False, first=True),
        m.ContactTampered("gate", "cut"),
        m.ContactMended("gate"),
        changed(True),
    ]


def test_the_resistor_tells_four_states():
    hand = Hand(normal="closed").do(m.Share(0.33)).to(1).do(m.Share(0.56)).to(2)
    hand.do(m.Share(0.01)).to(3).do(m.Share(1.0)).to(4).do(m.Share(0.33)).to(5)
    assert hand.told() == [
        changed(False, first=True),
        changed(True),
        m.ContactTampered("gate", "short"),
        m.ContactTampered("gate", "cut"),
        m.ContactMended("gate"),
        changed(False),
    ]


def test_cutting_the_wire_does_not_pass_for_an_alarm():
    """A slow edge to the cut crosses the band of the open contact for less than the debounce time."""
    hand = Hand(normal="closed").do(m.Share(0.33)).to(1)
    hand.do(m.Share(0.5)).to(1.01).do(m.Share(0.84)).to(1.05).do(m.Share(0.95)).to(3)
    assert hand.told() == [changed(False, first=True), m.ContactTampered("gate", "cut")]


def test_between_the_bands_the_last_state_stands_but_not_for_ever():
    hand = Hand().do(m.Share(0.33)).to(1).do(m.Share(0.44)).to(2.5)
    assert hand.told() == [changed(True, first=True)]
    for value in (0.44, float("nan"), float("inf"), -3.0):
        hand.do(m.Share(value)).to(hand.now + 0.3)
    assert hand.facts[1:] == [(3.0, m.ContactTampered("gate", "undecided"))]
    hand.do(m.Share(0.33)).to(9)
    assert hand.told()[2:] == [m.ContactMended("gate")]


def test_chatter_is_told_once_and_what_stands_afterwards_counts():
    hand = Hand().do(m.OneBit(False)).to(1)
    for step in range(101):
        hand.do(m.OneBit(step % 2 == 0)).to(1 + (step + 1) * 0.1)
    locked = [at for at, fact in hand.facts if isinstance(fact, m.ContactChatters)]
    assert len(locked) == 1
    before = [fact for at, fact in hand.facts if isinstance(fact, m.ContactChanged) and at > locked[0]]
    assert before == []
    hand.to(100)
    calm = [(at, fact) for at, fact in hand.facts if at > 30]
    assert calm == [(41.0, m.ContactCalm("gate")), (41.0, changed(True))]


EVENTS = st.one_of(
    st.builds(m.OneBit, st.booleans()),
    st.builds(m.TwoBits, st.booleans(), st.booleans()),
    st.builds(m.Share, st.floats(allow_nan=True)),
    st.just(Tick()),
)


@given(st.lists(st.tuples(EVENTS, st.floats(0, 4)), max_size=150))
def test_facts_alternate_and_nothing_grows(history):
    hand = Hand()
    for event, gap in history:
        hand.do(event).to(hand.now + gap)
        assert len(hand.contact.changes) <= m.HISTORY
    changes = [fact.active for fact in hand.told() if isinstance(fact, m.ContactChanged)]
    assert all(a != b for a, b in zip(changes, changes[1:], strict=False))
    locks = [type(fact) for fact in hand.told() if isinstance(fact, m.ContactChatters | m.ContactCalm)]
    assert all(a != b for a, b in zip(locks, locks[1:], strict=False))
