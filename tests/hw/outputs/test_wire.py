"""hw.outputs.wire, terminal and coil on a pty: bytes out in time and order, none read, nobody disturbed."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hw import devices
from hw.board import Board, parse_board
from hw.board_parts import CoilOutput, TerminalOutput
from hw.map27.profile import profile as map27_profile
from hw.outputs.coil import open_relay
from hw.outputs.door import OutputFault
from hw.outputs.terminal import open_terminal
from hw.outputs.unkey import Step, let_go_map27
from hw.outputs.wire import WireDevice

from ..pty_port import PtyPort

STEPS = (Step(b"\x1b\r", 0.1), Step(b"ATH\r", 0.2))


@pytest.fixture
def port(tmp_path: Path) -> Iterator[PtyPort]:
    port = PtyPort(tmp_path)
    yield port
    port.pull()


def go_on(seconds: float) -> bool:
    return True


def test_steps_are_written_with_silence_between(port: PtyPort) -> None:
    pauses: list[float] = []
    device = WireDevice(str(port.link), 9600, STEPS, rts_cts=False)
    device.open()
    device.put(False, lambda seconds: not pauses.append(seconds))  # type: ignore[func-returns-value]
    assert port.heard(6) == b"\x1b\rATH\r" and pauses == [0.1, 0.2]
    device.put(False, lambda seconds: False)
    assert port.heard(3, 0.1) == b"\x1b\r", "broken off"
    device.put(True, go_on)
    assert port.heard(1, 0.1) == b"", "on writes nothing: the driver keys"
    device.shut()


def test_answers_are_left_to_the_driver(port: PtyPort) -> None:
    device = WireDevice(str(port.link), 9600, STEPS, rts_cts=False)
    device.open()
    driver = devices.open_device(str(port.link))
    port.say(b"+CTXG: 1,0,0,0\r\n")
    device.put(False, go_on)
    device.look()
    os.set_blocking(driver, True)
    assert os.read(driver, 100) == b"+CTXG: 1,0,0,0\r\n"
    os.close(driver)
    device.shut()


def test_an_unplugged_port_is_a_fault(port: PtyPort) -> None:
    device = WireDevice(str(port.link), 9600, STEPS, rts_cts=False)
    device.open()
    port.pull()
    for step in (lambda: device.put(True, go_on), lambda: device.put(False, go_on), device.look):
        with pytest.raises(OutputFault, match="unplugged"):
            step()
    device.shut()
    with pytest.raises(OutputFault, match="nothing is plugged in"):
        device.open()


def test_a_port_that_takes_nothing_is_a_fault(port: PtyPort, monkeypatch: pytest.MonkeyPatch) -> None:
    device = WireDevice(str(port.link), 9600, STEPS, rts_cts=False)
    device.open()
    monkeypatch.setattr(os, "write", lambda fd, data: 1)
    with pytest.raises(OutputFault, match="took 1 of 2 bytes"):
        device.put(False, go_on)
    monkeypatch.undo()
    device.shut()


BOARD = """\
[board]
name = "b"
kind = "real"
[[serial]]
name = "s"
device = "/dev/ttyS9"
[[serial]]
name = "m"
device = "/dev/ttyS8"
[[bus]]
name = "m1"
serial = "m"
gap_ms = 40
[[relay_board]]
name = "pa"
bus = "m1"
address = 3
[[card]]
name = "c"
driver = "alsa"
capture = "x"
[[output]]
name = "o"
kind = "terminal"
serial = "s"
family = "{family}"
longest = 3600
[[output]]
name = "c0"
kind = "coil"
board = "pa"
coil = 0
longest = 60
[[output]]
name = "c1"
kind = "coil"
board = "pa"
coil = 1
longest = 60
[[line]]
id = "l"
kind = "{family}"
card = "c"
ptt = "o"
serial = "s"
profile = "{profile}"
"""


def board(family: str, profile: str) -> Board:
    return parse_board(BOARD.format(family=family, profile=profile))


def terminal(family: str, profile: str) -> WireDevice:
    site = board(family, profile)
    output = site.output("o")
    assert isinstance(output, TerminalOutput)
    return open_terminal(site, output)


def test_what_is_written_follows_family_and_profile_of_the_line() -> None:
    tetra, phone = terminal("tetra", "generic"), terminal("phone", "generic")
    assert b"AT+CUTXC=1\r" in [step.data for step in tetra.steps] and tetra.baud == 9600
    assert [step.data for step in phone.steps][1:] == [b"AT+CHUP\r", b"ATH\r"] and phone.baud == 115200
    assert terminal("tetra", "sepura").baud == 38400
    assert terminal("map27", "generic").steps == let_go_map27(map27_profile("generic"))


def test_a_profile_that_cannot_be_read_costs_no_safety(caplog: pytest.LogCaptureFixture) -> None:
    assert terminal("tetra", "/none/such.toml").steps == terminal("tetra", "generic").steps
    assert "unusable, generic instead" in caplog.text


def test_relays_of_one_bus_take_turns() -> None:
    site, turns = board("tetra", "generic"), {}  # type: Board, dict[str, threading.Lock]
    made = []
    for name in ("c0", "c1"):
        output = site.output(name)
        assert isinstance(output, CoilOutput)
        made.append(open_relay(site, output, turns))
    assert list(turns) == ["m1"]
    assert [device.steps[1].data[:6] for device in made] == [bytes((3, 5, 0, n, 0, 0)) for n in (0, 1)]
    assert made[0].steps[0].silence > 0.04 and made[0].baud == 9600


def test_one_waits_while_the_other_has_the_bus(port: PtyPort) -> None:
    turn = threading.Lock()
    device = WireDevice(str(port.link), 9600, STEPS, rts_cts=False, turn=turn)
    device.open()
    with turn:
        other = threading.Thread(target=device.put, args=(False, go_on))
        other.start()
        assert port.heard(1, 0.1) == b""
    other.join(5)
    assert port.heard(6) == b"\x1b\rATH\r"
    device.shut()
