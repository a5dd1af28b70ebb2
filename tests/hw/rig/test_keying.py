"""hw.rig.keying: what the transmitter does against what was ordered of it."""

import pytest

from hw.rig.keying import Keying
from hw.rig.messages import PttFault
from hw.terminal import MakeSafe, Told
from tests.hw.rig.loop import Loop


@pytest.fixture
def loop():
    return Loop().ready()


def faults(loop):
    return [fact.what for fact in loop.told(PttFault)]


def test_a_transmitter_that_does_not_come_on_is_told_after_its_time(loop):
    loop.verb("deaf_ptt")
    loop.key()
    loop.run(0.9)
    assert faults(loop) == []
    loop.run(0.5)
    assert faults(loop) == ["did-not-key"]
    assert "fault lamp" in loop.told(PttFault)[0].advice
    loop.key(False)
    loop.run(1.0)
    assert faults(loop) == ["did-not-key", ""]


def test_a_refused_ptt_is_seen_by_the_reading(loop):
    loop.verb("refuse_ptt")
    loop.key()
    loop.run(2.0)
    assert faults(loop) == ["did-not-key"]


def test_a_transmitter_that_lets_go_by_itself_is_told_at_once(loop):
    loop.key()
    loop.run(1.0)
    loop.verb("let_go")
    loop.run(5.0)
    assert faults(loop) == ["let-go"]


def test_a_stuck_transmitter_is_made_safe_again_and_again_until_it_is_off(loop):
    loop.key()
    loop.run(1.0)
    loop.verb("stick_ptt")
    loop.key(False)
    loop.run(0.9)
    assert loop.safe == []
    loop.run(2.0)
    assert faults(loop) == ["stays-on"]
    assert len(loop.safe) >= 3
    assert loop.rig.hindrance == "the transmitter does not let go"
    loop.verb("let_go")
    loop.run(1.0)
    assert faults(loop) == ["stays-on", ""]
    count = len(loop.safe)
    loop.run(5.0)
    assert len(loop.safe) == count
    assert loop.rig.hindrance == ""


def test_somebody_at_the_microphone_is_told_and_left_alone(loop):
    loop.verb("hand_key")
    loop.run(6.0)
    assert faults(loop) == ["on-unasked"]
    assert loop.safe == []
    loop.verb("hand_release")
    loop.run(3.0)
    assert faults(loop) == ["on-unasked", ""]


def test_without_a_ptt_type_the_reading_is_missing_and_told_once(loop):
    loop.verb("no_ptt")
    loop.key()
    loop.run(10.0)
    assert faults(loop) == ["unreadable"]
    assert "-P RIG" in loop.told(PttFault)[0].advice
    loop.cut()
    loop.verb("normal")
    loop.connect()
    loop.run(3.0)
    assert loop.rig.keying.on is False, "after a restart of rigctld it is asked anew"


def test_an_over_between_two_readings_is_no_fault(loop):
    for _ in range(50):
        loop.key()
        loop.run(0.07)
        loop.key(False)
        loop.run(0.06)
    loop.run(2.0)
    assert faults(loop) == []
    assert loop.safe == []


def test_a_reading_asked_for_before_the_order_counts_nothing():
    keying = Keying().order(True, 10.0)
    after, effects = keying.read(False, 10.5, 1.0)
    assert [each.fact for each in effects if isinstance(each, Told)][-1].on is False
    assert after.fault == ""
    after, effects = after.read(False, 11.0, 1.0)
    assert effects == (Told(PttFault("did-not-key", effects[0].fact.advice)),)


def test_an_order_that_is_none_changes_nothing():
    keying = Keying().order(True, 1.0)
    assert keying.order(True, 2.0) is keying
    assert not any(isinstance(each, MakeSafe) for each in keying.read(True, 3.0, 1.0)[1])
