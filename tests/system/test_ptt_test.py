"""gateway tone --key and ptt-test through the real guard on bench pins: keyed, read back, and never left keyed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hw.guard.machine import Feed
from hw.guard.protocol import encode
from tests.system.test_guard_process import PTT, PinServer

LATE = 1.2
"""The lease (0.8 s) and some: after this nothing may be on, whatever was done to the command."""
BOARD = """\
[board]
name = "gw-1"
kind = "bench"
socket = "bench.sock"
[[card]]
name = "r1"
driver = "bench"
[[serial]]
name = "u"
device = "/tmp/none"
[[output]]
name = "r1.ptt"
pin = 17
longest = 70.0
[[output]]
name = "t1.tx"
kind = "terminal"
family = "tetra"
serial = "u"
longest = 70.0
[[line]]
id = "r1"
kind = "radio"
card = "r1"
ptt = "r1.ptt"
squelch = "vox"
[[line]]
id = "t1"
kind = "tetra"
card = "t1"
serial = "u"
ptt = "t1.tx"
"""
SETTINGS = 'gateway = "gw-1"\nplain = true\nboard = "board.toml"\nstate = "state"\nrun = "run"\n'


def until(done, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.01)


class Site:
    """A guard with its bench pins, and the command line beside it."""

    def __init__(self, folder: Path, board: str = BOARD) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[str]] = []
        self.pins = PinServer(folder / "bench.sock")
        (folder / "gateway.toml").write_text(SETTINGS)
        (folder / "board.toml").write_text(
            board.replace('card = "t1"', 'card = "t1"\n').replace(
                "[[serial]]", '[[card]]\nname = "t1"\ndriver = "bench"\n[[serial]]'
            )
        )
        (folder / "run").mkdir()
        self.guard = self.start("guard")
        until((folder / "run" / "guard.sock").exists)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "firmware", *words, "--config", str(self.folder / "gateway.toml")]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.PIPE}
        self.processes.append(subprocess.Popen(command, text=True, **pipes))
        return self.processes[-1]

    def run(self, *words: str) -> tuple[int, str, str]:
        command = self.start(*words)
        out, err = command.communicate("n\n", timeout=20)
        return command.returncode, out, err

    def hold(self, out: str, seconds: float) -> str:
        """Feed an output for so long; what the guard said."""
        end = time.monotonic() + seconds
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(self.folder / "run" / "guard.sock"))
            while time.monotonic() < end:
                sock.sendall(encode(Feed(out, 500, time.monotonic_ns(), "test")))
                time.sleep(0.1)
            sock.settimeout(1)
            return sock.recv(65536).decode()

    @property
    def level(self) -> int:
        seen = [level for pin, level, _ in self.pins.edges if pin == PTT]
        return seen[-1] if seen else 0

    def close(self) -> None:
        for process in self.processes:
            with process:  # closes its pipes and reaps it
                process.terminate() if process is self.guard else process.kill()
        self.pins.close()


@pytest.fixture
def site(tmp_path, monkeypatch) -> Iterator[Site]:
    monkeypatch.chdir(Path(__file__).parents[2])
    made = Site(tmp_path)
    yield made
    made.close()


def test_it_keys_reads_back_and_lets_go_with_the_times_of_the_edges(site):
    code, out, err = site.run("ptt-test", "r1", "--seconds", "0.3")
    assert (code, err) == (0, "")
    assert "r1.ptt on " in out and "off " in out and "every output is off" in out
    edges = [(at, level) for pin, level, at in site.pins.edges if pin == PTT]
    on = next(at for at, level in edges if level)
    off = next(at for at, level in edges if not level and at > on)
    assert 0.25 < (off - on) / 1e9 < 0.6 and site.level == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP])
def test_nothing_stays_keyed_however_the_command_ends(site, number):
    command = site.start("ptt-test", "r1", "--seconds", "9")
    until(lambda: site.level == 1)
    os.kill(command.pid, number)
    until(lambda: site.level == 0, LATE)
    if number == signal.SIGSTOP:
        command.kill()
    _, err = command.communicate(timeout=10)
    assert command.returncode == (1 if number in (signal.SIGINT, signal.SIGTERM) else -signal.SIGKILL)
    assert "Traceback" not in err and ("let go" in err) == (command.returncode == 1)


def test_it_is_refused_with_what_to_do(site):
    assert site.run("ptt-test", "r9")[0] == 1 and "there is: r1, t1" in site.run("ptt-test", "r9")[2]
    code, _, err = site.run("ptt-test", "t1")
    assert code == 1 and "switched by its driver in the running gateway" in err
    code, out, err = site.run("tone", "r1", "--key")
    assert code == 2 and "dummy load" in err and "not keyed" in err
    assert all(level == 0 for pin, level, _ in site.pins.edges if pin == PTT)
    other = site.start("ptt-test", "r1", "--seconds", "5")
    until(lambda: site.level == 1)
    code, _, err = site.run("ptt-test", "r1")
    assert code == 1 and f"process {other.pid} is connected already" in err and "stop it first" in err
    other.terminate()
    other.communicate(timeout=10)
    site.guard.terminate()
    site.guard.wait(10)
    code, _, err = site.run("ptt-test", "r1")
    assert code == 1 and "start `gateway guard" in err


def test_the_doctor_beside_the_guard_finds_its_outputs_off_and_disturbs_nothing(site):
    lineless = BOARD.split("[[card]]")[0] + "[[output]]" + BOARD.split("[[output]]")[1]
    (site.folder / "board.toml").write_text(lineless)
    code, out, err = site.run("doctor", "--json")
    assert '"where": "output r1.ptt"' in out and '"what": "off (start)"' in out
    assert '"kind": "guard-not-running"' not in out and err == "" and code == 1
    assert all(level == 0 for pin, level, _ in site.pins.edges if pin == PTT)


def test_a_locked_output_stays_locked_and_is_not_keyed(tmp_path, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])
    short = BOARD.replace("longest = 70.0", "longest = 1.0", 1).replace('"vox"', '"vox"\ntimeout = 1.0')
    made = Site(tmp_path, short)
    try:
        holder = made.hold("r1.ptt", 1.3)
        assert made.level == 0 and "longest" in holder
        code, _, err = made.run("ptt-test", "r1", "--seconds", "0.2")
        assert code == 1 and "locked" in err and made.level == 0
        assert made.run("ptt-test", "r1", "--seconds", "0.2")[0] == 1, "it released the lock"
    finally:
        made.close()


def test_a_wiring_sheet_needs_none_of_the_gateway_s_libraries():
    heavy = "{'gpiozero', 'paho', 'httpx', 'pjsua2', 'serial', 'numpy', 'pymicro_vad'}"
    code = f"import sys; from firmware.__main__ import main; main(); sys.stderr.write(str({heavy} & set(sys.modules)))"
    words = ["wiring", "docs/boards/public-address.toml"]
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stderr == "set()" and done.stdout.startswith("WIRING SHEET")
