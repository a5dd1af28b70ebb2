"""A contact at its inputs: one fact per news, two bits that belong together, chatter and cut wires said in words."""

import pytest

from firmware.effects import Record, TellHealth
from firmware.inputs.contacts import WiredContact, WireHeard
from hw.contacts.machine import Contact, ContactSettings
from link.contract.field_facts import ContactChanged
from link.hosting.machine import Tick


class Hand:
    def __init__(self, two: bool = False, **settings: object) -> None:
        settings.setdefault("name", "gate")
        self.wired = WiredContact(Contact(ContactSettings(**settings)), two=two)  # type: ignore[arg-type]
        self.now = 0.0
        self.told: list[ContactChanged] = []
        self.health: list[tuple[str, str]] = []

    def do(self, event: object) -> "Hand":
        self.wired, effects = self.wired.handle(event, self.now)
        for effect in effects:
            match effect:
                case Record(fact=fact):
                    self.told.append(fact)
                case TellHealth(subject=subject, what=what, advice=advice):
                    assert bool(what) == bool(advice)
                    self.health.append((subject, what))
        return self

    def to(self, until: float) -> "Hand":
        while (due := self.wired.deadline) is not None and due <= until:
            self.now = max(self.now, due)
            self.do(Tick())
        self.now = until
        return self

    def hear(self, on: bool, second: bool = False) -> "Hand":
        return self.do(WireHeard(on, second))


def changed(active: bool, state: str) -> ContactChanged:
    return ContactChanged(contact="gate", active=active, state=state)  # type: ignore[arg-type]


def test_the_first_state_is_told_and_every_change_after_it():
    hand = Hand().hear(False).to(1).hear(True).to(2).hear(True).to(3)
    assert hand.told == [changed(False, "open"), changed(True, "closed")]
    assert hand.health == []


def test_a_contact_that_is_closed_at_rest_is_active_when_open():
    hand = Hand(normal="closed").hear(True).to(1).hear(False).to(2)
    assert hand.told == [changed(False, "closed"), changed(True, "open")]


def test_chatter_is_told_once_and_believed_again_after_rest():
    hand = Hand(chatter_most=4, calm=20.0).hear(False).to(1)
    for step in range(40):
        hand.hear(step % 2 == 0).to(hand.now + 0.1)
    assert hand.told[-1] == changed(hand.told[-1].active, "chatters")
    assert [fact.state for fact in hand.told].count("chatters") == 1
    assert hand.health == [("contact gate", "chatters: locked out")]
    hand.hear(True).to(hand.now + 30)
    assert hand.told[-1] == changed(True, "closed")
    assert hand.health[-1] == ("contact gate", "")


@pytest.mark.parametrize(("bits", "state"), [((False, False), "cut"), ((True, True), "short")])
def test_wires_that_cannot_be_believed(bits, state):
    hand = Hand(two=True).hear(True).hear(False, second=True).to(1)
    assert hand.told == [changed(False, "open")]
    hand.hear(bits[0]).hear(bits[1], second=True).to(2)
    assert hand.told[1:] == [changed(False, state)]
    assert hand.health == [("contact gate", f"wires {state}")]
    hand.hear(True).hear(False, second=True).to(3)
    assert hand.told[2:] == [changed(False, "open")]
    assert hand.health[-1] == ("contact gate", "")


def test_two_bits_that_change_one_after_the_other_are_one_change():
    hand = Hand(two=True, chatter_most=10).hear(True).hear(False, second=True).to(1)
    for step in range(6):  # six changes of the contact, twelve of bits
        hand.hear(step % 2 == 1).to(hand.now + 0.01).hear(step % 2 == 0, second=True).to(hand.now + 1)
    assert [fact.state for fact in hand.told] == ["open", *(["closed", "open"] * 3)]


def test_half_of_two_bits_says_nothing():
    assert Hand(two=True).hear(True).to(5).told == []


def test_after_a_crash_what_the_wires_say_is_known():
    hand = Hand().hear(True).to(1)
    hand.wired, effects = hand.wired.started_over(hand.now)
    assert effects == ()
    hand.to(2)
    assert hand.told == [changed(True, "closed")] * 2


def test_after_a_crash_both_bits_are_known():
    hand = Hand(two=True).hear(False).hear(True, second=True).to(1)
    hand.wired, _ = hand.wired.started_over(hand.now)
    hand.to(2)
    assert hand.told == [changed(True, "closed")] * 2
