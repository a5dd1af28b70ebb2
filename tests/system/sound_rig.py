"""For the sound tests: a bench process, a media clock thread, and a list of facts."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from hw.bench.client import BenchAway, ask

BENCH = """
socket = "{socket}"
[[radio]]
gateway = "gw1"
line = "r1"
card = "r1"
frequency_hz = 150000000
ptt_pin = 17
cos_pin = 4
[[loudspeaker]]
gateway = "gw1"
line = "pa1"
card = "pa1"
relay_pin = 22
monitor = true
"""


def until(done: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.005)


@contextmanager
def bench_process(folder: Path) -> Iterator[tuple[Path, "subprocess.Popen[bytes]"]]:
    """A bench in its own process: (socket, process)."""
    config = folder / "bench.toml"
    config.write_text(BENCH.format(socket=folder / "b.sock"))
    process = subprocess.Popen([sys.executable, "-m", "hw.bench", "--config", str(config)])
    try:
        until(lambda: answers(folder / "b.sock"))
        yield folder / "b.sock", process
    finally:
        process.kill()
        process.wait()


def answers(socket: Path) -> bool:
    try:
        ask(socket, "devices", wait_s=1)
    except BenchAway:
        return False
    return True


@contextmanager
def media_clock(turn: Callable[[], None]) -> Iterator[None]:
    """Calls turn() every 20 ms, as an engine's clock thread would."""
    stop = threading.Event()

    def run() -> None:
        due = time.monotonic()
        while not stop.is_set():
            turn()
            due += 0.02
            time.sleep(max(0.0, due - time.monotonic()))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def tone(hz: float, seconds: float, rate: int = 16000, amplitude: float = 8000) -> np.ndarray:
    times = np.arange(int(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * hz * times)).astype("<i2")


def frames_of(samples: np.ndarray, rate: int = 16000) -> list[bytes]:
    size = rate // 50
    return [samples[n : n + size].tobytes() for n in range(0, len(samples) - size + 1, size)]


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def children_of(pid: int, word: str) -> list[int]:
    """Pids below `pid` whose command line holds `word`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            line = (folder / "cmdline").read_bytes().decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid and word in line:
            found.append(int(folder.name))
    return found
