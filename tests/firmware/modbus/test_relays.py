"""Coil outputs: closed only while the guard allows it and the lease lives; what is told is what was read back."""

import pytest

from firmware.modbus.relays import Relays
from hw.bench.modbus import RelayBoardModel
from hw.relay_board.events import SwitchOn
from hw.relay_board.machine import RelaySettings
from tests.firmware.modbus.rig import Rig


class Guard:
    """Allows what is fed when `willing`; keeps what it was asked."""

    def __init__(self) -> None:
        self.relays: Relays | None = None
        self.willing = True
        self.asked: list[tuple[str, str]] = []

    def feed(self, out: str, left: float, why: str, at_ns: int | None = None) -> bool:
        self.asked.append(("feed", out))
        if self.willing and self.relays is not None:
            self.relays.guard_says(out, True, "feed")
        return self.willing

    def safe(self, out: str) -> bool:
        self.asked.append(("safe", out))
        if self.relays is not None:
            self.relays.guard_says(out, False, "stop")
        return True


class Town:
    def __init__(self, **model: object) -> None:
        self.board = RelayBoardModel(slave=1, **model)
        self.rig, self.guard = Rig(self.board), Guard()
        self.read: list[tuple[str, bool, str]] = []
        self.relays = Relays(self.guard, self.rig.clock, self.rig.tell, lambda *seen: self.read.append(seen))
        self.relays.add_board(self.rig.host, RelaySettings("pa"))
        self.relays.add_coil("amp", "pa", 3)
        self.guard.relays = self.relays

    async def hold(self, seconds: float) -> None:
        end = self.rig.clock.now() + seconds
        while self.rig.clock.now() < end - 0.01:
            self.relays.feed("amp", 1.5, "clip")
            await self.rig.clock.advance(0.5)
        self.board.run(self.rig.clock.now())

    def closed(self) -> bool:
        self.board.run(self.rig.clock.now())
        return self.board.closed(3)


@pytest.fixture
async def town():
    made = Town()
    await made.rig.start()
    made.read.clear()
    yield made
    await made.rig.stop()


async def test_a_fed_coil_is_closed_and_read_back(town):
    town.relays.feed("amp", 1.5, "clip")
    await town.rig.clock.advance(0.2)
    assert town.closed()
    assert town.read == [("amp", True, "read-back")]
    await town.hold(6.0)
    assert town.closed()
    assert town.read == [("amp", True, "read-back")]
    town.relays.safe("amp")
    await town.rig.clock.advance(0.2)
    assert not town.closed()
    assert town.read[1:] == [("amp", False, "stop"), ("amp", False, "read-back")]


async def test_nothing_is_fed_any_more_and_the_board_opens_by_itself(town):
    town.relays.feed("amp", 1.5, "clip")
    await town.rig.clock.advance(0.2)
    town.rig.port.up = False  # nobody could tell it now
    await town.rig.clock.advance(1.5)
    assert not town.closed()


async def test_what_the_guard_does_not_allow_is_not_closed(town):
    town.guard.willing = False
    town.relays.feed("amp", 1.5, "clip")
    await town.rig.clock.advance(1.0)
    assert not town.closed()
    assert town.read == []


async def test_a_lease_that_the_guard_took_counts_from_its_yes_on(town):
    town.guard.relays = None  # it is locked: it takes feeds and allows nothing
    town.relays.feed("amp", 1.5, "clip")
    await town.rig.clock.advance(0.5)
    assert not town.closed()
    town.relays.guard_says("amp", True, "feed")
    await town.rig.clock.advance(0.2)
    assert town.closed()
    await town.rig.clock.advance(0.9)
    assert not town.closed(), "the lease ends when it was to end"


async def test_what_the_guard_makes_safe_opens_at_once(town):
    await town.hold(1.0)
    town.relays.guard_says("amp", False, "longest")
    await town.rig.clock.advance(0.1)
    assert not town.closed()
    assert ("amp", False, "longest") in town.read


async def test_outputs_of_other_kinds_go_to_the_guard_and_nowhere_else(town):
    written = len(town.rig.port.written)
    assert town.relays.feed("r1.ptt", 1.0, "talk")
    assert town.relays.safe("r1.ptt")
    assert not town.relays.guard_says("r1.ptt", True, "feed")
    assert town.guard.asked == [("feed", "r1.ptt"), ("safe", "r1.ptt")]
    await town.rig.clock.advance(0.05)
    assert len(town.rig.port.written) == written


@pytest.mark.parametrize(("verb", "what"), [("dead_coil:3", "did-not-close")])
async def test_a_relay_that_does_not_close_is_told_as_off_and_ill(town, verb, what):
    town.rig.wire.disturb(1, verb, 0.0)
    await town.hold(1.0)
    assert ("amp", False, what) in town.read
    assert ("relay amp", what) in town.rig.health
    assert ("safe", "amp") not in town.guard.asked
    town.rig.wire.disturb(1, "normal", 0.0)
    await town.hold(3.0)
    assert town.closed()
    assert town.read[-1] == ("amp", True, "read-back")
    assert ("relay amp", "") in town.rig.health


async def test_a_welded_relay_is_found_within_the_time_of_the_standard_and_made_safe(town):
    town.rig.wire.disturb(1, "weld:3", 0.0)
    await town.rig.clock.advance(100.0)
    assert ("relay amp", "closed-unasked") in town.rig.health
    assert ("safe", "amp") in town.guard.asked


async def test_a_board_that_dies_without_any_broadcast_is_told_within_100_s(town):
    town.rig.wire.disturb(1, "silent", 0.0)
    await town.rig.clock.advance(100.0)
    assert ("relay board pa", "no-answer") in town.rig.health
    assert ("amp", False, "no-answer") in town.read
    town.rig.wire.disturb(1, "normal", 0.0)
    await town.rig.clock.advance(20.0)
    assert ("relay board pa", "") in town.rig.health


async def test_a_board_without_timed_pulses_is_never_closed():
    town = Town(version=100)
    await town.rig.start()
    await town.hold(2.0)
    assert not town.closed()
    assert ("relay board pa", "cannot be used") in town.rig.health
    assert ("amp", False, "unsuited") in town.read
    await town.rig.stop()


async def test_a_crashed_driver_makes_its_outputs_safe(town):
    await town.hold(1.0)
    town.relays.boards["pa"].inbox.post(SwitchOn("three", 1.0))
    await town.rig.clock.advance(0.2)
    assert ("safe", "amp") in town.guard.asked
    assert not town.closed()
