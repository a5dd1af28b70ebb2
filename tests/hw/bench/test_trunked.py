"""The bench's TETRA network by hand: one talker at a time, late grants, queues, sound only while granted."""

import numpy as np
import pytest

from hw.bench.trouble import TroubleError
from hw.bench.trunked import LiveTetra, Subscriber, tsi

from .families import TONE, Hand, loud

SET_UP = b"ATE0\rAT+CTSDC=0,0,0,1,1,0,1,1,0,0,0\r"


def live(hand: Hand, name: str) -> LiveTetra:
    device = hand.device(name)
    assert isinstance(device, LiveTetra)
    return device


@pytest.fixture
def hand() -> Hand:
    made = Hand()
    for name in ("gw1/t1", "gw2/t1"):
        made.say(name, SET_UP)
    return made


def test_sound_is_on_the_air_only_while_granted_and_the_others_are_told(hand: Hand) -> None:
    assert b"+CTOCP" in hand.say("gw1/t1", b"ATD1000\r")
    hand.play("gw1/t1", 2)
    assert not hand.heard("gw2/t1").any()
    hand.play("gw1/t1", 10)
    assert b"+CTXG: 1,0,0,0" in hand.read("gw1/t1")
    said = hand.read("gw2/t1")
    assert b"+CTICN: 1" in said and f"+CTXG: 1,3,0,0,5,{tsi(2001)}".encode() in said
    assert loud(hand.heard("gw2/t1")[-1600:]) and not hand.heard("gw1/t1").any()
    assert live(hand, "gw2/t1").levels["cos"] == 1
    hand.say("gw1/t1", b"AT+CUTXC=1\r")
    hand.forget()
    hand.play("gw1/t1", 5)
    assert not hand.heard("gw2/t1")[320:].any()
    assert b"+CDTXC: 1" in hand.read("gw2/t1")
    assert live(hand, "gw2/t1").levels == {"ptt": 0, "carrier": 0, "cos": 0}


def test_who_demands_meanwhile_waits_and_is_granted_late(hand: Hand) -> None:
    person = Subscriber(7, 1000)
    hand.world.network.ask(person, hand.now)
    assert person.granted
    person.sound, person.sound_ns = TONE, hand.now
    said = hand.say("gw1/t1", b"ATD1000\r")
    assert b"+CTXG: 1,2,0,0" in said or b",2,0,0" in said
    hand.pass_ms(400)
    assert not live(hand, "gw1/t1").on_group
    assert loud(hand.heard("gw1/t1")[-1600:]) and np.array_equal(hand.heard("gw2/t1")[:320], TONE[:320])
    hand.world.network.leave(person, hand.now)
    begun = hand.now
    while not live(hand, "gw1/t1").on_group:
        hand.to_frame()
    assert hand.now - begun == pytest.approx(60e6, abs=21e6)


def test_two_who_demand_at_once_get_it_one_after_the_other(hand: Hand) -> None:
    for name in ("gw1/t1", "gw2/t1"):
        hand.say(name, b"ATD1000\r")
    hand.pass_ms(200)
    holding = [name for name in ("gw1/t1", "gw2/t1") if live(hand, name).on_group]
    assert holding == ["gw1/t1"]
    assert b",2,0,0" in hand.read("gw2/t1")
    hand.say("gw1/t1", b"AT+CUTXC=1\r")
    hand.pass_ms(200)
    assert [name for name in ("gw1/t1", "gw2/t1") if live(hand, name).on_group] == ["gw2/t1"]


def test_priority_takes_the_group(hand: Hand) -> None:
    hand.say("gw1/t1", b"ATD1000\r")
    hand.pass_ms(200)
    hand.read("gw2/t1")
    hand.say("gw2/t1", b"AT+CTXD=1,3\r")
    hand.pass_ms(200)
    assert live(hand, "gw2/t1").on_group and not live(hand, "gw1/t1").on_group
    assert f"+CTXG: 1,3,0,0,5,{tsi(2002)}".encode() in hand.read("gw1/t1")


def test_another_group_hears_nothing(hand: Hand) -> None:
    hand.say("gw2/t1", b"AT+CTGS=1,1001\r")
    hand.say("gw1/t1", b"ATD1000\r")
    hand.play("gw1/t1", 12)
    assert live(hand, "gw1/t1").on_group
    assert not hand.heard("gw2/t1").any() and b"+CTXG" not in hand.read("gw2/t1")


def test_out_of_range_and_back_in_the_middle_of_a_talk(hand: Hand) -> None:
    person = Subscriber(7, 1000)
    hand.world.network.ask(person, 0)
    device = live(hand, "gw1/t1")
    device.perform("out_of_range", hand.now)
    hand.pass_ms(60)
    assert device.troubles == ["out_of_range"] and device.levels["cos"] == 0
    device.perform("in_range", hand.now)
    assert b",3,0,0,5," in hand.read("gw1/t1")
    assert device.troubles == []


def test_those_who_wait_leave_without_a_trace(hand: Hand) -> None:
    first, second = Subscriber(7, 1000), Subscriber(8, 1000)
    network = hand.world.network
    network.ask(first, 0)
    network.ask(second, 0)
    assert not second.granted
    network.leave(second, 1)
    network.leave(first, 2)
    hand.pass_ms(60)
    assert (network.holders, list(network.waiting), network.people) == ({}, [], [])


def test_verbs_and_facts(hand: Hand) -> None:
    device = live(hand, "gw1/t1")
    device.perform("grant_ms:900", 0)
    assert device.troubles == ["grant_ms:900"]
    device.perform("normal", 0)
    assert device.troubles == [] and device.terminal.trouble.grant_ms == 60
    assert device.facts["issi"] == "2001" and device.facts["group"] == "1000"
    with pytest.raises(TroubleError, match="did you mean"):
        device.perform("grnt_ms:3", 0)
