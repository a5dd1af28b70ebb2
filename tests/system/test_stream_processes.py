"""The stream door between two processes: round trip, and a neighbour that is killed and started again."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from link.bus.port import Frame, PeerDown, PeerUp
from link.bus.stream import StreamServer


class Echo:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "tests.system.stream_echo", str(self._path)])

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Echo]:
    made = Echo(tmp_path / "s.sock")
    yield made
    made.kill()


async def test_round_trip(echo: Echo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """500 frames of 60 bytes, there and back, one at a time."""
    server, facts = StreamServer(tmp_path / "s.sock", "core"), asyncio.Queue[object]()
    await server.start(facts.put_nowait)
    echo.start()
    assert await facts.get() == PeerUp("echo")
    took = []
    for n in range(500):
        payload = n.to_bytes(60, "big")
        began = time.perf_counter()
        assert server.send("echo", payload)
        assert await facts.get() == Frame("echo", payload)
        took.append(time.perf_counter() - began)
    took.sort()
    p50, p99 = took[250] * 1e3, took[495] * 1e3
    with capsys.disabled():
        print(f"\nstream door round trip between processes, 500 x 60 B: p50 {p50:.3f} ms p99 {p99:.3f} ms")
    await server.stop()
    assert p50 < 2.0


async def test_killed_neighbour_is_told_and_may_come_back(echo: Echo, tmp_path: Path) -> None:
    server, facts = StreamServer(tmp_path / "s.sock", "core"), asyncio.Queue[object]()
    await server.start(facts.put_nowait)
    echo.start()
    assert await facts.get() == PeerUp("echo")
    echo.kill()
    down = await facts.get()
    assert isinstance(down, PeerDown) and down.peer == "echo" and not server.send("echo", b"x")
    echo.start()
    assert await facts.get() == PeerUp("echo")
    await server.stop()
