"""A live device: its edge ring and its levels."""

from pathlib import Path

from hw.bench.config import parse_config
from hw.bench.device import EDGES, Edge, loudspeaker_of, radio_of, trouble_of
from hw.bench.trouble import Trouble

from .conftest import config_text

CONFIG = parse_config(config_text(Path("b")), Path("b"))


def test_the_edge_ring_is_bounded_and_keeps_the_newest() -> None:
    radio = radio_of(CONFIG.radio[0])
    for number in range(EDGES + 5):
        radio.edge(number, "cos", number % 2)
    assert len(radio.edges) == EDGES
    assert radio.edges[-1] == Edge(EDGES + 4, "cos", 0)
    assert radio.levels == {"cos": 0}


def test_devices_start_healthy_with_the_times_of_their_entry() -> None:
    radio, speaker = radio_of(CONFIG.radio[2]), loudspeaker_of(CONFIG.loudspeaker[0])
    assert (radio.machine.attack_ns, radio.machine.tail_ns) == (20_000_000, 40_000_000)
    assert speaker.machine.warm_up_ns == 50_000_000
    assert trouble_of(radio) == trouble_of(speaker) == Trouble()
