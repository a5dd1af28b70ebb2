"""Roll-outs: rings that never hold neighbours, a day between them, and an end after two bad ones, whatever is said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.fleet.rollout import (
    SOAK,
    LeaveOut,
    Offer,
    PauseAll,
    ResumeAll,
    Rolled,
    Rollout,
    Said,
    SaidAll,
    StopAll,
    Withdraw,
    rings_of,
)
from link.hosting.machine import Tick

FLEET = tuple(f"gw-{n:03}" for n in range(100))
names = st.lists(st.sampled_from(FLEET), unique=True, max_size=60)
pairs = st.lists(st.tuples(st.sampled_from(FLEET), st.sampled_from(FLEET)), max_size=120)


@settings(deadline=None)
@given(names, pairs)
def test_rings_hold_everyone_once_and_no_neighbours(fleet: list[str], near: list[tuple[str, str]]):
    rings = rings_of(fleet, near)
    assert sorted(each for ring in rings for each in ring) == sorted(fleet)
    for ring in rings:
        assert ring and not [pair for pair in near if pair[0] != pair[1] and set(pair) <= set(ring)]
    assert not rings or len(rings[0]) == 1


@pytest.mark.parametrize(
    ("size", "rings"),
    [(0, []), (1, [1]), (2, [1, 1]), (8, [1, 1, 6]), (30, [1, 6, 23]), (60, [1, 2, 12, 45])],
)
def test_a_small_fleet_has_fewer_rings_and_still_one_ahead(size: int, rings: list[int]):
    assert [len(ring) for ring in rings_of(FLEET[:size], ())] == rings


def test_a_fleet_of_a_hundred_goes_in_four_rings_and_the_chosen_site_first():
    rings = rings_of(FLEET, (), first="gw-042")
    assert [len(ring) for ring in rings] == [1, 4, 20, 75] and rings[0] == ("gw-042",)
    chain = rings_of(FLEET, zip(FLEET, FLEET[1:], strict=False))
    assert [len(ring) for ring in chain][:3] == [1, 4, 20] and len(chain) > 4


class Bench:
    def __init__(self, rings: tuple[tuple[str, ...], ...]) -> None:
        self.rollout, self.now, self.done = Rollout(rings), 1_800_000_000.0, list[object]()
        self.post(Tick())

    def post(self, event: object) -> list[object]:
        self.rollout, effects = self.rollout.handle(event, self.now)
        self.done += effects
        return list(effects)

    def wait(self, seconds: float) -> list[object]:
        end, effects = self.now + seconds, list[object]()
        while self.rollout.deadline is not None and self.rollout.deadline <= end:
            self.now = max(self.now, self.rollout.deadline)
            effects += self.post(Tick())
        self.now = end
        return effects

    def all_say(self, ring: int, phase: str) -> None:
        for gateway in self.rollout.rings[ring]:
            self.post(Said(gateway, phase))


def test_a_ring_begins_a_day_after_the_last_end_of_the_one_before():
    bench = Bench(rings_of(FLEET, ()))
    assert bench.done == [Offer(("gw-000",), 0)]
    assert bench.wait(10 * SOAK) == [], "nobody goes on before the first has ended"
    bench.post(Said("gw-000", "good"))
    assert bench.wait(SOAK - 1) == []
    assert bench.wait(2) == [Offer(FLEET[1:5], 1)]
    bench.all_say(1, "good")
    bench.wait(SOAK)
    bench.all_say(2, "good")
    bench.wait(SOAK)
    bench.all_say(3, "good")
    assert bench.wait(SOAK) == [Rolled()] and bench.rollout.state == "done"


def test_a_bad_first_one_stops_it():
    bench = Bench(rings_of(FLEET, ()))
    (stopped,) = bench.post(Said("gw-000", "rolled_back"))
    assert isinstance(stopped, Withdraw) and "1 of 1" in stopped.why
    assert bench.wait(10 * SOAK) == [] and bench.post(Said("gw-000", "good")) == []


def test_one_bad_in_twenty_five_goes_on_and_the_second_stops_those_not_begun():
    bench = Bench(rings_of(FLEET, ()))
    for ring in (0, 1):
        bench.all_say(ring, "good")
        bench.wait(SOAK)
    assert bench.post(Said("gw-010", "failed")) == []
    bench.post(Said("gw-011", "testing"))
    bench.post(Said("gw-012", "installed"))
    bench.post(Said("gw-013", "streaming"))
    (stopped,) = bench.post(Said("gw-014", "rolled_back"))
    assert isinstance(stopped, Withdraw)
    assert "gw-013" in stopped.gateways and "gw-020" in stopped.gateways
    assert not {"gw-000", "gw-010", "gw-011", "gw-012", "gw-014"} & set(stopped.gateways)


def test_two_bad_ones_stop_it_however_many_were_offered():
    bench = Bench(rings_of(FLEET, ()))
    for ring in range(3):
        bench.all_say(ring, "good")
        bench.wait(SOAK)
    assert len(bench.rollout.reached) == 100
    assert bench.post(Said("gw-050", "failed")) == []
    assert bench.post(Said("gw-051", "failed")) and "2 of 100" in bench.rollout.stopped


def test_one_that_is_left_out_is_not_waited_for_and_one_that_was_bad_stays_bad():
    bench = Bench((("a",), ("b", "c"), ("d",)))
    bench.post(LeaveOut("a"))
    assert bench.wait(SOAK) == [Offer(("b", "c"), 1)]
    other = Bench((("a",), ("b",)))
    other.post(Said("a", "failed"))
    other.post(LeaveOut("a"))
    assert other.wait(5 * SOAK) == [] and other.rollout.stopped


def test_a_person_stops_it_and_a_stranger_says_nothing():
    bench = Bench((("a",), ("b",)))
    assert bench.post(Said("b", "failed")) == [] and bench.post(Said("z", "failed")) == []
    assert bench.post(StopAll("wang")) == [Withdraw(("a",), "by wang")]
    assert bench.rollout.state == "stopped: by wang" and bench.post(StopAll("li")) == []


PHASES = (
    "offered",
    "waiting",
    "streaming",
    "installed",
    "rebooting",
    "testing",
    "good",
    "rolled_back",
    "failed",
)
steps = st.one_of(
    st.tuples(st.sampled_from(FLEET[:30]), st.sampled_from(PHASES)), st.floats(0, 3 * SOAK, allow_nan=False)
)


@settings(deadline=None)
@given(st.lists(steps, max_size=80))
def test_whatever_is_said_no_ring_comes_early_nor_after_two_bad_ends(said: list[object]):
    bench = Bench(rings_of(FLEET[:30], ()))
    ends: dict[str, float] = {}
    for step in said:
        before = len(bench.done)
        bad = [each for each, phase in bench.rollout.phases.items() if phase in ("rolled_back", "failed")]
        reached = bench.rollout.reached
        if isinstance(step, float):
            bench.wait(step)
        else:
            bench.post(Said(*step))
            if step[1] in ("good", "rolled_back", "failed"):
                ends.setdefault(step[0], bench.now)
        for effect in bench.done[before:]:
            if isinstance(effect, Offer):
                assert len(bad) < 2 and not bench.rollout.stopped
                assert all(each in ends and bench.now >= ends[each] + SOAK for each in reached)


def test_a_pause_takes_the_job_from_those_who_have_not_begun_and_lets_the_others_end():
    bench = Bench((("a",), ("b", "c", "d"), ("e",)))
    assert bench.rollout.asks("a") and not bench.rollout.asks("b")
    bench.post(Said("a", "good"))
    bench.wait(SOAK)
    bench.post(Said("b", "testing"))
    bench.post(Said("c", "streaming"))
    assert bench.post(PauseAll("li")) == [Withdraw(("c", "d"), "paused by li")]
    assert [bench.rollout.asks(each) for each in "abcde"] == [False, True, False, False, False]
    assert bench.rollout.state == "paused by li" and bench.rollout.deadline is None
    assert bench.post(PauseAll("wang")) == [] and bench.rollout.paused == "li"
    bench.post(Said("b", "good"))
    assert bench.wait(10 * SOAK) == [] and bench.post(ResumeAll()) == [Offer(("c", "d"), 1)]
    assert bench.rollout.asks("c") and bench.post(ResumeAll()) == []


def test_a_pause_while_a_ring_soaks_holds_the_next_one():
    bench = Bench((("a",), ("b",)))
    bench.post(Said("a", "good"))
    bench.post(PauseAll("li"))
    assert bench.wait(2 * SOAK) == []
    bench.now += 2 * SOAK
    assert bench.post(Tick()) == [] and bench.post(ResumeAll()) == [Offer(("b",), 1)]


def test_a_bad_end_stops_a_roll_out_that_is_paused_and_nobody_resumes_it():
    bench = Bench((("a",), ("b",)))
    bench.post(Said("a", "testing"))
    bench.post(PauseAll("li"))
    assert bench.post(Said("a", "rolled_back")) and bench.rollout.over
    assert bench.post(ResumeAll()) == [] and bench.post(PauseAll("li")) == []


def test_who_writes_keeps_the_job_when_it_is_stopped_until_his_end():
    bench = Bench((("a",),))
    bench.post(Said("a", "installed"))
    assert bench.post(StopAll("wang")) == [Withdraw((), "by wang")]
    assert bench.rollout.asks("a")
    bench.post(Said("a", "good"))
    assert not bench.rollout.asks("a") and bench.rollout.phases == {"a": "good"}


def test_an_end_is_an_end_whatever_is_said_later():
    bench = Bench((("a",), ("b",)))
    bench.post(Said("a", "good"))
    bench.post(Said("a", "streaming"))
    assert bench.rollout.phases == {"a": "good"} and bench.wait(SOAK) == [Offer(("b",), 1)]


def test_one_that_is_left_out_loses_the_job_unless_it_writes():
    bench = Bench((("a",), ("b", "c")))
    bench.post(Said("a", "testing"))
    bench.post(LeaveOut("a"))
    assert bench.rollout.asks("a")
    bench.wait(SOAK)
    bench.post(LeaveOut("b"))
    assert (bench.rollout.asks("b"), bench.rollout.asks("c")) == (False, True)


def test_many_are_heard_at_once_as_they_would_be_one_by_one():
    bench, other = Bench((("a",), ("b", "c", "d"))), Bench((("a",), ("b", "c", "d")))
    for each in (bench, other):
        each.post(Said("a", "good"))
        each.wait(SOAK)
    said = (Said("b", "testing"), Said("c", "good"), Said("z", "failed"), Said("a", "failed"))
    assert bench.post(SaidAll(said)) == []
    for one in said:
        other.post(one)
    assert bench.rollout == other.rollout and bench.rollout.phases == {
        "a": "good",
        "b": "testing",
        "c": "good",
    }
    (stopped,) = bench.post(SaidAll((Said("b", "rolled_back"), Said("d", "failed"))))
    assert stopped == Withdraw((), "2 of 4 rolled back or failed: b, d")
