"""hw.guard.make_safe: every output safe, tried again, by a second way, even from a faulty board file."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from hw.board import Board
from hw.guard import make_safe as module
from hw.guard.make_safe import make_safe
from hw.pins import Pins, PinsUnavailable

from ..outputs.rig_stub import RigStub

BOARD = """\
[board]
name = "b"
kind = "real"
[[output]]
name = "ptt"
pin = 17
longest = 60.0
[[output]]
name = "amp"
pin = 5
active_high = false
longest = 60.0
"""


class Chip:
    """Stands for the pin chip: refuses the first `busy` openings, keeps the levels it was left with."""

    def __init__(self, busy: int = 0) -> None:
        self.busy = busy
        self.levels: dict[int, bool] = {}

    def open(self, board: Board) -> Pins:
        if self.busy:
            self.busy -= 1
            raise PinsUnavailable("chip busy", "wait")
        chip = self

        class Left(MockFactory):  # type: ignore[misc]
            def close(self) -> None:
                for pin in self.pins.values():
                    chip.levels[pin._number] = pin.state

        return Pins(Left())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "b.toml"
    file.write_text(BOARD)
    return file


def test_all_outputs_are_left_safe(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chip = Chip()
    monkeypatch.setattr(module, "open_pins", chip.open)
    assert make_safe(file, pause=0) == []
    assert chip.levels == {17: False, 5: True}


def test_a_busy_chip_is_tried_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chip = Chip(busy=3)
    monkeypatch.setattr(module, "open_pins", chip.open)
    assert make_safe(file, pause=0) == []
    assert chip.levels == {17: False, 5: True}


def test_pinctrl_is_the_second_way(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def run(command: list[str], **_: Any) -> None:
        calls.append(command)
        if "5" in command:
            raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(module, "open_pins", Chip(busy=100).open)
    monkeypatch.setattr(subprocess, "run", run)
    assert make_safe(file, pause=0) == ["amp"]
    assert calls == [["pinctrl", "set", "17", "op", "dl"], ["pinctrl", "set", "5", "op", "dh"]]


def test_a_faulty_board_file_does_not_stop_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chip = Chip()
    monkeypatch.setattr(module, "open_pins", chip.open)
    file.write_text(BOARD.replace("longest", "longset") + '[[output]]\nname = "x"\npin = "?"\n[[lime]]\n')
    assert make_safe(file, pause=0) == ["x"], "told, so that somebody looks at it"
    assert chip.levels == {17: False, 5: True}


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="nothing can be read"):
        make_safe(tmp_path / "none.toml")


def test_exit_code_names_what_is_not_safe(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "open_pins", Chip(busy=100).open)
    monkeypatch.setattr(module, "PAUSE", 0)
    monkeypatch.setattr(module.time, "sleep", lambda s: None)
    monkeypatch.setattr(module, "_by_pinctrl", lambda output: False)
    monkeypatch.setattr("sys.argv", ["make_safe", "--board", str(file)])
    assert module.main() == 1
    assert "NOT SAFE: ptt, amp" in caplog.text


@pytest.fixture
def stub() -> Iterator[RigStub]:
    stub = RigStub()
    yield stub
    stub.close()


DEVICES = """\
[[rig]]
name = "hf"
port = {port}
[[output]]
name = "rig"
kind = "rig"
rig = "hf"
longest = 60
[[output]]
name = "chip"
kind = "hid"
device = "/dev/none/hidraw*"
longest = 60
"""


def test_devices_are_let_go_of_and_those_that_cannot_be_are_named(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, stub: RigStub
) -> None:
    stub.ptt = True
    monkeypatch.setattr(module, "open_pins", Chip().open)
    monkeypatch.setattr(module, "DEVICES", 0.3)
    file.write_text(BOARD + DEVICES.format(port=stub.port))
    assert make_safe(file, pause=0) == ["chip"]
    assert not stub.ptt
    assert "nothing is plugged in as /dev/none/hidraw*" in caplog.text
    stub.ptt = True
    file.write_text(BOARD + DEVICES.format(port=stub.port) + "[[lime]]\n")
    assert make_safe(file, pause=0) == ["chip"]
    assert not stub.ptt, "from a faulty file too"
    file.write_text(BOARD + DEVICES.format(port=stub.port).replace("[[rig]]", "[[rag]]"))
    assert make_safe(file, pause=0) == ["rig", "chip"]
    assert "names 'hf', which the board file lacks" in caplog.text
