"""Which time a gateway believes: never below its floor, lifted only by what is known to be right."""

from hypothesis import given
from hypothesis import strategies as st

from firmware.timekeeping.machine import (
    KEEP_EVERY,
    SLACK,
    ClockNews,
    KeepFloor,
    Sampled,
    Timekeeping,
    TimeTold,
)

DAY = 86400.0
TRUE = 1_800_000_000.0


def keeper(floor: float = TRUE, known: bool = True) -> Timekeeping:
    return Timekeeping(floor, 100.0, known)


def sampled(machine: Timekeeping, system: float, now: float, synced: bool = False, battery: bool = False):
    return machine.handle(Sampled(system, synced, battery), now)


def test_a_clock_of_1970_is_estimated_from_the_last_time_known():
    machine, effects = sampled(keeper(), 30.0, 100.0)
    assert machine.quality == "est"
    assert machine.wall(90.0, 160.0) == TRUE + 60
    assert ClockNews(0.0, "est") in effects


def test_without_any_known_time_the_quality_is_none():
    machine, _ = sampled(keeper(known=False), 30.0, 100.0)
    assert (machine.quality, machine.wall(30.0, 100.0)) == ("none", TRUE)


def test_thirty_days_back_is_not_believed_even_when_ntp_says_so():
    machine, _ = sampled(keeper(), TRUE - 30 * DAY, 100.0, synced=True)
    assert (machine.quality, machine.wall(TRUE - 30 * DAY, 100.0)) == ("est", TRUE)


def test_ntp_lifts_the_floor_and_a_battery_clock_does_not():
    ahead = TRUE + 70 * 365 * DAY
    battery, _ = sampled(keeper(), ahead, 100.0, battery=True)
    assert (battery.quality, battery.lowest(100.0)) == ("rtc", TRUE)
    corrected, _ = sampled(battery, TRUE + 5, 110.0, synced=True)
    assert (corrected.quality, corrected.wall(TRUE + 5, 110.0)) == ("est", TRUE + 10)
    kept, _ = sampled(keeper(), TRUE + 5 * DAY, 100.0, synced=True)
    assert (kept.quality, kept.lowest(100.0)) == ("ntp", TRUE + 5 * DAY)


def test_a_step_is_told_with_its_size():
    machine, _ = sampled(keeper(), TRUE, 100.0)
    _, effects = sampled(machine, TRUE + 3600 + 10, 110.0, synced=True)
    assert effects == (ClockNews(3600.0, "ntp"),)


def test_the_slack_of_ntp_is_no_news():
    machine, _ = sampled(keeper(), TRUE, 100.0, synced=True)
    machine, effects = sampled(machine, TRUE + 10 - 0.1, 110.0, synced=True)
    assert (machine.quality, effects) == ("ntp", ())
    assert SLACK > 0.1


def test_the_last_time_known_is_kept_once_a_minute():
    machine, effects = sampled(keeper(), TRUE, 100.0)
    assert KeepFloor(TRUE) in effects
    machine, effects = sampled(machine, TRUE + 10, 110.0)
    assert effects == ()
    _, effects = sampled(machine, TRUE + KEEP_EVERY, 100.0 + KEEP_EVERY)
    assert effects == (KeepFloor(TRUE + KEEP_EVERY),)


def test_an_authenticated_time_lifts_the_floor_and_never_lowers_it():
    machine, _ = keeper().handle(TimeTold(TRUE + DAY), 100.0)
    assert machine.lowest(101.0) == TRUE + DAY + 1
    machine, _ = machine.handle(TimeTold(TRUE), 101.0)
    assert machine.lowest(101.0) == TRUE + DAY + 1


@given(
    st.lists(
        st.tuples(st.floats(0, 4e9), st.booleans(), st.booleans(), st.floats(0.1, 100)),
        min_size=1,
        max_size=30,
    )
)
def test_whatever_the_system_clock_does_the_floor_only_rises(samples):
    machine, now = keeper(), 100.0
    for system, synced, battery, pause in samples:
        lowest = machine.lowest(now)
        machine, _ = sampled(machine, system, now, synced, battery)
        assert machine.lowest(now) >= lowest
        assert machine.wall(system, now) >= machine.lowest(now) - SLACK
        now += pause
