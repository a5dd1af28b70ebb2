"""Clocks: the hand-turned one wakes sleepers in order, only when turned; the real one is the machine's."""

import asyncio
import time

from link.hosting.clock import HandClock, SystemClock, settle_loop


async def test_time_stands_still_until_it_is_turned():
    clock = HandClock(now=5.0, wall=100.0)
    await settle_loop()
    assert (clock.now(), clock.wall()) == (5.0, 100.0)
    await clock.advance(2.5)
    assert (clock.now(), clock.wall()) == (7.5, 102.5)


async def test_sleepers_wake_in_order_each_at_its_own_time():
    clock, woken = HandClock(now=0.0), []

    async def sleep(name: str, until: float) -> None:
        await clock.sleep_until(until)
        woken.append((name, clock.now()))

    tasks = [asyncio.create_task(sleep(name, at)) for name, at in (("c", 3.0), ("a", 1.0), ("b", 2.0))]
    await clock.advance(2.0)
    assert woken == [("a", 1.0), ("b", 2.0)]
    await clock.advance(5.0)
    assert woken[2:] == [("c", 3.0)]
    await asyncio.gather(*tasks)


async def test_who_sleeps_again_while_time_is_turned_is_woken_again():
    clock, moments = HandClock(now=0.0), []

    async def beat() -> None:
        while len(moments) < 4:
            await clock.sleep_until(clock.now() + 0.5)
            moments.append(clock.now())

    task = asyncio.create_task(beat())
    await clock.advance(10.0)
    assert moments == [0.5, 1.0, 1.5, 2.0]
    await task


async def test_a_moment_that_has_passed_does_not_wait():
    clock = HandClock(now=10.0)
    await asyncio.wait_for(clock.sleep_until(9.0), 1)
    await asyncio.wait_for(clock.sleep_until(10.0), 1)
    assert clock.now() == 10.0


async def test_a_sleeper_that_gave_up_is_passed_over():
    clock, woken = HandClock(now=0.0), []
    gone = asyncio.create_task(clock.sleep_until(1.0))
    await settle_loop()
    gone.cancel()
    task = asyncio.create_task(clock.sleep_until(1.0))
    task.add_done_callback(lambda _: woken.append(clock.now()))
    await clock.advance(1.0)
    assert gone.cancelled()
    assert woken == [1.0]


async def test_the_given_settle_runs_after_every_waking():
    clock, calls = HandClock(now=0.0), []

    async def settle() -> None:
        calls.append(clock.now())
        await settle_loop()

    tasks = [asyncio.create_task(clock.sleep_until(at)) for at in (1.0, 2.0)]
    await clock.advance(3.0, settle)
    assert calls == [0.0, 1.0, 2.0, 3.0]
    await asyncio.gather(*tasks)


async def test_the_real_clock_is_the_machines():
    clock = SystemClock()
    before = time.monotonic()
    assert before <= clock.now() <= time.monotonic()
    assert abs(clock.wall() - time.time()) < 5
    began = time.monotonic()
    await clock.sleep_until(began - 100.0)
    await clock.sleep_until(began + 0.005)
    assert 0.004 <= time.monotonic() - began < 5
