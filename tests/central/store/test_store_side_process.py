import asyncio
import contextlib
from pathlib import Path

import pytest

from central.store.side_process import SideFailed, SideRefused, run_aside

MODULE = "tests.central.store.side_work"


def running(argument: str) -> bool:
    """Whether a `sleep argument` is alive."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if path.read_bytes().split(b"\0")[:2] == [b"sleep", argument.encode()]:
                return True
    return False


async def gone(argument: str) -> bool:
    for _ in range(100):
        if not running(argument):
            return True
        await asyncio.sleep(0.02)
    return False


async def test_an_answer_and_the_bytes_behind_it() -> None:
    answer, data = await run_aside(MODULE, {"do": "echo", "text": "水库\n"}, patience=20)
    assert answer == {"said": "水库\n"}
    assert data == b"bytes\n\x00behind"


async def test_a_refusal_carries_reason_and_advice() -> None:
    with pytest.raises(SideRefused, match="no such thing") as caught:
        await run_aside(MODULE, {"do": "refuse"}, patience=20)
    assert caught.value.advice == "bring another"


@pytest.mark.parametrize(
    ("do", "named"), [("crash", "boom"), ("babble", "failed"), ("memory", "MemoryError")]
)
async def test_a_child_that_fails_is_named(do: str, named: str) -> None:
    with pytest.raises(SideFailed, match=named):
        await run_aside(MODULE, {"do": do}, patience=20)


async def test_a_child_that_is_too_slow_is_killed_with_all_it_started() -> None:
    with pytest.raises(SideFailed, match="not done within"):
        await run_aside(MODULE, {"do": "hang", "seconds": 47.11}, patience=1.0)
    assert await gone("47.11")


async def test_when_the_asker_gives_up_the_child_is_killed() -> None:
    asked = asyncio.create_task(run_aside(MODULE, {"do": "hang", "seconds": 48.11}, patience=30))
    while not running("48.11"):
        await asyncio.sleep(0.02)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert await gone("48.11")
