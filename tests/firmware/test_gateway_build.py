"""What the gateway process does itself: a pin that cannot be had is told, and costs no other line anything."""

from pathlib import Path

import pytest

from firmware import open_inputs
from firmware.build import GatewayBuild
from firmware.config import GatewaySettings
from firmware.uplink.messages import HealthTold
from hw.board import Board
from hw.board_parts import PinInput
from hw.pins import EdgeSink, PinsUnavailable
from link.hosting.clock import HandClock

LINE = """
[[line]]
id = "{line}"
kind = "radio"
card = "{line}"
ptt = "{line}.ptt"
cos = "{line}.cos"
"""


def board_text(folder: Path, lines: tuple[str, ...]) -> str:
    cards = ", ".join(f'{{ name = "{line}", driver = "bench" }}' for line in lines)
    outputs = ", ".join(
        f'{{ name = "{line}.ptt", pin = {10 + i}, longest = 60.0 }}' for i, line in enumerate(lines)
    )
    inputs = ", ".join(f'{{ name = "{line}.cos", pin = {20 + i} }}' for i, line in enumerate(lines))
    head = f'board = {{ name = "b", kind = "bench", socket = "{folder}/bench.sock" }}\n'
    rest = f"card = [{cards}]\noutput = [{outputs}]\ninput = [{inputs}]\n"
    return head + rest + "".join(LINE.format(line=line) for line in lines)


class Opened:
    """An input that says nothing."""

    def close(self) -> None:
        """Nothing was opened."""


class Chip:
    """The pins of a board of which some cannot be had; `None` in `missing`: there is no chip at all."""

    def __init__(self, *missing: str | None) -> None:
        self.missing = set(missing)
        self.open: list[str] = []
        self.closed = False

    def factory(self, board: Board) -> "Chip":
        if None in self.missing:
            raise PinsUnavailable("no chip", "plug it in")
        return self

    def open_input(self, spec: PinInput, sink: EdgeSink) -> "Opened":
        if spec.name in self.missing:
            raise PinsUnavailable(f"{spec.name} is in use", "see gpioinfo")
        self.open.append(spec.name)
        return Opened()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def gateway(tmp_path: Path) -> GatewayBuild:
    (tmp_path / "board.toml").write_text(board_text(tmp_path, ("r1", "r2", "r3")))
    places = {"board": tmp_path / "board.toml", "state": tmp_path, "run": tmp_path}
    settings = GatewaySettings.model_validate({"gateway": "gw-a", **places})
    return GatewayBuild(settings, HandClock())


def told(gateway: GatewayBuild) -> list[tuple[str, bool, str]]:
    """Health facts since the last look."""
    found = []
    while (event := gateway.switchboard.uplink.inbox.get_nowait()) is not None:
        if isinstance(event, HealthTold):
            found.append((event.fact.subject, event.fact.ok, event.fact.advice))
    return found


def test_one_pin_that_cannot_be_had_leaves_the_other_lines_working(
    gateway: GatewayBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    chip = Chip("r1.cos")
    monkeypatch.setattr(open_inputs, "open_pins", chip.factory)
    left = gateway.inputs.open()
    assert chip.open == ["r2.cos", "r3.cos"]
    assert told(gateway) == [("pin r1.cos", False, "see gpioinfo")]
    assert gateway.inputs.open(left) == left
    assert told(gateway) == [], "said once"
    chip.missing.clear()
    assert gateway.inputs.open(left) == []
    assert chip.open == ["r2.cos", "r3.cos", "r1.cos"]
    assert told(gateway) == [("pin r1.cos", True, "")]
    gateway.inputs.close()
    assert chip.closed


def test_a_chip_that_comes_late_is_used_then(gateway: GatewayBuild, monkeypatch: pytest.MonkeyPatch) -> None:
    chip = Chip(None)
    monkeypatch.setattr(open_inputs, "open_pins", chip.factory)
    left = gateway.inputs.open()
    assert [source.name for source in left] == ["r1.cos", "r2.cos", "r3.cos"]
    assert told(gateway) == [("pins", False, "plug it in")]
    chip.missing.clear()
    assert gateway.inputs.open(left) == []
    assert told(gateway) == [("pins", True, "")]


async def test_what_cannot_be_had_is_tried_again(
    gateway: GatewayBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    chip, clock = Chip("r2.cos"), gateway.clock
    assert isinstance(clock, HandClock)
    waits: list[float] = []

    async def wait(when: float) -> None:
        waits.append(when - clock.now())
        if len(waits) == 3:
            chip.missing.clear()

    monkeypatch.setattr(open_inputs, "open_pins", chip.factory)
    monkeypatch.setattr(clock, "sleep_until", wait)
    await gateway.inputs.keep(gateway.inputs.open())
    assert waits == [open_inputs.AGAIN] * 3
    assert "r2.cos" in chip.open
