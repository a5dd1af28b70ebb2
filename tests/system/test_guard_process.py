"""The real guard process on bench pins, with its gateway frozen, killed, and hung with a live heartbeat.

Asserted are safety limits: a transmitter is off at the latest LATE after the lease that was worked out last,
and at once when the gateway's process is gone. The pins are seen from outside, at the bench's end.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

LATE = 0.2
LEFT_MS = 600
FEEDER = Path(__file__).with_name("guard_feeder.py")
PTT, AMP = 17, 5
BOARD = """\
[board]
name = "gw-1"
kind = "bench"
socket = "bench.sock"
[[output]]
name = "r1.ptt"
pin = 17
longest = {longest}
[[output]]
name = "pa1.amp"
pin = 5
active_high = false
longest = 60.0
"""


@dataclass
class PinServer:
    """The bench's side of the pin protocol: every level with the time at which it was seen here."""

    path: Path
    edges: list[tuple[int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._conns: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            self._conns.append(conn)
            self._threads.append(threading.Thread(target=self._serve, args=(conn,)))
            self._threads[-1].start()

    def _serve(self, conn: socket.socket) -> None:
        pulls: dict[int, int] = {}
        with conn, conn.makefile("rb") as lines:
            try:
                for line in lines:
                    self._take(json.loads(line), conn, pulls)
            except OSError:
                pass
        for pin, pull in pulls.items():
            self._level(pin, pull)

    def _take(self, message: Any, conn: socket.socket, pulls: dict[int, int]) -> None:
        pin = message["pin"]
        if message["op"] == "attach" and message["dir"] == "in":
            conn.sendall(
                json.dumps({"op": "edge", "pin": pin, "value": 0, "at_ns": time.monotonic_ns()}).encode()
                + b"\n"
            )
            return
        if message["op"] == "attach":
            pulls[pin] = int(message["pull"] == "up")
        self._level(pin, message["value"])

    def _level(self, pin: int, level: int) -> None:
        if self.level(pin) != level:
            self.edges.append((pin, level, time.monotonic_ns()))

    def level(self, pin: int) -> int | None:
        return next((level for p, level, _ in reversed(self.edges) if p == pin), None)

    def when(self, pin: int, level: int, limit: float) -> int:
        """Wait until `pin` has `level`; when it took it."""
        end = time.monotonic() + limit
        while self.level(pin) != level:
            assert time.monotonic() < end, f"pin {pin} is not {level} after {limit} s: {self.edges}"
            time.sleep(0.002)
        return next(at for p, _, at in reversed(self.edges) if p == pin)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for conn in self._conns:
            try:
                conn.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join(5)


@dataclass
class Town:
    """One board, its pins and the processes of the test."""

    path: Path
    longest: float = 60.0

    def __post_init__(self) -> None:
        self.board = self.path / "board.toml"
        self.board.write_text(BOARD.format(longest=self.longest))
        self.socket = self.path / "g.sock"
        self.pins = PinServer(self.path / "bench.sock")
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(self.path / "n.sock"))
        self.notify.settimeout(10)
        self.stderr = (self.path / "log").open("a")
        self.processes: list[subprocess.Popen[str]] = []

    def run(self, *args: object, **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *map(str, args)],
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            text=True,
            env=os.environ | env,
        )
        self.processes.append(process)
        return process

    def guard(self) -> subprocess.Popen[str]:
        """The guard, up to its READY=1."""
        env = {"NOTIFY_SOCKET": str(self.path / "n.sock"), "WATCHDOG_USEC": "1000000"}
        guard = self.run("-m", "hw.guard", "--board", self.board, "--socket", self.socket, **env)
        while not self.notify.recv(200).startswith(b"READY=1"):
            assert guard.poll() is None, self.log()
        return guard

    def feeder(self, mode: str = "good", left_ms: int = LEFT_MS) -> subprocess.Popen[str]:
        """A gateway process that holds the transmitter, up to PTT on."""
        feeder = self.run(FEEDER, self.socket, "r1.ptt", left_ms, mode)
        self.pins.when(PTT, 1, 10)
        return feeder

    def order(self, **fields: object) -> None:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(self.socket))
            sock.send(json.dumps(fields).encode() + b"\n")
            sock.settimeout(5)
            while b"stop" not in sock.recv(1000):
                pass

    def log(self) -> str:
        return (self.path / "log").read_text()

    def logged(self, text: str) -> bool:
        """`text` is in the log, or comes within a second: pins are driven first, words written after."""
        end = time.monotonic() + 1
        while text not in self.log():
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self.pins.close()
        self.notify.close()
        self.stderr.close()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    town.close()


def last_feed(feeder: subprocess.Popen[str]) -> int:
    """at_ns of the last feed the (now dead) feeder worked out."""
    feeder.kill()
    feeder.wait()
    assert feeder.stdout is not None
    return int(feeder.stdout.read().split()[-1])


def seconds(later: int, earlier: int) -> float:
    return (later - earlier) / 1e9


def figure(what: str, value: float) -> None:
    print(f"figure: {what}: {value * 1000:.1f} ms")


def test_pins_start_safe(town: Town) -> None:
    town.guard()
    town.pins.when(PTT, 0, 2)
    town.pins.when(AMP, 1, 2)
    assert [(p, v) for p, v, _ in town.pins.edges] == [(PTT, 0), (AMP, 1)], "no glitch"


