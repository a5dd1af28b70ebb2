"""The bench on its real socket: greeting, clock, pins and sound together, stopping."""

import asyncio
import json
import socket
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hw.bench.config import BenchConfig
from hw.bench.gate import FRAME_BYTES, FRAME_NS
from hw.bench.server import MOST_BEHIND, Bench, BenchInUse

from .conftest import some_turns, until

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(config: BenchConfig, *messages: dict[str, Any]) -> Streams:
    reader, writer = await asyncio.open_unix_connection(str(config.socket))
    for message in messages:
        writer.write(json.dumps(message).encode() + b"\n")
    return reader, writer


def attach(gateway: str, pin: int, direction: str, value: int = 0) -> dict[str, Any]:
    return {"op": "attach", "gateway": gateway, "pin": pin, "dir": direction, "value": value, "pull": "down"}


async def line(streams: Streams) -> dict[str, Any]:
    return dict(json.loads(await asyncio.wait_for(streams[0].readline(), 5)))


async def close(*all_streams: Streams) -> None:
    for _, writer in all_streams:
        writer.close()
    await some_turns()


async def test_a_key_at_one_gateway_is_cos_at_another_at_once(bench: Bench, config: BenchConfig) -> None:
    hears = await connect(config, attach("gw2", 4, "in"))
    assert (await line(hears))["value"] == 0
    keys = await connect(config, attach("gw1", 17, "out"))
    await until(lambda: bench._pins.drivers)
    delays = []
    for value in (1, 0) * 20:
        begun = time.monotonic_ns()
        keys[1].write(json.dumps({"op": "write", "pin": 17, "value": value, "at_ns": begun}).encode() + b"\n")
        edge = await line(hears)
        delays.append((time.monotonic_ns() - begun) / 1e6)
        assert edge["value"] == value
        assert begun <= edge["at_ns"] <= time.monotonic_ns()
    assert sorted(delays)[len(delays) // 2] < 5, "an edge must not wait for the 20 ms clock"
    await close(hears, keys)


async def test_a_gateway_process_that_dies_lets_its_outputs_fall(bench: Bench, config: BenchConfig) -> None:
    keys = await connect(config, attach("gw1", 17, "out", 1))
    radio = bench.world.device("gw1/r1")
    await until(lambda: radio.levels["carrier"])
    await close(keys)
    await until(lambda: not radio.levels["carrier"])


async def test_capture_comes_at_the_pace_of_the_bench_clock(bench: Bench, config: BenchConfig) -> None:
    ear = await connect(config, {"op": "sound", "gateway": "gw1", "card": "r1", "dir": "capture"})
    assert await line(ear) == {"ok": True}
    begun = time.monotonic()
    await asyncio.wait_for(ear[0].readexactly(10 * FRAME_BYTES), 5)
    assert time.monotonic() - begun == pytest.approx(0.2, abs=0.06)
    await close(ear)
    assert bench.world.device("gw1/r1").capture is None


async def test_sound_asked_for_wrongly_is_refused(bench: Bench, config: BenchConfig) -> None:
    ear = await connect(config, {"op": "sound", "gateway": "gw1", "card": "r1"})
    assert "dir" in (await line(ear))["error"]
    assert await ear[0].read() == b""
    await close(ear)


async def test_playback_may_follow_its_first_line_in_one_write(bench: Bench, config: BenchConfig) -> None:
    _, writer = streams = await asyncio.open_unix_connection(str(config.socket))
    ask = {"op": "sound", "gateway": "gw1", "card": "r1", "dir": "playback"}
    writer.write(json.dumps(ask).encode() + b"\n" + bytes(FRAME_BYTES))
    device = bench.world.device("gw1/r1")
    await until(lambda: device.buffer.frames)
    await close(streams)


@pytest.mark.parametrize("first", [b"hello\n", b"[1]\n", b"{}\n", b'{"op":7}\n', b"\xff\xfe\n"])
async def test_nonsense_gets_an_answer_and_harms_nobody(
    first: bytes, bench: Bench, config: BenchConfig
) -> None:
    reader, writer = streams = await asyncio.open_unix_connection(str(config.socket))
    writer.write(first)
    assert json.loads(await reader.readline())["ok"] is False
    writer.write(b'{"op":"devices"}\n')
    assert json.loads(await reader.readline())["ok"] is True
    await close(streams)


async def test_a_flood_without_a_line_end_is_cut(bench: Bench, config: BenchConfig) -> None:
    reader, writer = streams = await asyncio.open_unix_connection(str(config.socket))
    writer.write(b"x" * 200_000)
    assert b"longer than" in await reader.readline()
    await close(streams)


async def test_the_clock_makes_up_for_a_late_tick(bench: Bench) -> None:
    await until(lambda: bench.world.done_ns != bench.world.epoch_ns)
    settled = []
    settle = bench.world.settle
    bench.world.settle = lambda start: (settled.append(start), settle(start))  # type: ignore[method-assign]
    bench.world.epoch_ns -= 8 * FRAME_NS  # as if the loop had stood still for so long
    await until(lambda: len(settled) >= 9)
    await until(lambda: time.monotonic_ns() - bench.world.done_ns < 2 * FRAME_NS)
    assert [b - a for a, b in pairwise(settled)] == [FRAME_NS] * (len(settled) - 1)
    assert bench.skipped == 0


async def test_after_a_long_stall_ticks_are_left_out_and_counted(bench: Bench) -> None:
    bench.world.epoch_ns -= (MOST_BEHIND + 50) * FRAME_NS
    await until(lambda: bench.skipped)
    assert bench.skipped >= MOST_BEHIND
    await until(lambda: time.monotonic_ns() - bench.world.done_ns < 2 * FRAME_NS)


async def test_a_second_bench_on_the_socket_is_refused_and_a_dead_one_replaced(
    bench: Bench, config: BenchConfig, tmp_path: Path
) -> None:
    with pytest.raises(BenchInUse, match="another bench is running"):
        await Bench(config).start()
    stale = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(stale))
    second = Bench(config.model_copy(update={"socket": stale}))
    await second.start()
    await second.stop()
    assert not stale.exists()


async def test_stop_ends_connections_and_removes_the_socket(config: BenchConfig) -> None:
    bench = Bench(config)
    await bench.start()
    pins = await connect(config, attach("gw1", 4, "in"))
    await line(pins)
    await bench.stop()
    assert not config.socket.exists()
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await asyncio.wait_for(pins[0].readexactly(1), 5)
    await close(pins)
