"""hw.inputs.modem_line by a stand-in of the kernel's ioctls: woken by changes, or read where the driver cannot."""

import errno
import os
import struct
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hw import devices
from hw.board import parse_board
from hw.board_parts import ModemLineInput, PinInput
from hw.inputs import modem_line as module
from hw.inputs import opening, watching
from hw.inputs.opening import OpenInput, open_input
from hw.pins import Pins

from ..pty_port import PtyPort
from .heard import Heard

CTS = termios.TIOCM_CTS
BOARD = """\
[board]
name = "b"
kind = "{kind}"
{socket}
[[serial]]
name = "s"
device = "{device}"
"""


class Kernel:
    """One port's lines. `wakes` False: a driver without TIOCMIWAIT."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, wakes: bool = True) -> None:
        self.lines = 0
        self.wakes = wakes
        self.gone = False
        self.waits = 0
        self._change = threading.Condition()
        self._real = devices.fcntl.ioctl
        monkeypatch.setattr(devices.fcntl, "ioctl", self.ioctl)

    def ioctl(self, fd: int, what: int, data: bytes | int) -> bytes | int:
        if what == termios.TIOCMGET:
            if self.gone:
                raise OSError(errno.EIO, "gone")
            return struct.pack("I", self.lines)
        if what == termios.TIOCMIWAIT:
            assert data == CTS
            self.waits += 1
            if not self.wakes:
                raise OSError(errno.ENOTTY, "no")
            with self._change:
                self._change.wait(5)
            return 0
        assert isinstance(data, bytes)
        return self._real(fd, what, data)

    def set(self, lines: int) -> None:
        self.lines = lines
        with self._change:
            self._change.notify_all()


@pytest.fixture
def port(tmp_path: Path) -> Iterator[PtyPort]:
    port = PtyPort(tmp_path)
    yield port
    port.pull()


def opened(port: PtyPort, heard: Heard, active_high: bool = True) -> OpenInput:
    board = parse_board(BOARD.format(kind="real", socket="", device="/dev/ttyUSB*"))
    serial = board.serials[0].model_copy(update={"device": str(port.link)})
    board = board.model_copy(update={"serials": (serial,)})
    spec = ModemLineInput(kind="modem-line", name="cos", serial="s", active_high=active_high)
    return open_input(spec, board, Pins(None), heard.sink, heard.health)


def wait_for(done: threading.Event, what: object) -> None:
    while not what():  # type: ignore[operator]
        assert not done.wait(0.002)


def test_a_change_wakes_it(port: PtyPort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK", 60.0)
    kernel, heard = Kernel(monkeypatch), Heard()
    kernel.lines = CTS
    cos = opened(port, heard)
    assert heard.level() is True
    wait_for(threading.Event(), lambda: kernel.waits == 1)
    at = time.monotonic_ns()
    kernel.set(0)
    level, when = heard.at()
    assert level is False and at <= when <= time.monotonic_ns()
    cos.close()
    kernel.set(0)


def test_a_change_that_woke_nobody_is_seen_all_the_same(
    port: PtyPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK", 0.01)
    kernel, heard = Kernel(monkeypatch), Heard()
    cos = opened(port, heard)
    assert heard.level() is False
    kernel.lines = CTS
    assert heard.level() is True
    cos.close()
    kernel.set(0)


def test_a_driver_that_cannot_wake_is_read(port: PtyPort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK", 0.01)
    kernel, heard = Kernel(monkeypatch, wakes=False), Heard()
    cos = opened(port, heard, active_high=False)
    assert heard.level() is True
    kernel.set(CTS)
    assert heard.level() is False
    assert kernel.waits == 1, "asked once, not for ever"
    cos.close()


def test_pulled_out_it_reads_off_and_comes_back(port: PtyPort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "AGAIN", 0.01)
    kernel, heard = Kernel(monkeypatch, wakes=False), Heard()
    kernel.lines = CTS
    cos = opened(port, heard)
    assert heard.level() is True
    kernel.gone = True
    assert heard.level() is False and heard.told() is not None
    kernel.gone = False
    assert heard.told() is None and heard.level() is True
    cos.close()


def test_on_a_bench_it_is_a_pin_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    edges = [[(1, 5)], [(0, 6)]]
    wake = os.eventfd(0)

    class Line:
        def attach_input(self) -> None:
            return None

        def edges(self, limit: float, wake: int = -1) -> list[tuple[int, int]]:
            if edges:
                return edges.pop(0)
            os.set_blocking(wake, True)
            os.eventfd_write(wake, os.eventfd_read(wake))
            return []

        def close(self) -> None:
            return None

    monkeypatch.setattr(module, "bench_line", lambda board, serial, signal: Line())
    board = parse_board(BOARD.format(kind="bench", socket='socket = "x"', device="none"))
    heard = Heard()
    spec = ModemLineInput(kind="modem-line", name="cos", serial="s")
    cos = open_input(spec, board, Pins(None), heard.sink, heard.health)
    assert heard.level() is True and heard.at() == (False, 6), "with the bench's own time"
    cos.close()
    os.close(wake)


def test_a_pin_is_opened_as_ever() -> None:
    class Chip(Pins):
        def open_input(self, spec: PinInput, sink: object) -> str:  # type: ignore[override]
            return f"{spec.name} open"

    board = parse_board(BOARD.format(kind="bench", socket='socket = "x"', device="none"))
    heard = Heard()
    made = opening.open_input(PinInput(name="cos", pin=4), board, Chip(None), heard.sink, heard.health)
    assert made == "cos open"  # type: ignore[comparison-overlap]
