"""Buses, instruments, loudspeakers at coils and dry contacts of the bench, by hand."""

import numpy as np
import pytest

from hw.bench.contacts import LiveContact
from hw.bench.plant import LiveModbus
from hw.bench.speakers import LiveLoudspeaker
from hw.bench.trouble import TroubleError
from hw.modbus import protocol as p

from .families import TONE, Hand, loud


def ask(hand: Hand, request: p.Request) -> bytes:
    """The answer of the bus, unwrapped of nothing."""
    assert hand.say("gw1/level", p.encode(request)) == b""
    hand.now += 6_000_000
    return hand.read("gw1/level")


def meter(hand: Hand, name: str) -> LiveModbus:
    device = hand.device(name)
    assert isinstance(device, LiveModbus)
    return device


def registers(hand: Hand, slave: int, count: int = 1) -> tuple[int, ...]:
    data = ask(hand, p.ReadRegisters(slave, 3, 0, count))
    return tuple(int.from_bytes(data[n : n + 2], "big") for n in range(3, 3 + 2 * count, 2))


def test_all_devices_of_a_link_share_one_bus() -> None:
    hand = Hand()
    assert registers(hand, 2, 2) == (1234, 2)
    meter(hand, "gw1/level").set(-1.5)
    assert registers(hand, 2) == (65536 - 150,)
    meter(hand, "gw1/rain").set(3.0)
    assert registers(hand, 3) == (6,)
    assert hand.port("gw1/level") is hand.port("gw1/relays")


def test_values_are_checked_and_said() -> None:
    hand = Hand()
    with pytest.raises(TroubleError, match="900 m is not -300 to 300 m"):
        meter(hand, "gw1/level").set(900)
    with pytest.raises(TroubleError, match="measures nothing"):
        meter(hand, "gw1/relays").set(1)
    assert meter(hand, "gw1/level").facts == {"value": "12.34", "unit": "m"}
    assert "weld:RELAY" in meter(hand, "gw1/relays").verbs and "no_timer" not in meter(hand, "gw1/rain").verbs


def test_a_loudspeaker_sounds_by_a_timed_pulse_and_a_zone_and_stops_with_the_pulse() -> None:
    hand = Hand()
    speaker = hand.device("gw1/pa")
    assert isinstance(speaker, LiveLoudspeaker)
    hand.play("gw1/pa", 3)
    assert not hand.heard("gw1/mic").any()
    ask(hand, p.WriteOne(1, 5, 0x0200 | 2, 3))
    hand.play("gw1/pa", 3)
    assert speaker.levels["relay"] == 1 and hand.world.inputs["gw1", 6] == 1
    assert not hand.heard("gw1/mic").any()  # no zone is chosen
    ask(hand, p.WriteOne(1, 5, 4, 0xFF00))
    ask(hand, p.WriteOne(1, 5, 0x0200 | 2, 3))
    assert speaker.levels["zone2"] == 1
    hand.forget()
    hand.play("gw1/pa", 12)
    picked = hand.heard("gw1/mic").astype(float)
    assert 20 * np.log10(np.abs(picked[2000:3500]).max() / 8000) == pytest.approx(-12, abs=0.5)
    assert registers(hand, 4) == (1500,)
    hand.pass_ms(400)
    assert speaker.levels["relay"] == 0 and registers(hand, 4) == (0,)
    assert hand.world.inputs["gw1", 6] == 0


def test_a_silent_loudspeaker_has_its_relay_and_no_current_and_no_sound() -> None:
    hand = Hand()
    hand.world.trouble("gw1/pa", "mute", 0)
    ask(hand, p.WriteOne(1, 5, 2, 0xFF00))
    ask(hand, p.WriteOne(1, 5, 3, 0xFF00))
    hand.play("gw1/pa", 10)
    assert hand.device("gw1/pa").levels["relay"] == 1
    assert registers(hand, 4) == (0,) and not hand.heard("gw1/mic").any()


def test_the_microphone_hears_later_by_its_delay() -> None:
    hand = Hand()
    ask(hand, p.WriteOne(1, 5, 2, 0xFF00))
    ask(hand, p.WriteOne(1, 5, 3, 0xFF00))
    hand.to_frame()
    hand.forget()
    hand.play("gw1/pa", 10)
    picked = np.abs(hand.heard("gw1/mic").astype(int))
    assert loud(TONE) and int(np.argmax(picked > 50)) in range(320 + 480, 320 + 480 + 330)


def test_a_contact_behind_a_converter_shows_four_states() -> None:
    hand = Hand()
    for state, levels in {"closed": (0, 1), "cut": (0, 0), "short": (1, 1), "open": (1, 0)}.items():
        hand.world.trouble("gw1/gate", state, 0)
        assert (hand.world.inputs["gw1", 5], hand.world.inputs["gw1", 12]) == levels
    assert hand.device("gw1/gate").troubles == []
    hand.world.trouble("gw1/gate", "cut", 0)
    assert hand.device("gw1/gate").troubles == ["cut"]
    with pytest.raises(TroubleError, match="known: open, closed"):
        hand.world.trouble("gw1/gate", "ajar", 0)


def test_a_contact_chatters_until_it_is_mended() -> None:
    hand = Hand()
    gate = hand.device("gw1/gate")
    assert isinstance(gate, LiveContact)
    hand.world.trouble("gw1/gate", "chatter", 0)
    hand.pass_ms(400)
    assert len(hand.edges) >= 8 and gate.troubles == ["chatter"]
    hand.world.trouble("gw1/gate", "normal", hand.now)
    assert gate.deadline is None and gate.state == "open"


def test_a_contact_at_a_discrete_input() -> None:
    hand = Hand()
    assert ask(hand, p.ReadBits(5, 2, 0, 8))[3] == 0
    hand.world.trouble("gw1/hatch", "closed", 0)
    assert ask(hand, p.ReadBits(5, 2, 0, 8))[3] == 1 << 3
    assert meter(hand, "gw1/doors").facts == {"set": "3"}
