"""Telling a front: what is said when there is none, and that files are tried before anything is told."""

import os
from pathlib import Path

import pytest

from central.front import reload as module
from central.front.errors import FrontError
from central.front.reload import check, command, is_running, program, reload


def test_without_nginx_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.front.reload.shutil.which", lambda name, path: None)
    with pytest.raises(
        FrontError, match="nginx is missing: run scripts/setup, or install the package nginx-light"
    ):
        program()


def test_the_command_runs_in_the_foreground_with_its_own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central.front.reload.shutil.which", lambda name, path: "/usr/sbin/nginx")
    words = command(Path("/a b"))
    assert words == ("/usr/sbin/nginx", "-p", "/a b", "-e", "stderr", "-c", "/a b/nginx.conf")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Signals that were sent; nginx finds its files good."""
    sent: list[int] = []
    monkeypatch.setattr(module, "command", lambda folder: ("true",))
    monkeypatch.setattr(module.os, "kill", lambda pid, number: sent.append(pid))
    return sent


@pytest.mark.parametrize(
    "pid", [None, "", "x\n", "999999999\n", f"{os.getpid()}\n"], ids=str.split("none empty word gone ours")
)
def test_another_program_is_never_told(tmp_path: Path, told: list[int], pid: str | None) -> None:
    """A stale pid file may name anybody."""
    if pid is not None:
        (tmp_path / "nginx.pid").write_text(pid)
    assert not is_running(tmp_path)
    with pytest.raises(FrontError, match="no front runs in"):
        reload(tmp_path)
    assert told == []


def test_bad_files_are_said_and_nobody_is_told(
    tmp_path: Path, told: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "command", lambda folder: ("sh", "-c", "echo bad crl >&2; exit 1"))
    with pytest.raises(FrontError, match="nginx refuses .*nginx.conf: bad crl"):
        reload(tmp_path)
    with pytest.raises(FrontError):
        check(tmp_path)
    assert told == []
