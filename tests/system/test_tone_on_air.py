"""`gateway tone --key` on a bench radio: what goes on the air is 1 kHz, whole, and nothing stays keyed."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hw.bench.client import ask
from scripts.town.listening import load

BENCH = """\
socket = "{folder}/bench.sock"
[[radio]]
gateway = "gw-1"
line = "r1"
card = "r1"
frequency_hz = 150000000
ptt_pin = 17
cos_pin = 22
"""
BOARD = """\
board = { name = "gw-1", kind = "bench", socket = "bench.sock" }
card = [{ name = "r1", driver = "bench" }]
output = [{ name = "r1.ptt", pin = 17, longest = 70.0 }]
input = [{ name = "r1.cos", pin = 22 }]
[[line]]
id = "r1"
kind = "radio"
card = "r1"
ptt = "r1.ptt"
cos = "r1.cos"
lead_ms = 100
tail_ms = 100
"""
SETTINGS = 'gateway = "gw-1"\nplain = true\nboard = "board.toml"\nstate = "state"\nrun = "run"\n'


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "bench.toml").write_text(BENCH.format(folder=tmp_path))
    (tmp_path / "board.toml").write_text(BOARD)
    (tmp_path / "gateway.toml").write_text(SETTINGS)
    (tmp_path / "run").mkdir()
    running: list[subprocess.Popen[bytes]] = []

    def start(socket: Path, *words: str) -> None:
        running.append(subprocess.Popen([sys.executable, "-m", *words], stderr=subprocess.DEVNULL))
        end = time.monotonic() + 10
        while not socket.exists():
            assert time.monotonic() < end, f"{words[0]} did not start"
            time.sleep(0.02)

    try:
        start(tmp_path / "bench.sock", "hw.bench", "--config", str(tmp_path / "bench.toml"))
        guard = ("firmware", "guard", "--config", str(tmp_path / "gateway.toml"))
        start(tmp_path / "run" / "guard.sock", *guard)
        yield tmp_path
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(10)


def test_the_tone_is_on_the_air_while_the_transmitter_is(site: Path):
    bench = site / "bench.sock"
    listen = ask(bench, "listen_start", device="gw-1/r1")["id"]
    words = ("tone", "r1", "--config", str(site / "gateway.toml"), "--seconds", "2", "--key", "--yes")
    done = subprocess.run(
        [sys.executable, "-m", "firmware", *words], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = ask(bench, "listen_stop", id=listen, wav=site / "air.wav")
    assert [edge["value"] for edge in told["edges"] if edge["what"] == "ptt"] == [1, 0]
    sound = load(site / "air.wav")
    loud = np.flatnonzero(np.abs(sound) > 0.02)
    assert 1.9 < (loud[-1] - loud[0]) / 16000 < 2.1, "the lead was waited for and the end is whole"
    heard = sound[loud[0] : loud[-1]]
    spectrum = np.abs(np.fft.rfft(heard))
    assert np.argmax(spectrum) * 16000 / len(heard) == pytest.approx(1000, abs=2)
