"""Runner: events in order, effects in order, a Tick at the deadline, and a crash that stays inside."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from link.hosting.clock import HandClock, settle_loop
from link.hosting.machine import Tick
from link.hosting.runner import CRASH_WINDOW, CRASHES_ALLOWED, CrashedTooOften, Runner


@dataclass(frozen=True)
class Counter:
    """Counts what it is told; "boom" crashes it, "wait" asks for a Tick 1 s later."""

    told: tuple[object, ...] = ()
    alarm: float | None = None

    @property
    def state(self) -> str:
        return f"told {len(self.told)}"

    @property
    def deadline(self) -> float | None:
        return self.alarm

    def handle(self, event: object, now: float) -> tuple["Counter", tuple[object, ...]]:
        if event == "boom":
            raise ValueError("boom")
        if event == "nothing":
            return self, ()
        if isinstance(event, Tick):
            if self.alarm is None or now < self.alarm:
                return self, ()
            return replace(self, alarm=None, told=(*self.told, "tick")), (("tick", now),)
        alarm = now + 1.0 if event == "wait" else self.alarm
        return replace(self, told=(*self.told, event), alarm=alarm), ((event, 1), (event, 2))


class Rig:
    def __init__(self, **more: object) -> None:
        self.clock = HandClock(now=100.0)
        self.done: list[object] = []
        self.broken: Callable[[object], bool] = lambda _: False
        self.runner = Runner("counter", Counter(), self.perform, self.clock, **more)

    def perform(self, effect: object) -> None:
        if self.broken(effect):
            raise OSError("the door is shut")
        self.done.append(effect)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.runner.run())
        await settle_loop()
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()


async def test_effects_of_each_event_are_performed_in_order():
    rig = Rig()
    async with rig.running():
        for event in ("a", "b"):
            rig.runner.inbox.post(event)
        await settle_loop()
    assert rig.done == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
    assert rig.runner.machine.told == ("a", "b")


async def test_a_tick_comes_at_the_deadline_and_not_before():
    rig = Rig()
    async with rig.running():
        rig.runner.inbox.post("wait")
        await rig.clock.advance(0.9)
        assert ("tick", 101.0) not in rig.done
        await rig.clock.advance(0.2)
        assert rig.done[-1] == ("tick", 101.0)
        await rig.clock.advance(5.0)
    assert rig.done.count(("tick", 101.0)) == 1


async def test_events_go_on_while_a_deadline_is_awaited():
    rig = Rig()
    async with rig.running():
        rig.runner.inbox.post("wait")
        await rig.clock.advance(0.5)
        rig.runner.inbox.post("a")
        await settle_loop()
        assert rig.runner.machine.told == ("wait", "a")
        await rig.clock.advance(0.6)
    assert rig.runner.machine.told == ("wait", "a", "tick")


async def test_a_deadline_that_moves_is_waited_for_anew():
    rig = Rig()
    async with rig.running():
        rig.runner.inbox.post("wait")
        await rig.clock.advance(0.9)
        rig.runner.inbox.post("wait")
        await rig.clock.advance(0.9)
        assert "tick" not in rig.runner.machine.told
        await rig.clock.advance(0.2)
    assert rig.runner.machine.told == ("wait", "wait", "tick")


async def test_a_crash_of_the_machine_stays_inside_and_starts_it_over(caplog: pytest.LogCaptureFixture):
    safe: list[str] = []
    rig = Rig(on_crash=lambda: safe.append("safe"))
    async with rig.running():
        for event in ("a", "boom", "b"):
            rig.runner.inbox.post(event)
        await settle_loop()
    assert rig.runner.machine.told == ("b",), "from its first state"
    assert safe == ["safe"]
    assert "machine=counter crashed last_events=['str', 'str']" in caplog.text


async def test_a_crash_of_an_effect_is_a_crash_too():
    rig = Rig()
    rig.broken = lambda effect: effect == ("a", 1)
    rig.runner.step("a")
    assert rig.done == []
    assert rig.runner.machine == Counter()


async def test_outputs_are_safe_before_the_machine_recovers():
    order: list[str] = []
    rig = Rig(on_crash=lambda: order.append("safe"), recover=lambda: (order.append("recover"), known)[1])
    known = (Counter(told=("known",)), ("from recovery",))
    rig.runner.step("boom")
    assert order == ["safe", "recover"]
    assert rig.runner.machine.told == ("known",)
    assert rig.done == ["from recovery"]


async def test_an_effect_that_fails_while_recovering_costs_only_itself(caplog: pytest.LogCaptureFixture):
    rig = Rig(recover=lambda: (Counter(told=("known",)), ("first", "second")))
    rig.broken = lambda effect: effect == "first"
    rig.runner.step("boom")
    assert rig.done == ["second"]
    assert rig.runner.machine.told == ("known",)
    assert "while recovering" in caplog.text


async def test_a_way_to_safety_that_fails_does_not_stop_the_recovery():
    def fail() -> None:
        raise OSError("the guard is gone")

    rig = Rig(on_crash=fail, recover=lambda: (Counter(told=("known",)), ()))
    rig.runner.step("boom")
    assert rig.runner.machine.told == ("known",)


async def test_a_machine_that_cannot_be_recovered_ends_the_process():
    def fail() -> tuple[Counter, tuple[object, ...]]:
        raise ValueError("nothing is known")

    rig = Rig(recover=fail)
    with pytest.raises(CrashedTooOften, match="counter: cannot be recovered"):
        rig.runner.step("boom")


async def test_too_many_crashes_end_the_runner():
    rig = Rig()
    for _ in range(CRASHES_ALLOWED):
        rig.runner.step("boom")
    with pytest.raises(CrashedTooOften, match="counter: 6 crashes within 60 s"):
        rig.runner.step("boom")


async def test_run_ends_with_what_the_step_ends_with():
    rig = Rig()
    for _ in range(CRASHES_ALLOWED + 1):
        rig.runner.inbox.post("boom")
    with pytest.raises(CrashedTooOften):
        await rig.runner.run()


async def test_crashes_far_apart_are_forgiven():
    rig = Rig()
    for _ in range(3 * CRASHES_ALLOWED):
        rig.runner.step("boom")
        await rig.clock.advance(CRASH_WINDOW / CRASHES_ALLOWED)
    assert rig.runner.machine == Counter()


async def test_one_log_line_for_each_transition(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, logger="link.hosting.runner")
    rig = Rig()
    for event in ("a", "nothing", "b"):
        rig.runner.step(event)
    assert [record.message for record in caplog.records] == [
        "machine=counter by=str now=told 1",
        "machine=counter by=str now=told 2",
    ]


@pytest.mark.parametrize("turns", range(12))
async def test_a_runner_that_is_told_to_end_ends_whatever_it_is_doing(turns: int):
    rig = Rig()
    rig.runner.machine = Counter(alarm=1e9)
    task = asyncio.create_task(rig.runner.run())
    await settle_loop()
    rig.runner.inbox.post("a")  # wakes it while it waits for event and deadline together
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await settle_loop()
    assert task.done(), "it took the order to end for the end of its own alarm"


@dataclass(frozen=True)
class Slow:
    """Each event takes `seconds` on the clock of the test."""

    clock: HandClock
    seconds: float
    deadline: float | None = None

    def handle(self, event: object, now: float) -> tuple["Slow", tuple[object, ...]]:
        self.clock._now += self.seconds
        return self, (event,)


@pytest.mark.parametrize(("seconds", "most"), [(0.0, 50), (0.002, 3), (1.0, 1)])
async def test_a_flood_leaves_the_loop_to_others_after_so_many_events_or_so_long(seconds: float, most: int):
    clock, done = HandClock(), []  # type: HandClock, list[object]
    runner = Runner("slow", Slow(clock, seconds), done.append, clock)
    for number in range(200):
        runner.inbox.post(number)
    task = asyncio.create_task(runner.run())
    turns = []
    while len(done) < 200:
        await asyncio.sleep(0)
        turns.append(len(done))
    task.cancel()
    assert max(after - before for before, after in zip([0, *turns], turns, strict=False)) == most
    assert done == list(range(200))
