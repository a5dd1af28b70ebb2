"""The bench and its pipe program as processes: starting, refusing, telling systemd, ending."""

import os
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from hw.bench.client import ask

from .sound_rig import BENCH, bench_process, until

PIPE = Path(str(find_spec("hw.bench.pipe").origin))  # type: ignore[union-attr]


def pipe(*arguments: str, **kwargs: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(PIPE), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **kwargs,  # type: ignore[call-overload]
    )


def last_words(process: "subprocess.Popen[bytes]") -> bytes:
    """Waits for the end and gives what it said on stderr; every descriptor is closed."""
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    process.wait(10)
    said = process.stderr.read()
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()
    return said


def test_it_tells_systemd_and_ends_cleanly_on_a_signal(tmp_path: Path) -> None:
    config = tmp_path / "bench.toml"
    config.write_text(BENCH.format(socket=tmp_path / "b.sock"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        environment = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}
        process = subprocess.Popen(
            [sys.executable, "-m", "hw.bench", "--config", str(config)], env=environment
        )
        assert systemd.recv(100) == b"READY=1"
        assert systemd.recv(100) == b"WATCHDOG=1"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert not (tmp_path / "b.sock").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [("socket = 3", "socket: "), ('socket = "s"\nspeed = 3', "unknown key 'speed'"), ("x", "not valid TOML")],
)
def test_a_bad_config_stops_the_start_with_a_clear_text(text: str, said: str, tmp_path: Path) -> None:
    config = tmp_path / "bench.toml"
    config.write_text(text)
    result = subprocess.run(
        [sys.executable, "-m", "hw.bench", "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_killed_bench_can_be_started_again(tmp_path: Path) -> None:
    with bench_process(tmp_path) as (path, process):
        process.kill()
        process.wait()
        assert path.exists()
        with bench_process(tmp_path) as (path, _):
            assert len(ask(path, "devices")["devices"]) == 2


def test_the_pipe_says_why_it_cannot_open(tmp_path: Path) -> None:
    with bench_process(tmp_path) as (path, _):
        for arguments, said in (
            ((str(tmp_path / "no.sock"), "gw1", "r1", "capture"), b"no bench at"),
            ((str(path), "gw1", "r9", "capture"), b"no card 'r9'"),
            ((str(path), "gw1", "r1"), b"usage"),
        ):
            process = pipe(*arguments)
            assert said in last_words(process)
            assert process.returncode == 2


@pytest.mark.parametrize("direction", ["capture", "playback"])
def test_the_pipe_ends_with_either_side(direction: str, tmp_path: Path) -> None:
    with bench_process(tmp_path) as (path, bench):
        process = pipe(str(path), "gw1", "r1", direction)
        key = "capture" if direction == "capture" else "playback"
        until(lambda: ask(path, "devices")["devices"][0]["sound"][key])
        assert process.stdin is not None and process.stdout is not None
        (process.stdout if direction == "capture" else process.stdin).close()
        last_words(process)
        until(lambda: not ask(path, "devices")["devices"][0]["sound"][key])
        process = pipe(str(path), "gw1", "r1", direction)
        until(lambda: ask(path, "devices")["devices"][0]["sound"][key])
        bench.kill()
        assert b"went away" in last_words(process)


def test_the_pipe_starts_quickly(tmp_path: Path) -> None:
    with bench_process(tmp_path) as (path, _):
        times = []
        for _ in range(5):
            begun = time.monotonic()
            process = pipe(str(path), "gw1", "r1", "capture")
            assert process.stdout is not None
            process.stdout.read(1)
            times.append(time.monotonic() - begun)
            process.kill()
            last_words(process)
            until(lambda: not ask(path, "devices")["devices"][0]["sound"]["capture"])
        assert min(times) < 0.2
