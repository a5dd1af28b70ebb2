"""notify: words reach the notify socket, and nothing ever raises or blocks."""

import os
import socket
from pathlib import Path

import pytest

from link.hosting.notify import notify, watchdog_interval


def test_word_reaches_the_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(path)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        assert notify("READY=1")
        assert sock.recv(100) == b"READY=1"


def test_abstract_address(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"spillway-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("\0" + name)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name)
        assert notify("WATCHDOG=1")
        assert sock.recv(100) == b"WATCHDOG=1"


def test_silent_without_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "none"))
    assert not notify("READY=1")


def test_full_socket_does_not_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(path)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        assert not all(notify("WATCHDOG=1") for _ in range(2000))


@pytest.mark.parametrize(
    ("micros", "pid", "interval"),
    [
        ("3000000", "", 3.0),
        ("500000", "OURS", 0.5),
        ("500000", "1", None),
        ("x", "", None),
        ("0", "", None),
    ],
)
def test_watchdog_interval(
    micros: str, pid: str, interval: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", micros)
    monkeypatch.setenv("WATCHDOG_PID", pid.replace("OURS", str(os.getpid())))
    assert watchdog_interval() == interval
