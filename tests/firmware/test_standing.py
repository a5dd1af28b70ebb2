"""The page that `gateway status` reads: whole, fresh while the process lives, gone when it ends."""

import asyncio
import contextlib
import json
from dataclasses import dataclass

import pytest

from firmware.guarding import SHORTEST_LEASE
from firmware.standing import LOOK_EVERY, PAGE, SAY_EVERY, Standing
from link.hosting.clock import HandClock


@dataclass(frozen=True)
class Told:
    waiting: tuple[str, ...]
    seconds: float


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


async def written(clock: HandClock, file, seconds: float) -> dict:
    """The page after so much time; the disk is asked in a thread."""
    before = file.stat().st_mtime_ns if file.exists() else 0
    await clock.advance(seconds)
    async with asyncio.timeout(5):
        while not file.exists() or file.stat().st_mtime_ns == before:
            await asyncio.sleep(0)
    return json.loads(file.read_text())


async def test_the_page_follows_what_the_parts_say_and_goes_with_the_process(tmp_path, clock):
    said = {"waiting": Told(("a",), 1.5)}
    standing = Standing(tmp_path, clock, {"files": lambda: said["waiting"], "link": lambda: {"up": True}})
    task = asyncio.create_task(standing.run())
    file = tmp_path / PAGE
    page = await written(clock, file, 0)
    assert page["parts"] == {"files": {"waiting": ["a"], "seconds": 1.5}, "link": {"up": True}}
    said["waiting"] = Told((), 0.0)
    page = await written(clock, file, LOOK_EVERY + 0.01)
    assert page["parts"]["files"] == {"waiting": [], "seconds": 0.0}
    assert (await written(clock, file, SAY_EVERY + LOOK_EVERY))["now"] > page["now"]
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert not file.exists()


async def test_a_folder_that_cannot_be_written_costs_one_line_of_the_log(tmp_path, clock, caplog):
    said = iter(range(100))
    standing = Standing(tmp_path / "none", clock, {"count": lambda: {"n": next(said)}})
    task = asyncio.create_task(standing.run())
    async with asyncio.timeout(5):
        while "cannot be written" not in caplog.text:
            await asyncio.sleep(0)
    for _ in range(3):
        await clock.advance(LOOK_EVERY + 0.01)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert caplog.text.count("cannot be written") == 1


def test_a_lease_worth_nothing_is_no_lease():
    assert 0 < SHORTEST_LEASE < 0.01
