"""One direction of a thin link, with a clock turned by hand: rate, turns, delay, order, counts."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from link.hosting.clock import HandClock
from scripts.chaos_parts.lane import HEADERS, Lane, Traffic


async def carried(clock: HandClock, *sending: asyncio.Task[float]) -> list[float]:
    """Turn the clock until all have left; when they arrive, in the order of `sending`."""
    while not all(task.done() for task in sending):
        await clock.advance(0.01)
    return [task.result() for task in sending]


async def test_a_segment_takes_its_octets_and_headers_at_the_rate():
    clock = HandClock(0.0)
    lane = Lane(clock)
    lane.rate = 9600
    sending = [asyncio.create_task(lane.carry(560)) for _ in range(4)]
    assert await carried(clock, *sending) == pytest.approx([0.5, 1.0, 1.5, 2.0], abs=0.011)


async def test_the_delay_is_added_and_holds_nobody_up():
    clock = HandClock(0.0)
    lane = Lane(clock)
    lane.delay = 0.3
    assert [await lane.carry(100) for _ in range(3)] == [0.3] * 3


async def test_a_shorter_delay_lets_nothing_overtake():
    lane = Lane(HandClock(0.0))
    lane.delay = 1.0
    first = await lane.carry(10)
    lane.delay = 0.1
    assert (first, await lane.carry(10)) == (1.0, 1.0)


async def test_an_idle_line_saves_up_no_more_than_the_bucket():
    clock = HandClock(0.0)
    lane = Lane(clock)
    lane.rate = 8000
    await clock.advance(100.0)
    due = await carried(clock, *[asyncio.create_task(lane.carry(960)) for _ in range(2)])
    assert due == pytest.approx([101.0, 102.0], abs=0.035)


async def test_a_new_rate_holds_from_the_next_segment_on():
    clock = HandClock(0.0)
    lane = Lane(clock)
    lane.rate = 8000
    sending = [asyncio.create_task(lane.carry(960)) for _ in range(2)]
    await clock.advance(0.5)
    lane.rate = 80_000
    assert await carried(clock, *sending) == pytest.approx([1.0, 1.1], abs=0.011)


async def test_an_end_costs_nothing_and_takes_its_turn():
    clock = HandClock(0.0)
    lane = Lane(clock)
    lane.rate = 8000
    sending = [asyncio.create_task(lane.carry(size)) for size in (960, 0)]
    assert await carried(clock, *sending) == pytest.approx([1.0, 1.0], abs=0.011)
    assert lane.traffic == Traffic(payload=960, segments=1)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 1460), min_size=1, max_size=30), st.sampled_from([300, 9600, 64_000]))
def test_over_any_segments_the_rate_is_kept_and_all_are_counted(sizes: list[int], rate: float) -> None:
    async def history() -> None:
        clock = HandClock(0.0)
        lane = Lane(clock)
        lane.rate = rate
        sending = asyncio.ensure_future(asyncio.gather(*(lane.carry(size) for size in sizes)))
        await asyncio.sleep(0)
        while not sending.done():
            await clock.advance(sum(sizes) * 8 / rate)
        wire = sum(sizes) + HEADERS * len(sizes)
        assert lane.traffic == Traffic(sum(sizes), len(sizes)) and lane.traffic.on_wire == wire
        assert sending.result() == sorted(sending.result())
        assert clock.now() >= wire * 8 / rate - 0.021

    asyncio.run(history())
