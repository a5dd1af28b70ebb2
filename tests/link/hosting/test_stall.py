"""StallWatch: a loop that stood still is named with how long and by whom; one that runs is not."""

import asyncio
from types import SimpleNamespace

import pytest

from link.hosting import stall
from link.hosting.clock import settle_loop
from link.hosting.stall import LOOK_EVERY, StallWatch


class Machine:
    """A monotonic clock on which each look comes `late` seconds late."""

    def __init__(self, lates: list[float]) -> None:
        self.now = 100.0
        self.lates = iter(lates)
        self.asleep = False

    def monotonic(self) -> float:
        if self.asleep:
            self.now += LOOK_EVERY + next(self.lates, 0.0)
        self.asleep = not self.asleep
        return self.now


async def watched(lates: list[float], monkeypatch: pytest.MonkeyPatch) -> StallWatch:
    clock = Machine(lates)
    monkeypatch.setattr(stall, "time", SimpleNamespace(monotonic=clock.monotonic))
    idle = SimpleNamespace(all_tasks=asyncio.all_tasks, sleep=lambda _: asyncio.sleep(0))
    monkeypatch.setattr(stall, "asyncio", idle)
    watch = StallWatch("core")
    task = asyncio.create_task(watch.run(), name="the watch")
    await settle_loop()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return watch


async def test_a_loop_that_runs_says_nothing(monkeypatch, caplog):
    watch = await watched([0.0, 0.01, 0.049], monkeypatch)
    assert (watch.count, watch.worst) == (0, 0.0)
    assert caplog.records == []


async def test_a_stall_is_named_with_its_length_and_the_tasks(monkeypatch, caplog):
    watch = await watched([0.0, 0.2, 0.0], monkeypatch)
    assert watch.count == 1
    assert watch.worst == pytest.approx(0.2)
    (record,) = caplog.records
    assert record.message.startswith("loop=core stalled_ms=2")
    assert "the watch" in record.message


async def test_the_worst_of_several_is_kept(monkeypatch):
    watch = await watched([0.1, 0.4, 0.2], monkeypatch)
    assert watch.count == 3
    assert watch.worst == pytest.approx(0.4)
