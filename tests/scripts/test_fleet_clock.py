"""The clock of simulated gateways: time counts while their process gets its turns, and not while it is starved."""

import asyncio

import pytest

from scripts.fleet_parts import clock as clock_module
from scripts.fleet_parts.clock import MOST, PatientClock


class Machine:
    """The monotonic clock of the machine, turned by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(clock_module.time, "monotonic", lambda: self.now)


def test_a_process_that_gets_its_turns_sees_the_time_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    clock = PatientClock()
    for _ in range(50):
        machine.now += 0.1
        clock.tick()
    assert clock.now() == pytest.approx(1005.0) and clock.lost == pytest.approx(0.0)


def test_time_in_which_the_process_had_no_turn_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    clock = PatientClock()
    machine.now += 5.0
    assert clock.now() == pytest.approx(1000.0 + MOST)
    clock.tick()
    assert clock.now() == pytest.approx(1000.0 + MOST) and clock.lost == pytest.approx(5.0 - MOST)
    machine.now += 0.1
    assert clock.now() == pytest.approx(1000.1 + MOST)


def test_it_never_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    clock, seen = PatientClock(), []
    for step in (0.05, 0.4, 0.0, 3.0, 0.1, 0.29, 0.31, 0.0, 7.0):
        machine.now += step
        seen.append(clock.now())
        clock.tick()
        seen.append(clock.now())
    assert seen == sorted(seen)


def test_who_sleeps_is_not_woken_before_his_time_by_this_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slept() -> float:
        clock = PatientClock()
        ticking = asyncio.create_task(clock.run())
        until = clock.now() + 0.02
        await clock.sleep_until(until)
        late = clock.now() - until
        ticking.cancel()
        return late

    assert asyncio.run(slept()) >= 0.0


def test_a_timer_of_this_clock_can_be_taken_back() -> None:
    async def called() -> list[str]:
        clock, heard = PatientClock(), []  # type: PatientClock, list[str]
        clock.call_at(clock.now(), lambda: heard.append("kept"))
        clock.call_at(clock.now(), lambda: heard.append("taken back"))()
        for _ in range(5):
            await asyncio.sleep(0)
        return heard

    assert asyncio.run(called()) == ["kept"]
