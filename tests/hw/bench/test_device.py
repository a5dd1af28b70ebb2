"""A live device: its edge ring, its levels, its card."""

from pathlib import Path

import pytest

from hw.bench.analog import LiveRadio
from hw.bench.config import parse_config
from hw.bench.device import EDGES, Edge
from hw.bench.speakers import LiveLoudspeaker
from hw.bench.trouble import Trouble, TroubleError
from hw.bench.world import World

from .conftest import config_text


def devices() -> tuple[LiveRadio, LiveLoudspeaker]:
    world = World(parse_config(config_text(Path("b")), Path("b")), 0, lambda *_: None)
    radio, speaker = world.device("gw3/r1"), world.device("gw3/pa1")
    assert isinstance(radio, LiveRadio) and isinstance(speaker, LiveLoudspeaker)
    return radio, speaker


def test_the_edge_ring_is_bounded_and_keeps_the_newest() -> None:
    radio, _ = devices()
    for number in range(EDGES + 5):
        radio.edge(number, "cos", number % 2)
    assert len(radio.edges) == EDGES
    assert radio.edges[-1] == Edge(EDGES + 4, "cos", 0)
    assert radio.levels["cos"] == 0


def test_devices_start_healthy_with_the_times_of_their_entry() -> None:
    radio, speaker = devices()
    assert (radio.machine.attack_ns, radio.machine.tail_ns) == (20_000_000, 40_000_000)
    assert speaker.machine.warm_up_ns == 50_000_000
    assert radio.machine.trouble == speaker.machine.trouble == Trouble()
    assert radio.troubles == speaker.troubles == []


def test_a_card_is_pulled_put_back_and_lost_at_the_next_keying() -> None:
    for device, key in zip(devices(), ("ptt", "relay"), strict=True):
        gone: list[int] = []
        device.card.gone = lambda gone=gone: gone.append(1)  # type: ignore[misc]
        device.perform("unplug_sound", 0)
        assert device.card.unplugged and gone == [1] and device.troubles == ["unplug_sound"]
        device.perform("plug_sound", 0)
        assert not device.card.unplugged
        device.perform("card_gone_at_keying", 0)
        assert not device.card.unplugged and device.troubles == ["card_gone_at_keying"]
        getattr(device, key)(True, 10)
        assert device.card.unplugged and gone == [1, 1]
        device.perform("normal", 20)
        assert device.troubles == []


def test_every_verb_that_is_listed_is_performed_and_no_other() -> None:
    for device in devices():
        for verb in device.verbs:
            device.perform(verb.replace(":MS", ":10"), 0)
        with pytest.raises(TroubleError):
            device.perform("fly", 0)
