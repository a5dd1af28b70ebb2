"""A MAP27 radio of the bench by hand: sound while it is on the air, and from whoever speaks to it."""

import numpy as np
import pytest

from hw.bench.mpt import LiveMap27
from hw.bench.trouble import TroubleError

from .families import TONE, Hand, loud


@pytest.fixture
def hand() -> Hand:
    return Hand()


def radio(hand: Hand) -> LiveMap27:
    device = hand.device("gw2/m1")
    assert isinstance(device, LiveMap27)
    return device


def test_what_the_gateway_plays_is_emitted_only_on_the_air(hand: Hand) -> None:
    live, tape = radio(hand), []
    live.recordings.append(type("Tape", (), {"add": lambda _, at, data: tape.append(data)})())
    hand.play("gw2/m1", 3)
    assert not tape
    live.perform("lie_transmit", hand.now)
    hand.play("gw2/m1", 3)
    assert any(any(frame) for frame in tape) and live.levels["ptt"] == 1


def test_who_speaks_to_it_is_heard_while_his_call_is_up(hand: Hand) -> None:
    live = radio(hand)
    live.voice, live.voice_ns = TONE, hand.now
    hand.pass_ms(40)
    assert not hand.heard("gw2/m1").any()
    live.begin("20/501", hand.now)
    hand.forget()
    hand.pass_ms(100)
    assert loud(hand.heard("gw2/m1")) and np.abs(hand.heard("gw2/m1")).max() <= 8000
    assert live.levels["cos"] == 1 and live.facts["call"] == "20/501"
    live.voice = None
    live.perform("hush", hand.now)
    assert live.levels["cos"] == 0 and live.facts["call"] == ""


def test_trouble_is_named_and_healed(hand: Hand) -> None:
    live = radio(hand)
    for verb in ("stuck", "grant_ms:900", "out_of_range", "card_gone_at_keying"):
        live.perform(verb, 0)
    assert live.troubles == ["stuck", "grant_ms:900", "out_of_range", "card_gone_at_keying"]
    for verb in ("normal", "in_range"):
        live.perform(verb, 0)
    assert live.troubles == [] and live.radio.trouble.grant_ms == 100
    with pytest.raises(TroubleError):
        live.perform("fly", 0)
