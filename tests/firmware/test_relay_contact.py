"""The second contact of an amplifier's relay: its pin is opened, tried again, and what it says reaches the watch."""

from pathlib import Path

import pytest

from firmware import open_inputs
from firmware.build import GatewayBuild
from firmware.config import GatewaySettings
from firmware.events import ContactRead
from hw.board_parts import PinInput
from hw.pins import EdgeSink
from link.hosting.clock import HandClock
from tests.firmware.test_gateway_build import Chip, told

BOARD = """
board = {{ name = "b", kind = "bench", socket = "{folder}/bench.sock" }}
card = [{{ name = "pa1", driver = "bench" }}]
output = [{{ name = "amp", pin = 10, longest = 900.0 }}]
input = [{{ name = "amp.contact", pin = 20 }}]
line = [{{ id = "pa1", kind = "loudspeaker", card = "pa1", relay = "amp", read_back = "amp.contact" }}]
"""


class LiveChip(Chip):
    def __init__(self, *missing: str) -> None:
        super().__init__(*missing)
        self.sinks: dict[str, EdgeSink] = {}

    def open_input(self, spec: PinInput, sink: EdgeSink) -> None:
        super().open_input(spec, sink)
        self.sinks[spec.name] = sink


@pytest.fixture
def gateway(tmp_path: Path) -> GatewayBuild:
    (tmp_path / "board.toml").write_text(BOARD.format(folder=tmp_path))
    places = {"board": tmp_path / "board.toml", "state": tmp_path, "run": tmp_path}
    return GatewayBuild(GatewaySettings.model_validate({"gateway": "gw-a", **places}), HandClock())


async def test_a_contact_that_cannot_be_had_is_told_and_tried_again(gateway, monkeypatch):
    chip = LiveChip("amp.contact")
    waits: list[float] = []

    async def wait(when: float) -> None:
        waits.append(when)
        chip.missing.clear()

    monkeypatch.setattr(open_inputs, "open_pins", chip.factory)
    monkeypatch.setattr(gateway.clock, "sleep_until", wait)
    await gateway.inputs.keep(gateway.inputs.open())
    assert len(waits) == 1
    assert told(gateway) == [("pin amp.contact", False, "see gpioinfo"), ("pin amp.contact", True, "")]
    chip.sinks["amp.contact"](True, 5)
    assert gateway.switchboard.speakers["pa1"].inbox.get_nowait() == ContactRead(True)
