"""A phone of the bench by hand: calls both ways, sound with delay and echo, only while a call is up."""

import numpy as np
import pytest

from hw.bench.telephony import Delay, LivePhone

from .families import TONE, Hand, loud


@pytest.fixture
def hand() -> Hand:
    made = Hand()
    made.say("gw1/sat", b"ATE0\rAT+CLIP=1\r")
    return made


def phone(hand: Hand) -> LivePhone:
    device = hand.device("gw1/sat")
    assert isinstance(device, LivePhone)
    return device


class Tape:
    def __init__(self) -> None:
        self.frames: list[tuple[int, bytes]] = []

    def add(self, at: int, frame: bytes) -> None:
        self.frames.append((at, frame))


def test_a_call_that_comes_in_is_answered_and_both_hear_each_other_late(hand: Hand) -> None:
    live, tape = phone(hand), Tape()
    live.recordings.append(tape)  # type: ignore[arg-type]
    live.perform("ring:13800138000", hand.now)
    assert b"RING" in hand.read("gw1/sat") and live.levels["ringing"] == 1
    hand.play("gw1/sat", 5)
    assert tape.frames == []
    hand.say("gw1/sat", b"ATA\r")
    assert live.levels == {"call": 1, "ringing": 0, "dialling": 0}
    hand.forget()
    begun = hand.now
    live.voice, live.voice_ns = TONE, begun
    hand.play("gw1/sat", 20)
    heard = hand.heard("gw1/sat")
    assert not heard[: 100 * 16].any()
    assert np.array_equal(heard[100 * 16 : 190 * 16], TONE[: 90 * 16])
    first = next(at for at, frame in tape.frames if any(frame))
    assert first - begun == pytest.approx(100e6, abs=41e6)
    live.voice = None
    hand.forget()
    hand.pass_ms(200)
    echo = hand.heard("gw1/sat").astype(float)
    assert 20 * np.log10(np.abs(echo).max() / 8000) == pytest.approx(-20, abs=1)
    hand.say("gw1/sat", b"AT+CHUP\r")
    hand.forget()
    hand.pass_ms(60)
    assert not hand.heard("gw1/sat").any() and live.levels["call"] == 0


def test_who_is_called_answers_by_himself_or_when_told(hand: Hand) -> None:
    live = phone(hand)
    assert not live.answer(hand.now)
    hand.say("gw1/sat", b"ATD13800138000;\r")
    assert live.levels["dialling"] == 1
    hand.pass_ms(1200)
    assert live.talking
    live.perform("hang_up", hand.now)
    assert b"NO CARRIER" in hand.read("gw1/sat")
    live.perform("far_end:silent", hand.now)
    hand.say("gw1/sat", b"ATD13800138000;\r")
    hand.pass_ms(2000)
    assert not live.talking
    assert live.answer(hand.now) and live.talking
    assert live.facts["calls"] == "13800138000 0"


def test_a_doomed_card_is_gone_when_the_call_comes_up(hand: Hand) -> None:
    live = phone(hand)
    live.perform("card_gone_at_keying", hand.now)
    live.perform("claim_active:1", hand.now)
    assert live.card.unplugged and live.troubles == ["unplug_sound"]
    live.perform("normal", hand.now)
    assert live.troubles == []


def test_trouble_is_named(hand: Hand) -> None:
    live = phone(hand)
    for verb in ("creg:2", "memory_full", "late:3"):
        live.perform(verb, hand.now)
    assert live.troubles == ["late:3", "memory_full", "creg:2"]


def test_a_delay_is_exact_and_zero_delays_nothing() -> None:
    for ms, shift in ((0, 0), (30, 480)):
        way = Delay(ms)
        out = b"".join(way.pass_on(TONE[n : n + 320].tobytes()) for n in range(0, 3200, 320))
        assert np.array_equal(np.frombuffer(out, np.int16)[shift:], TONE[: 3200 - shift])
    assert not loud(np.zeros(10))
