"""Wiring: every line of the board file gets its runner, its settings in seconds, and its way to safety."""

import pytest

from firmware.switchboard import Switchboard
from firmware.uplink.machine import Identity
from firmware.wiring import describe, wire_gateway
from hw.board import parse_board
from link.bus.fake import FakeBroker, FakeBus
from link.bus.stream_fake import FakePlace, FakeStreamServer
from link.contract import facts
from link.contract.neighbour import BEAT_LOST
from link.hosting.clock import HandClock
from tests.flows.world import BOARD, FakeGuard

BOARD_FILE = parse_board(BOARD)


class Guard(FakeGuard):
    def __init__(self) -> None:
        super().__init__(HandClock())
        self.made_safe: list[str] = []

    def safe(self, out: str) -> bool:
        self.made_safe.append(out)
        return super().safe(out)


@pytest.fixture
def guard() -> Guard:
    return Guard()


@pytest.fixture
def board(guard: Guard) -> Switchboard:
    identity = Identity("gw-a", "main", "1", "boot", 1, describe(BOARD_FILE, {}))
    bus, place = FakeBus(FakeBroker(), "gw-a"), FakeStreamServer(FakePlace(), "gateway")
    return wire_gateway(BOARD_FILE, identity, guard.clock, bus, guard, place, lambda effect: None)


def test_the_centre_is_told_of_each_line_by_its_label():
    assert describe(BOARD_FILE, {"r1": "North"}) == (
        facts.LineDescription(line="r1", kind="radio", label="North"),
        facts.LineDescription(line="pa1", kind="loudspeaker", label=""),
    )


def test_every_line_has_its_runner(board: Switchboard):
    assert set(board.lines) == {"r1"}
    assert set(board.speakers) == {"pa1"}
    assert len(board.runners()) == 2
    assert board.outputs == {"r1.ptt": board.lines["r1"]}
    assert board.watch.machine.patience == BEAT_LOST


def test_times_of_the_board_file_reach_the_machines_in_seconds(board: Switchboard):
    radio, speaker = board.lines["r1"].machine.settings, board.speakers["pa1"].machine.settings
    assert (radio.lead, radio.tail, radio.timeout) == (0.06, 0.04, 30.0)
    assert (radio.ptt, radio.cos, radio.card) == ("r1.ptt", "r1.cos", "r1")
    assert (speaker.warm_up, speaker.tail, speaker.relay) == (0.3, 0.2, "pa1.amp")


@pytest.mark.parametrize(("part", "name", "out"), [("lines", "r1", "r1.ptt"), ("speakers", "pa1", "pa1.amp")])
def test_a_crash_makes_the_output_safe(board: Switchboard, guard: Guard, part: str, name: str, out: str):
    class Broken:
        deadline = None

        def handle(self, event: object, now: float) -> object:
            raise ZeroDivisionError

    runner = getattr(board, part)[name]
    runner.machine = Broken()
    runner.step("anything")
    assert guard.made_safe == [out]
    assert not isinstance(runner.machine, Broken), "and it starts over"