def test_frozen_gateway(town: Town) -> None:
    town.guard()
    feeder = town.feeder()
    time.sleep(0.35)
    assert town.pins.level(PTT) == 1, "renewed"
    os.kill(feeder.pid, signal.SIGSTOP)
    frozen = time.monotonic_ns()
    off = town.pins.when(PTT, 0, 5)
    time.sleep(0.3)
    assert town.pins.level(PTT) == 0
    lease_end = last_feed(feeder) + LEFT_MS * 1_000_000
    figure("off after freezing", seconds(off, frozen))
    figure("off after end of lease", seconds(off, lease_end))
    assert 0 <= seconds(off, lease_end) <= LATE
    assert seconds(off, frozen) <= LEFT_MS / 1000 + LATE
    assert town.logged("out=r1.ptt on=0 why=expired")


def test_thawed_gateway_does_not_key_by_what_it_had_under_way(town: Town) -> None:
    town.guard()
    feeder = town.feeder(left_ms=300)
    os.kill(feeder.pid, signal.SIGSTOP)
    town.pins.when(PTT, 0, 5)
    os.kill(feeder.pid, signal.SIGCONT)
    on = town.pins.when(PTT, 1, 5)
    assert feeder.stdout is not None
    feeds = []
    while not feeds or feeds[-1] < on:
        feeds.append(int(feeder.stdout.readline()))
    keyed_by = max(at for at in feeds if at <= on)
    assert seconds(on, keyed_by) < 0.1, "keyed by a fresh feed only"


def test_killed_gateway(town: Town) -> None:
    town.guard()
    feeder = town.feeder()
    time.sleep(0.25)
    feeder.kill()
    killed = time.monotonic_ns()
    off = town.pins.when(PTT, 0, 5)
    figure("off after kill -9", seconds(off, killed))
    assert seconds(off, killed) <= LATE
    assert town.logged("out=r1.ptt on=0 why=peer-lost")


def test_hung_gateway_whose_heartbeat_lives(town: Town) -> None:
    town.guard()
    feeder = town.feeder("hung")
    off = town.pins.when(PTT, 0, 5)
    time.sleep(0.5)
    assert feeder.poll() is None, "the heartbeat must still have run"
    assert town.pins.level(PTT) == 0 and sum(p == PTT for p, _, _ in town.pins.edges) == 3, (
        "on once, off once"
    )
    lease_end = last_feed(feeder) + LEFT_MS * 1_000_000
    figure("off after end of lease", seconds(off, lease_end))
    assert 0 <= seconds(off, lease_end) <= LATE


def test_gateway_that_floods(town: Town) -> None:
    town.guard()
    feeder = town.feeder("flood")
    off = town.pins.when(PTT, 0, 5)
    lease_end = last_feed(feeder) + LEFT_MS * 1_000_000
    figure("off after end of lease", seconds(off, lease_end))
    assert seconds(off, lease_end) <= LATE
    assert town.log().count("more is only counted") <= 3


def test_longest_on_time_and_lock(tmp_path: Path) -> None:
    town = Town(tmp_path, longest=1.0)
    try:
        town.guard()
        feeder = town.feeder()
        on = town.pins.when(PTT, 1, 5)
        off = town.pins.when(PTT, 0, 5)
        figure("on for", seconds(off, on))
        assert 1.0 - LATE <= seconds(off, on) <= 1.0 + LATE
        time.sleep(0.5)
        assert town.pins.level(PTT) == 0, "still fed, and locked"
        feeder.kill()
        feeder.wait()
        town.order(op="safe", out="r1.ptt")
        town.feeder()
    finally:
        town.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_told_to_end(town: Town, number: signal.Signals) -> None:
    guard = town.guard()
    town.feeder()
    guard.send_signal(number)
    off = town.pins.when(PTT, 0, 2)
    assert guard.wait(5) == 0, town.log()
    assert not town.socket.exists()
    assert town.logged("out=r1.ptt on=0 why=stop"), "driven safe, not merely let go"
    assert off


def test_killed_guard_comes_back_safe(town: Town) -> None:
    guard = town.guard()
    town.feeder()
    guard.kill()
    town.pins.when(PTT, 0, 2)
    guard.wait()
    assert town.socket.exists(), "left over; the next one must cope"
    edges = len(town.pins.edges)
    town.guard()
    assert [p for p, v, _ in town.pins.edges[edges:] if v == 1 and p == PTT] == []


def test_frozen_guard_misses_its_watchdog(town: Town) -> None:
    guard = town.guard()
    assert [town.notify.recv(200) for _ in range(3)] == [b"WATCHDOG=1"] * 3
    guard.send_signal(signal.SIGSTOP)
    town.notify.settimeout(1.0)
    with pytest.raises(TimeoutError):
        for _ in range(3):  # what was under way
            town.notify.recv(200)


def test_second_guard_is_refused_and_touches_no_pin(town: Town) -> None:
    town.guard()
    town.feeder()
    second = town.run("-m", "hw.guard", "--board", town.board, "--socket", town.socket)
    assert second.wait(10) == 1
    assert "another guard is running on it; there can be one" in town.log()
    assert town.pins.level(PTT) == 1


def test_make_safe_without_a_guard(town: Town) -> None:
    tool = town.run("-m", "hw.guard.make_safe", "--board", town.board)
    assert tool.wait(10) == 0, town.log()
    assert {(p, v) for p, v, _ in town.pins.edges} == {(PTT, 0), (AMP, 1)}
