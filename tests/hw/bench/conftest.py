"""A bench with two radios on one frequency, one apart and a loudspeaker; on a real socket where asked for."""

import asyncio
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from hw.bench.config import BenchConfig, parse_config
from hw.bench.server import Bench

FREQUENCY = 150_000_000
APART = 160_000_000


def config_text(socket: Path, extra: str = "") -> str:
    return f"""
socket = "{socket}"

[[radio]]
gateway = "gw1"
line = "r1"
card = "r1"
frequency_hz = {FREQUENCY}
ptt_pin = 17
cos_pin = 4
{extra}

[[radio]]
gateway = "gw2"
line = "r1"
card = "r1"
frequency_hz = {FREQUENCY}
ptt_pin = 17
cos_pin = 4

[[radio]]
gateway = "gw3"
line = "r1"
card = "r1"
frequency_hz = {APART}
ptt_pin = 18
cos_pin = 5
attack_ms = 20
squelch_ms = 30
tail_ms = 40

[[loudspeaker]]
gateway = "gw3"
line = "pa1"
card = "pa1"
relay_pin = 22
warm_up_ms = 50
"""


@pytest.fixture
def config(tmp_path: Path) -> BenchConfig:
    path = tmp_path / "b.sock"
    return parse_config(config_text(path), path)


@pytest_asyncio.fixture
async def bench(config: BenchConfig) -> AsyncIterator[Bench]:
    running = Bench(config)
    await running.start()
    yield running
    await running.stop()
    await asyncio.sleep(0)


@pytest.fixture
def make_wav(tmp_path: Path) -> Callable[..., Path]:
    """Writes seconds of noise (or the given samples) to a WAV and gives its path."""

    def make(
        seconds: float = 0.2, rate: int = 16000, channels: int = 1, samples: np.ndarray | None = None
    ) -> Path:
        sound = samples
        if sound is None:
            sound = np.random.default_rng(5).integers(-8000, 8000, int(seconds * rate) * channels)
        path = tmp_path / f"in-{rate}-{channels}.wav"
        with wave.open(str(path), "wb") as out:
            out.setnchannels(channels)
            out.setsampwidth(2)
            out.setframerate(rate)
            out.writeframes(sound.astype("<i2").tobytes())
        return path

    return make


def samples_of(path: Path) -> np.ndarray:
    with wave.open(str(path), "rb") as source:
        return np.frombuffer(source.readframes(source.getnframes()), "<i2")


async def until(done: Callable[[], Any]) -> None:
    """Waits, at most 5 s, for something that real sockets and the real clock of a bench bring about."""
    async with asyncio.timeout(5):
        while not done():
            await asyncio.sleep(0)


async def some_turns() -> None:
    """Lets the loop finish what closing a connection begins."""
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def mute_server(path: Path) -> AsyncIterator[None]:
    """Something that accepts connections on a socket and never says a word."""
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_unix_server(lambda _, writer: writers.append(writer), str(path))
    try:
        yield
    finally:
        server.close()
        await some_turns()
        for writer in writers:
            writer.close()
        await some_turns()
