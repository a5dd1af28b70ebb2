"""What people at the far ends can do with each kind of device, and what they are told when they cannot."""

import pytest

from hw.bench.analog import LiveRadio
from hw.bench.device import named
from hw.bench.messages import Person
from hw.bench.people import Refusal, act_as_person
from hw.bench.tetra_people import obey
from hw.bench.trouble import TroubleError

from .families import Hand


def act(hand: Hand, device: str, act: str, who: str = "", what: str = "") -> bytes:
    ask = Person(op="person", device=device, act=act, who=who, what=what)  # type: ignore[arg-type]
    act_as_person(hand.device(device), ask, hand.now)
    return hand.read(device) if hand.device(device).port else b""


def test_what_people_do_on_tetra_reaches_the_terminal() -> None:
    hand = Hand()
    assert b"+CTSDSR: 12,4711,0" in act(hand, "gw1/t1", "text", "4711", "水位: 12")
    assert b"8002" in act(hand, "gw1/t1", "status", "4711", "8002")
    assert b"+CTSDSR" in act(hand, "gw1/t1", "position", "4711", "30.5:114.3")
    assert b",15\r\n" in act(hand, "gw1/t1", "emergency", "4711")
    assert b"+CTICN" in act(hand, "gw1/t1", "call", "4711")
    assert b"+CTCR" in act(hand, "gw1/t1", "hang_up")
    with pytest.raises(TroubleError, match="write it as"):
        act(hand, "gw1/t1", "position", "4711", "here")


def test_a_text_to_a_phone_keeps_its_colons() -> None:
    hand = Hand()
    act(hand, "gw1/sat", "text", "13800138000", "10:30 a:b")
    assert b"+CMGL" in hand.say("gw1/sat", b"ATE0\rAT+CMGL=4\r")


def test_what_is_not_possible_is_said() -> None:
    hand = Hand()
    with pytest.raises(Refusal, match="'gw2/r1' is a radio: there people can do nothing of that kind"):
        act(hand, "gw2/r1", "call", "1")
    with pytest.raises(Refusal, match="there people can do call, hang-up, text, status"):
        act(hand, "gw1/t1", "answer")
    with pytest.raises(Refusal, match="no call is up"):
        act(hand, "gw1/sat", "hang_up")
    with pytest.raises(ValueError):
        obey(hand.device("gw1/t1").terminal, "grant", "9", 0.0)  # type: ignore[attr-defined]


def test_trouble_is_named_by_its_verbs() -> None:
    hand = Hand()
    radio = hand.device("gw2/r1")
    assert isinstance(radio, LiveRadio)
    radio.perform("late_ptt:30", 0)
    assert named(radio.machine.trouble) == ["late_ms:30"]
    hand.world.trouble("gw1/relays", "weld:2", 0)
    hand.world.trouble("gw1/relays", "weld:3", 0)
    assert hand.device("gw1/relays").troubles == ["welded:2,3"]
