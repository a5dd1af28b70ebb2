"""hw.devices: found by pattern, set without disturbing anybody, closed without waiting."""

import errno
import os
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from hw import devices
from hw.board import parse_board

from .pty_port import PtyPort


@pytest.fixture
def port(tmp_path: Path) -> Iterator[PtyPort]:
    port = PtyPort(tmp_path)
    yield port
    port.pull()


def test_the_first_by_name_is_found(tmp_path: Path) -> None:
    for name in ("b2", "b1", "c"):
        (tmp_path / name).touch()
    assert devices.find_device(str(tmp_path / "b*")) == str(tmp_path / "b1")
    with pytest.raises(OSError) as caught:
        devices.find_device(str(tmp_path / "z*"))
    assert caught.value.errno == errno.ENOENT


def test_a_port_that_nobody_set_is_made_raw(port: PtyPort) -> None:
    fd = devices.open_device(str(port.link))
    devices.set_tty(fd, 19200, hang_up=True)
    _, oflag, cflag, lflag, _, speed, _ = termios.tcgetattr(fd)
    assert not lflag & (termios.ECHO | termios.ICANON) and not oflag & termios.OPOST
    assert speed == termios.B19200 and cflag & termios.HUPCL
    devices.close_tty(fd)


def test_a_port_that_is_set_is_left_alone(port: PtyPort, monkeypatch: pytest.MonkeyPatch) -> None:
    fd = devices.open_device(str(port.link))
    devices.set_tty(fd, 9600)
    monkeypatch.setattr(termios, "tcsetattr", lambda *_: pytest.fail("set again"))
    devices.set_tty(fd, 9600)
    devices.set_tty(fd, 0)
    with pytest.raises(pytest.fail.Exception):
        devices.set_tty(fd, 1200)
    monkeypatch.undo()
    devices.close_tty(fd)


def test_an_odd_speed_is_refused(port: PtyPort) -> None:
    fd = devices.open_device(str(port.link))
    with pytest.raises(OSError, match="no such speed: 12345"):
        devices.set_tty(fd, 12345)
    devices.close_tty(fd)


def test_an_unplugged_port_is_noticed_and_closed_all_the_same(port: PtyPort) -> None:
    fd = devices.open_device(str(port.link))
    devices.tty_lives(fd)
    port.pull()
    with pytest.raises(OSError) as caught:
        devices.tty_lives(fd)
    assert "unplugged" in devices.advice(caught.value.errno, "x")
    devices.close_tty(fd)
    with pytest.raises(OSError):
        os.fstat(fd)


@pytest.mark.parametrize("waiting", [0, 5])
def test_closing_throws_away_what_is_held_back(
    port: PtyPort, monkeypatch: pytest.MonkeyPatch, waiting: int
) -> None:
    thrown: list[int] = []
    monkeypatch.setattr(devices, "unsent", lambda fd: waiting)
    monkeypatch.setattr(termios, "tcflush", lambda fd, queue: thrown.append(queue))
    fd = devices.open_device(str(port.link))
    devices.close_tty(fd)
    assert thrown == ([termios.TCOFLUSH] if waiting else []), "the kernel would wait up to 30 s for it"
    with pytest.raises(OSError):
        os.fstat(fd)


def test_a_modem_line_of_the_bench_needs_the_bench(tmp_path: Path) -> None:
    board = parse_board(f'[board]\nname = "b"\nkind = "bench"\nsocket = "{tmp_path}/none.sock"\n')
    with pytest.raises(OSError):
        devices.bench_line(board, "digirig", "rts")
