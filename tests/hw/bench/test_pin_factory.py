"""gpiozero devices on bench pins: written through, driven by edges, debounced, reconnected."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import gpiozero
import pytest
import pytest_asyncio

from hw.bench import pin_factory
from hw.bench.config import BenchConfig
from hw.bench.pin_factory import BenchFactory
from hw.bench.server import Bench

from .conftest import mute_server, until

FREQUENCY = 150_000_000


@pytest_asyncio.fixture
async def factory(bench: Bench, config: BenchConfig) -> AsyncIterator[BenchFactory]:
    made = await asyncio.to_thread(BenchFactory, str(config.socket), "gw1")
    yield made
    await asyncio.to_thread(made.close)


async def output(factory: BenchFactory, pin: int, on: bool = False) -> Any:
    return await asyncio.to_thread(lambda: gpiozero.OutputDevice(pin, initial_value=on, pin_factory=factory))


async def listened(factory: BenchFactory, pin: int) -> tuple[Any, Any, list[tuple[float, int]]]:
    """An input and what its callback was told; the callback must be kept by the caller."""
    seen: list[tuple[float, int]] = []

    def note(ticks: float, state: int) -> None:
        seen.append((ticks, state))

    device = await asyncio.to_thread(
        lambda: gpiozero.InputDevice(pin, pull_up=None, active_state=True, pin_factory=factory)
    )
    device.pin.edges = "both"
    device.pin.when_changed = note
    return device, note, seen


async def test_an_output_reaches_the_radio_and_its_release_too(bench: Bench, factory: BenchFactory) -> None:
    radio = bench.world.device("gw1/r1")
    ptt = await output(factory, 17)
    ptt.on()
    await until(lambda: radio.levels["carrier"])
    ptt.off()
    await until(lambda: not radio.levels["carrier"])
    ptt.on()
    await until(lambda: radio.levels["carrier"])
    await asyncio.to_thread(ptt.close)
    await until(lambda: not radio.levels["carrier"])


async def test_an_output_opened_on_has_no_glitch(bench: Bench, factory: BenchFactory) -> None:
    radio = bench.world.device("gw1/r1")
    ptt = await output(factory, 17, on=True)
    await until(lambda: radio.levels["ptt"])
    assert ptt.is_active
    assert [(e.what, e.value) for e in radio.edges] == [("ptt", 1), ("carrier", 1)]


async def test_closing_the_factory_lets_go_of_everything(bench: Bench, config: BenchConfig) -> None:
    radio = bench.world.device("gw1/r1")
    made = await asyncio.to_thread(BenchFactory, str(config.socket), "gw1")
    ptt = await output(made, 17, on=True)
    await until(lambda: radio.levels["ptt"])
    await asyncio.to_thread(made.close)
    assert ptt.closed is False
    await until(lambda: not radio.levels["ptt"])
    assert not [t for t in threading.enumerate() if t.name == "bench-pins-gw1"]


async def test_an_input_knows_its_level_when_it_is_made(bench: Bench, factory: BenchFactory) -> None:
    bench.world.trouble("gw1/r1", "stick_cos", 0)
    device, _, seen = await listened(factory, 4)
    assert device.is_active
    assert seen == []


async def test_edges_arrive_with_the_time_of_the_bench(bench: Bench, factory: BenchFactory) -> None:
    _device, _note, seen = await listened(factory, 4)
    radio = bench.world.device("gw1/r1")
    for _ in range(3):
        bench.world.key("h", FREQUENCY, time.monotonic_ns())
        bench.world.unkey("h", time.monotonic_ns())
    await until(lambda: len(seen) == 6)
    assert [state for _, state in seen] == [1, 0] * 3
    assert [round(ticks * 1e9, -3) for ticks, _ in seen] == [
        pytest.approx(e.t_ns, abs=2000) for e in radio.edges if e.what == "cos"
    ]


async def test_a_bouncing_contact_is_debounced_when_asked(bench: Bench, factory: BenchFactory) -> None:
    device, _note, seen = await listened(factory, 4)
    bench.world.trouble("gw1/r1", "bounce_cos", 0)
    device.pin.bounce = 0.03
    bench.world.key("h", FREQUENCY, time.monotonic_ns())
    bench._arm()
    await until(lambda: bench.world.deadline is None)
    assert len([e for e in bench.world.device("gw1/r1").edges if e.what == "cos"]) >= 3
    await until(lambda: seen)
    late = time.monotonic() + 0.06
    await until(lambda: time.monotonic() > late)
    assert [state for _, state in seen] == [1]


async def test_without_debounce_every_bounce_is_seen(bench: Bench, factory: BenchFactory) -> None:
    _device, _note, seen = await listened(factory, 4)
    bench.world.trouble("gw1/r1", "bounce_cos", 0)
    bench.world.key("h", FREQUENCY, time.monotonic_ns())
    bench._arm()
    await until(lambda: bench.world.deadline is None)
    bounces = [e.value for e in bench.world.device("gw1/r1").edges if e.what == "cos"]
    assert len(bounces) >= 3
    await until(lambda: [state for _, state in seen] == bounces)


async def test_a_listener_that_fails_does_not_stop_the_edges(bench: Bench, factory: BenchFactory) -> None:
    device, _note, _seen = await listened(factory, 4)
    told: list[int] = []

    def bad(_ticks: float, state: int) -> None:
        told.append(state)
        raise RuntimeError("listener")

    device.pin.when_changed = bad
    bench.world.key("h", FREQUENCY, time.monotonic_ns())
    bench.world.unkey("h", time.monotonic_ns())
    await until(lambda: told == [1, 0])


async def test_a_pin_in_use_elsewhere_stays_with_its_owner(
    bench: Bench, config: BenchConfig, factory: BenchFactory, caplog: pytest.LogCaptureFixture
) -> None:
    mine = await output(factory, 17, on=True)
    other = await asyncio.to_thread(BenchFactory, str(config.socket), "gw1")
    try:
        theirs = await output(other, 17)
        await until(lambda: "driven by another process" in caplog.text)
        assert bench.world.device("gw1/r1").levels["ptt"] == 1
        assert mine.is_active and not theirs.is_active
    finally:
        await asyncio.to_thread(other.close)


async def test_no_bench_no_factory(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        BenchFactory(str(tmp_path / "none.sock"), "gw1")


async def test_a_bench_that_restarts_gets_the_pins_back(
    config: BenchConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pin_factory, "RETRY_S", 0.02)
    first = Bench(config)
    await first.start()
    made = await asyncio.to_thread(BenchFactory, str(config.socket), "gw1")
    try:
        ptt = await output(made, 17, on=True)
        cos, _note, seen = await listened(made, 4)
        await first.stop()
        await until(lambda: made._link is None)
        with pytest.raises(OSError, match="is gone"):
            ptt.off()
        second = Bench(config)
        second.world.trouble("gw1/r1", "stick_cos", 0)
        await second.start()
        await until(lambda: cos.is_active)
        assert [state for _, state in seen] == [1]
        assert second.world.device("gw1/r1").levels["ptt"] == 0
        ptt.on()
        await until(lambda: second.world.device("gw1/r1").levels["ptt"])
        await second.stop()
    finally:
        await asyncio.to_thread(made.close)


async def test_a_silent_bench_is_an_error_not_a_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pin_factory, "ANSWER_S", 0.05)
    path = tmp_path / "mute.sock"
    async with mute_server(path):
        made = await asyncio.to_thread(BenchFactory, str(path), "gw1")
        with pytest.raises(OSError, match="does not answer for pin 4"):
            await listened(made, 4)
        await asyncio.to_thread(made.close)
