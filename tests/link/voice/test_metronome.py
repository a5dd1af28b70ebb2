"""The clock of a bridge: what tick it is, when each was, and whether the first one of a recorder is certain."""

import threading
from dataclasses import replace

from link.voice.metronome import FRAME_NS, MARK_EVERY, Metronome

WALL = 1_700_000_000_000_000_000


class Rig:
    def __init__(self) -> None:
        self.now, self.step = 0, 0
        self.clock = Metronome(bytes(640), lambda: self.now, lambda: WALL + self.now + self.step)

    def tick(self, count: int = 1, away: int = FRAME_NS) -> None:
        for _ in range(count):
            self.now += away
            assert self.clock.pop() == bytes(640)


def test_ticks_are_counted_and_timed():
    rig = Rig()
    rig.tick(7)
    last = rig.clock.last()
    assert (last.tick, last.mono_ns, last.wall_ns) == (7, 7 * FRAME_NS, WALL + 7 * FRAME_NS)


def test_what_is_connected_early_in_a_tick_begins_with_the_next_for_certain():
    rig = Rig()
    rig.tick(3)
    before = rig.clock.last()
    rig.now += FRAME_NS // 4
    assert rig.clock.soon()
    joined = rig.clock.joined(before)
    assert (joined.tick, joined.sure, joined.mono_ns) == (4, True, 4 * FRAME_NS)


def test_late_in_a_tick_or_over_its_end_nothing_is_certain():
    rig = Rig()
    rig.tick(3)
    before = rig.clock.last()
    rig.now += FRAME_NS * 9 // 10
    assert not rig.clock.soon()
    assert not rig.clock.joined(before).sure
    rig.tick(away=FRAME_NS // 10)
    assert not rig.clock.joined(before).sure
    assert not Rig().clock.joined(replace(before, tick=0)).sure, "the clock has not ticked yet"


def test_a_tick_is_placed_by_the_nearest_mark_across_a_hole_and_a_clock_that_was_set():
    rig = Rig()
    rig.tick(MARK_EVERY)
    rig.now += 5_000_000_000  # the machine stood still
    rig.step = 60_000_000_000  # and somebody set the clock
    rig.tick(MARK_EVERY)
    assert rig.clock.when(10).mono_ns == 10 * FRAME_NS
    late = rig.clock.when(MARK_EVERY + 45)
    assert late.mono_ns == (MARK_EVERY + 45) * FRAME_NS + 5_000_000_000
    assert late.wall_ns == WALL + late.mono_ns + 60_000_000_000
    assert rig.clock.when(2 * MARK_EVERY + 3).mono_ns == (2 * MARK_EVERY + 3) * FRAME_NS + 5_000_000_000


def test_ticks_that_were_late_and_made_up_for_it_are_no_hole():
    rig = Rig()
    rig.tick(MARK_EVERY + MARK_EVERY - 6)
    rig.now += 300_000_000  # a busy machine: fifteen ticks are due, and come in one burst
    rig.tick(5, away=0)
    rig.tick(1, away=0)
    rig.now = (2 * MARK_EVERY - 6) * FRAME_NS + 300_000_000
    rig.tick(9, away=0)
    rig.tick(MARK_EVERY)
    first, last = rig.clock.when(1), rig.clock.when(2 * MARK_EVERY)
    assert last.mono_ns - first.mono_ns == (2 * MARK_EVERY - 1) * FRAME_NS


def test_the_time_before_the_first_tick_is_no_hole():
    rig = Rig()
    rig.now += 3_000_000_000  # the engine is made long before its clock runs
    rig.tick(5)
    assert rig.clock.when(5).mono_ns - rig.clock.when(1).mono_ns == 4 * FRAME_NS


def test_whoever_wants_to_connect_waits_for_the_next_tick_and_no_longer():
    rig = Rig()
    rig.tick(3)
    rig.now += FRAME_NS * 9 // 10
    ticking = threading.Timer(0.05, rig.tick)
    ticking.start()
    rig.clock.wait_soon(10.0)
    assert rig.clock.soon() and rig.clock.last().tick == 4
    ticking.join()
    rig.now += FRAME_NS
    rig.clock.wait_soon(0.001)
    assert not rig.clock.soon(), "a clock that stands still holds up nobody"
