"""A stuck transmitter of every output kind: the real guard, a device of each kind, and a gateway that goes wrong.

One board has them all, so that each is let go of while the others are too. The gateway's drivers are raw bytes of
the test on the same ports; nothing of them is left to help once the gateway is frozen, killed or hung.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.system.output_rigs import Site
from tests.system.test_guard_process import FEEDER, last_feed

KINDS = ("pin", "hid", "modem-line", "rig", "tetra", "map27", "phone", "coil")
FAULTS = ("stopped", "killed", "hung", "guard-told-to-end", "guard-killed")
LEFT_MS = 400
LIMIT = 2.0


@dataclass
class Play:
    """The site and its processes; `seconds[fault][output]` from the fault, or the last lease, to safe."""

    folder: Path
    seconds: dict[str, dict[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.site = Site(self.folder)
        self.socket = self.folder / "g.sock"
        self.errors = (self.folder / "log").open("w")
        self.processes: list[subprocess.Popen[str]] = []
        self._mark = 0

    def run(self, *args: object) -> subprocess.Popen[str]:
        command = [sys.executable, *map(str, args)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.processes.append(process)
        return process

    def guard(self) -> subprocess.Popen[str]:
        guard = self.run("-m", "hw.guard", "--board", self.site.board, "--socket", self.socket)
        end = time.monotonic() + 10
        while f"socket={self.socket}" not in self.log()[self._mark :]:
            assert guard.poll() is None and time.monotonic() < end, self.log()
            time.sleep(0.02)
        return guard

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def feeder(self, mode: str) -> subprocess.Popen[str]:
        feeder = self.run(FEEDER, self.socket, ",".join(KINDS), LEFT_MS, mode)
        self.site.key()
        return feeder

    def note(self, fault: str, since_ns: int, safe: dict[str, int] | None = None) -> None:
        """How long each output took; one that did not within the limit and a little is missing."""
        safe = self.site.safe_at(LIMIT + 0.5) if safe is None else safe
        self.seconds[fault] = {name: (at - since_ns) / 1e9 for name, at in safe.items()}

    def play(self) -> None:
        """Every fault, one after the other. Seconds count from it; with a hung gateway from its last feed."""
        guard = self.guard()
        feeder = self.feeder("good")
        time.sleep(LEFT_MS / 1000 + 0.1)
        assert all(device.keyed() for device in self.site.devices.values()), "renewed"
        os.kill(feeder.pid, signal.SIGSTOP)
        self.note("stopped", time.monotonic_ns())
        last_feed(feeder)
        feeder = self.feeder("good")
        feeder.kill()
        self.note("killed", time.monotonic_ns())
        feeder = self.feeder("hung-later")
        safe = self.site.safe_at(3.0 + LIMIT)
        assert feeder.poll() is None, "its heartbeat must still run"
        self.note("hung", last_feed(feeder), safe)
        self.feeder("good")
        guard.terminate()
        self.note("guard-told-to-end", time.monotonic_ns())
        assert guard.wait(5) == 0
        self._mark = len(self.log())
        guard = self.guard()
        self.feeder("good")
        guard.kill()
        guard.wait()
        since = time.monotonic_ns()
        tool = self.run("-m", "hw.guard.make_safe", "--board", self.site.board)
        self.note("guard-killed", since)
        assert tool.wait(10) == 0, self.log()

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self.errors.close()
        self.site.close()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    play = Play(tmp_path_factory.mktemp("outputs"))
    try:
        play.play()
        yield play
    finally:
        play.close()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_let_go_of(played: Play, kind: str, fault: str) -> None:
    assert kind in played.seconds[fault], f"{kind} is still keyed: {played.log()[-3000:]}"
    print(f"figure: {kind} safe after {fault}: {played.seconds[fault][kind] * 1000:.0f} ms")
    assert played.seconds[fault][kind] <= LIMIT
