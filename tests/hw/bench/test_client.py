"""The client of the control verbs: replies, refusals, an absent bench."""

import asyncio
from pathlib import Path

import pytest

from hw.bench.client import BenchAway, BenchRefused, ask, ask_async
from hw.bench.config import BenchConfig
from hw.bench.server import Bench

from .conftest import mute_server, until


async def test_blocking_and_async_get_the_same(bench: Bench, config: BenchConfig) -> None:
    one = await asyncio.to_thread(ask, config.socket, "devices", wait_s=5)
    assert one == await ask_async(config.socket, "devices")
    assert len(one["devices"]) == 4
    assert "ok" not in one


async def test_a_refusal_carries_the_words_of_the_bench(bench: Bench, config: BenchConfig) -> None:
    with pytest.raises(BenchRefused, match="no device 'x/y'"):
        await asyncio.to_thread(ask, config.socket, "edges", device="x/y")


async def test_an_absent_bench_is_said(tmp_path: Path) -> None:
    with pytest.raises(BenchAway, match="no bench at"):
        await asyncio.to_thread(ask, tmp_path / "none.sock", "devices")
    with pytest.raises(BenchAway, match="no bench at"):
        await ask_async(tmp_path / "none.sock", "devices")


async def test_a_bench_that_goes_away_during_a_request_is_said(config: BenchConfig, tmp_path: Path) -> None:
    bench = Bench(config)
    await bench.start()
    fields = {"device": "gw1/r1", "seconds": 60, "wav": tmp_path / "x.wav"}
    asked = asyncio.create_task(ask_async(config.socket, "listen", **fields))
    await until(lambda: bench.world.device("gw1/r1").recordings)
    await bench.stop()
    with pytest.raises(BenchAway):
        await asyncio.wait_for(asked, 5)


async def test_a_bench_that_never_answers_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hw.bench.client.MARGIN_S", 0.05)
    path = tmp_path / "mute.sock"
    async with mute_server(path):
        with pytest.raises(BenchAway, match="did not answer"):
            await ask_async(path, "devices", wait_s=0)
        with pytest.raises(BenchAway, match="no bench at"):
            await asyncio.to_thread(ask, path, "devices", wait_s=0)
