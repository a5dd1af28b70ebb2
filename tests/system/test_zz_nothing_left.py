"""The last test of all: no process, port, socket, mount or file of the run remains.

Whatever it finds was left by a test that ran before it; the tests above it show that it would be seen.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.leftovers import Run
from tests.system.town_fixture import until

PATIENCE = 10.0
ESCAPE = "import os, time; os.setsid(); os.fork() and os._exit(0); time.sleep(60)"


def gone(look: Callable[[], list[str]], limit: float = PATIENCE) -> list[str]:
    """What is still there after a while: what a test has ended may take a moment to be gone."""
    end = time.monotonic() + limit
    while (found := look()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def test_a_process_that_left_its_parent_is_seen(run: Run) -> None:
    before = set(run.processes())
    subprocess.run([sys.executable, "-c", ESCAPE], check=True)
    until(lambda: set(run.processes()) - before, 5, "the process that was left behind")
    (left,) = set(run.processes()) - before
    assert "time.sleep(60)" in left
    os.kill(int(left.split()[1].rstrip(":")), 9)
    assert gone(lambda: list(set(run.processes()) - before)) == []


def test_ports_sockets_and_files_are_seen(run: Run, tmp_path: Path) -> None:
    before = set(run.all())
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as unix,
        tempfile.NamedTemporaryFile() as file,
    ):
        udp.bind(("127.0.0.1", 0))
        unix.bind(str(tmp_path / "s"))
        assert set(run.all()) - before == {
            f"port {tcp.getsockname()[1]} (SOCK_STREAM)",
            f"port {udp.getsockname()[1]} (SOCK_DGRAM)",
            f"socket {tmp_path / 's'}",
            f"file {file.name}",
        }
    assert set(run.all()) <= before


def test_a_mount_is_seen(run: Run, tmp_path: Path) -> None:
    done = subprocess.run(["mount", "-t", "tmpfs", "none", str(tmp_path)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        assert run.mounts() == [f"mount {tmp_path}"]
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert run.mounts() == []


def test_nothing_of_the_run_remains(run: Run) -> None:
    assert gone(run.all) == []
