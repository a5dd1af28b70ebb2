"""hw.outputs.modem_line: what is asked of the kernel, in order, by a recorded stand-in of ioctl over a pty."""

import os
import struct
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hw import devices
from hw.board import parse_board
from hw.board_parts import ModemLineOutput
from hw.outputs import modem_line as module
from hw.outputs.door import OutputFault
from hw.outputs.modem_line import BenchModemLine, ModemLineDevice

DTR, RTS = termios.TIOCM_DTR, termios.TIOCM_RTS


class Kernel:
    """The modem lines of one port; both are up after opening, as the kernel leaves them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines = DTR | RTS
        self.stuck = 0
        self.did: list[tuple[str, int]] = []
        self._real = devices.fcntl.ioctl
        monkeypatch.setattr(devices.fcntl, "ioctl", self.ioctl)

    def ioctl(self, fd: int, what: int, data: bytes) -> bytes:
        match what:
            case termios.TIOCMBIS | termios.TIOCMBIC:
                (bit,) = struct.unpack("I", data)
                up = what == termios.TIOCMBIS
                self.did.append(("up" if up else "down", bit))
                self.lines = (self.lines | bit if up else self.lines & ~bit) | self.stuck
                return data
            case termios.TIOCMGET:
                return struct.pack("I", self.lines)
        return self._real(fd, what, data)  # type: ignore[no-any-return]


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    return Kernel(monkeypatch)


@pytest.fixture
def port(tmp_path: Path) -> Iterator[Path]:
    master, slave = os.openpty()
    (tmp_path / "ttyUSB0").symlink_to(os.ttyname(slave))
    yield tmp_path / "ttyUSB*"
    os.close(slave)
    os.close(master)


def spec(**keys: Any) -> ModemLineOutput:
    return ModemLineOutput(kind="modem-line", name="ptt", longest=60.0, serial="s", **keys)


def go_on(seconds: float) -> bool:
    return True


def hang_up(port: Path) -> bool:
    fd = devices.open_device(str(port))
    flags = termios.tcgetattr(fd)[2]
    os.close(fd)
    return bool(flags & termios.HUPCL)


def test_the_line_that_the_kernel_raised_is_dropped_first(
    kernel: Kernel, port: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "set_tty", lambda fd, baud, **_: kernel.did.append(("set", baud)))
    ptt = ModemLineDevice(spec(), str(port))
    ptt.open()
    assert kernel.did[0] == ("down", RTS)
    assert kernel.lines == 0, (
        "a line that nobody owns is dropped too: an AIOC keys by DTR only while RTS is low"
    )
    ptt.put(True, go_on)
    assert kernel.lines == RTS
    ptt.put(False, go_on)
    assert kernel.lines == 0
    ptt.shut()


def test_hang_up_on_close_is_set_so_that_a_dead_guard_means_safe(kernel: Kernel, port: Path) -> None:
    for active_high in (True, False):
        ptt = ModemLineDevice(spec(active_high=active_high), str(port))
        ptt.open()
        assert hang_up(port) == active_high
        assert bool(kernel.lines & RTS) != active_high
        ptt.shut()


def test_the_line_of_another_output_is_left_alone(kernel: Kernel, port: Path) -> None:
    ptt = ModemLineDevice(spec(signal="dtr"), str(port), frozenset({"dtr", "rts"}))
    ptt.open()
    assert {bit for _, bit in kernel.did} == {DTR} and kernel.lines == RTS
    ptt.shut()


def test_looking_puts_right_what_another_program_did(kernel: Kernel, port: Path) -> None:
    ptt = ModemLineDevice(spec(), str(port))
    ptt.open()
    kernel.lines = RTS
    ptt.look()
    assert kernel.lines == 0
    ptt.shut()


def test_a_line_that_does_not_follow_is_a_fault(kernel: Kernel, port: Path) -> None:
    ptt = ModemLineDevice(spec(), str(port))
    ptt.open()
    kernel.stuck = RTS
    with pytest.raises(OutputFault, match="RTS of .* reads 1 instead of 0"):
        ptt.put(False, go_on)
    ptt.shut()


def test_a_port_without_such_lines_is_a_fault(port: Path) -> None:
    with pytest.raises(OutputFault, match="no serial port"):
        ModemLineDevice(spec(), str(port)).open()


def test_on_a_bench_it_is_a_pin_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []

    class Line:
        def attach_output(self, level: int) -> None:
            told.append(("attach", level))

        def write(self, level: int) -> None:
            told.append(level)

        def close(self) -> None:
            told.append("closed")

    board = parse_board('[board]\nname = "b"\nkind = "bench"\nsocket = "x"\n')
    monkeypatch.setattr(
        module, "bench_line", lambda board, serial, signal: told.append(serial + signal) or Line()
    )
    ptt = BenchModemLine(spec(active_high=False), board)
    ptt.open()
    ptt.put(True, go_on)
    ptt.look()
    ptt.shut()
    assert told == ["srts", ("attach", 1), 0, 0, "closed"]
