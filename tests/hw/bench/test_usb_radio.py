"""A radio behind a CM108-class interface, by its reports; a shortwave radio, by its rig. By hand."""

import numpy as np
import pytest

from hw.bench.shortwave import LiveShortwave
from hw.bench.usb_radio import LiveUsbRadio
from hw.bench.wav import noisy, sideband

from .families import TONE, Hand, loud

ON, OFF = bytes((0, 0, 4, 4, 0)), bytes((0, 0, 0, 4, 0))


def usb(hand: Hand) -> LiveUsbRadio:
    device = hand.device("gw1/usb")
    assert isinstance(device, LiveUsbRadio)
    return device


def rig(hand: Hand) -> LiveShortwave:
    device = hand.device("gw1/hf")
    assert isinstance(device, LiveShortwave)
    return device


def test_reports_key_it_and_tell_its_squelch() -> None:
    hand = Hand()
    hand.say("gw1/usb", ON)
    assert usb(hand).levels["carrier"] == 1 and hand.device("gw2/r1").levels["cos"] == 1
    hand.say("gw1/usb", OFF)
    assert usb(hand).levels["carrier"] == 0
    hand.world.key("h", 150_000_000, hand.now)
    assert hand.read("gw1/usb") == bytes((2, 0, 0, 0))
    hand.world.unkey("h", hand.now)
    assert hand.read("gw1/usb") == bytes(4)


def test_a_report_cut_in_pieces_counts_and_a_torn_one_is_forgotten() -> None:
    hand = Hand()
    for byte in ON:
        hand.say("gw1/usb", bytes((byte,)))
    assert usb(hand).levels["ptt"] == 1
    hand.say("gw1/usb", OFF[:3])
    hand.now += 200_000_000
    hand.say("gw1/usb", OFF)
    assert usb(hand).levels["ptt"] == 0


def test_a_pin_that_is_no_output_does_not_key_it() -> None:
    hand = Hand()
    for report in ((0, 0, 4, 0, 0), (0, 0, 8, 8, 0), (1, 0, 4, 4, 0)):
        hand.say("gw1/usb", bytes(report))
        assert usb(hand).levels["ptt"] == 0


def test_shortwave_is_noisy_keyed_by_its_rig_and_heard_where_it_stands() -> None:
    hand = Hand()
    live = rig(hand)
    hand.pass_ms(100)
    level = 20 * np.log10(np.sqrt(np.mean(hand.heard("gw1/hf").astype(float) ** 2)) / 32768)
    assert level == pytest.approx(-40, abs=1)
    handset = hand.world.key("h", live.hz, hand.now)
    handset.sound, handset.sound_ns = TONE, hand.now
    assert live.rig.squelch_open
    hand.forget()
    hand.pass_ms(100)
    assert loud(hand.heard("gw1/hf"))
    client = live.rig.connect()
    live.rig.hear(client, b"F 7060000\n", hand.now / 1e9)
    hand.forget()
    hand.pass_ms(100)
    assert not loud(hand.heard("gw1/hf")) and not live.rig.squelch_open and live.hz == 7_060_000
    hand.world.unkey("h", hand.now)


def test_shortwave_hears_nothing_while_keyed_and_takes_its_carrier_along() -> None:
    hand = Hand()
    live = rig(hand)
    client = live.rig.connect()
    live.rig.hear(client, b"T 1\n", hand.now / 1e9)
    assert live.levels["ptt"] == 1
    tape: list[bytes] = []
    live.recordings.append(type("Tape", (), {"add": lambda _, at, data: tape.append(data)})())
    hand.play("gw1/hf", 5)
    assert not hand.heard("gw1/hf").any() and any(tape)
    live.perform("knob:7100000", hand.now)
    assert [c.frequency_hz for c in hand.world.field.air.carriers] == [7_100_000]
    live.rig.hear(client, b"T 0\n", hand.now / 1e9)
    assert not hand.world.field.air.carriers and live.levels["ptt"] == 0


def test_verbs_of_the_rig_and_of_its_port() -> None:
    live = rig(Hand())
    asked: list[str] = []
    live.at_port = asked.append
    live.perform("drop", 0)
    live.perform("refuse_ptt", 0)
    assert asked == ["drop"] and live.troubles == ["refuse_ptt"]
    live.perform("normal", 0)
    assert live.troubles == []


def test_sideband_keeps_speech_and_noise_has_the_ratio_asked_for() -> None:
    hum = (8000 * np.sin(np.arange(16000) * 2 * np.pi * 50 / 16000)).astype(np.int16)
    assert not loud(sideband(hum)) and loud(sideband(TONE))
    mixed = noisy(TONE, 10).astype(float) - TONE
    ratio = 20 * np.log10(np.sqrt(np.mean(TONE.astype(float) ** 2)) / np.sqrt(np.mean(mixed**2)))
    assert ratio == pytest.approx(10, abs=0.7)
