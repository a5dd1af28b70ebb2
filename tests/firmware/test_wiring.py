"""Wiring: every line of the board file gets its runner, its settings in seconds, and its way to safety."""

import pytest

from firmware.events import LinkChanged, OutputRead, VoiceChanged
from firmware.paging.machine import ClipHeld
from firmware.switchboard import Switchboard
from firmware.talk import CarrierChanged, KeyLine
from firmware.uplink.messages import Identity, LineTold
from firmware.wiring import describe, wire_gateway
from hw.board import parse_board
from link.bus.fake import FakeBroker, FakeBus
from link.bus.stream_fake import FakePlace, FakeStreamServer
from link.contract import facts, orders
from link.contract.neighbour import BEAT_LOST
from link.hosting.clock import HandClock
from link.hosting.runner import Runner
from tests.firmware.authority.plain import plain_desk
from tests.firmware.outbox.memory_store import MemoryStore
from tests.firmware.terminals.closed_loop import MemoryShelf, Ports
from tests.flows.doors import FakeGuard
from tests.flows.gateway import BOARD

BOARD_FILE = parse_board(BOARD)
PLAY = orders.PlayClip(play="b-1.pa1", line="pa1", sha="a" * 64, size=1000, seconds=2.0)


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
    identity = Identity("gw-a", "main", "1", "1.1", describe(BOARD_FILE, {}))
    bus, place = FakeBus(FakeBroker(), "gw-a"), FakeStreamServer(FakePlace(), "gateway")
    return wire_gateway(
        BOARD_FILE,
        identity,
        guard.clock,
        bus,
        guard,
        place,
        lambda effect: None,
        MemoryShelf(),
        Ports(),
        MemoryStore(),
        plain_desk("gw-a"),
    )


def test_the_centre_is_told_of_each_line_by_its_label():
    assert describe(BOARD_FILE, {"r1": "North"}) == (
        facts.LineDescription(line="r1", kind="radio", label="North"),
        facts.LineDescription(line="pa1", kind="loudspeaker", label=""),
    )


def test_the_centre_is_told_when_no_leg_is_wanted():
    assert [told.leg for told in describe(BOARD_FILE, {})] == [True, True]
    assert [told.leg for told in describe(BOARD_FILE, {}, legs=False)] == [False, False]


def test_every_line_has_its_runner(board: Switchboard):
    assert set(board.lines) == {"r1"}
    assert set(board.speakers) == {"pa1"}
    assert len(board.runners()) == 4, "and the island and the outbox"
    assert board.outputs == {"r1.ptt": board.lines["r1"], "pa1.amp": board.speakers["pa1"]}
    assert board.watch.machine.patience == BEAT_LOST


def test_times_of_the_board_file_reach_the_machines_in_seconds(board: Switchboard):
    radio, speaker = board.lines["r1"].machine.settings, board.speakers["pa1"].machine.settings
    assert (radio.lead, radio.tail, radio.timeout) == (0.06, 0.04, 30.0)
    assert (radio.ptt, radio.card) == ("r1.ptt", "r1")
    assert (speaker.warm_up, speaker.tail, speaker.relay) == (0.3, 0.2, "pa1.amp")


@pytest.mark.parametrize(("part", "name", "out"), [("lines", "r1", "r1.ptt"), ("speakers", "pa1", "pa1.amp")])
def test_a_crash_makes_the_output_safe(board: Switchboard, guard: Guard, part: str, name: str, out: str):
    runner = getattr(board, part)[name]
    break_once(runner)
    assert guard.made_safe[0] == out


def break_once(runner: Runner) -> None:
    """The next event is too much for the machine of `runner`."""
    object.__setattr__(runner.machine, "handle", lambda event, now: 1 / 0)
    runner.step("anything")


def reports(board: Switchboard) -> list[facts.LineReport]:
    posted = iter(board.uplink.inbox.get_nowait, None)
    return [event.report for event in posted if isinstance(event, LineTold)]


def test_a_line_that_crashed_works_on_and_tells_what_is_true_of_it(board: Switchboard, guard: Guard):
    runner = board.lines["r1"]
    for event in (LinkChanged(True), VoiceChanged(True), facts.LegChanged(line="r1", up=True)):
        runner.step(event)
    runner.step(KeyLine(guard.clock.now() + 1.0, "north"))
    runner.step(OutputRead(on=True))
    break_once(runner)
    assert not guard.driven["r1.ptt"]
    runner.step(OutputRead(on=False, why="stop"))
    assert reports(board)[-1] == facts.LineReport(line="r1", carrier=False, ptt=False, leg=True)
    runner.step(KeyLine(guard.clock.now() + 1.0, "north"))
    assert guard.driven["r1.ptt"], "a line that forgot its link would be silent until the link falls"


def test_a_carrier_that_fell_after_a_crash_is_told(board: Switchboard):
    runner = board.lines["r1"]
    runner.step(CarrierChanged(True, 1))
    break_once(runner)
    assert reports(board)[-1].carrier, "somebody still talks"
    runner.step(CarrierChanged(False, 2))
    assert not reports(board)[-1].carrier, "else he would hold the floor for ever"


def test_a_loudspeaker_that_crashed_says_that_its_clips_failed_and_plays_the_next(board: Switchboard):
    runner = board.speakers["pa1"]
    runner.step(VoiceChanged(True))
    runner.step(PLAY)
    break_once(runner)
    told = list(board.outbox.store.facts)
    assert [(fact.play, fact.result) for fact in told] == [("b-1.pa1", "failed")]
    runner.step(PLAY.model_copy(update={"play": "b-2.pa1"}))
    runner.step(ClipHeld(PLAY.sha, "/a.wav"))
    assert runner.machine.current == "b-2.pa1"
