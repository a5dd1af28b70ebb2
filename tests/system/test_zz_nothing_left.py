"""The last test of all: no process, port, socket, mount or file of the run remains.

Whatever it finds was left by a test that ran before it; the tests above it show that it would be seen.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.leftovers import Run
from tests.system.gone import gone
from tests.system.town_fixture import until

ROOT = Path(__file__).parents[2]
ESCAPE = "import os, time; os.setsid(); os.fork() and os._exit(0); time.sleep(60)"


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


OTHER_RUN = """
from functools import partial
from tests import conftest
from tests.conftest import run
conftest.gone = partial(conftest.gone, limit=0.3)
"""
LEAVING = """
import subprocess, sys, pytest
@pytest.mark.parametrize("name", "abcd")
def test_a_process_is_left(name):
    if name == "a":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"], start_new_session=True)
"""


def test_what_is_left_by_a_test_fails_the_worker_in_which_it_ran(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(OTHER_RUN)
    (tmp_path / "test_leaving.py").write_text(LEAVING)
    words = f"-m pytest -n 2 -p no:cacheprovider -W ignore --basetemp {tmp_path / 't'} {tmp_path}"
    command = [sys.executable, *words.split()]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "4 passed, 1 error" in done.stdout, done.stdout
    assert "left behind by a test that ran before, in the same worker" in done.stdout
    (left,) = set(re.findall(r"process (\d+): \S+ -c import time; time.sleep\(30\)", done.stdout))
    os.kill(int(left), 9)


def test_nothing_of_the_run_remains(run: Run) -> None:
    assert gone(run.all) == []
