"""Wiring of a loudspeaker: its settings in seconds, every output it uses, the contact and current that watch it."""

import pytest

from firmware.events import ContactRead, CurrentRead, OutputRead
from firmware.paging.machine import Playout
from firmware.switchboard import Switchboard
from firmware.uplink.messages import Identity
from firmware.wiring import describe, wire_gateway
from firmware.wiring_paging import CHIME_FOR, relay_contacts, tell_current
from hw.board import parse_board
from link.bus.fake import FakeBroker, FakeBus
from link.bus.stream_fake import FakePlace, FakeStreamServer
from link.hosting.clock import HandClock
from tests.firmware.authority.plain import plain_desk
from tests.firmware.outbox.memory_store import MemoryStore
from tests.firmware.terminals.closed_loop import MemoryShelf, Ports
from tests.flows.doors import FakeGuard

BOARD = parse_board("""
board = { name = "flow", kind = "bench", socket = "/nowhere" }
card = [{ name = "pa1", driver = "bench" }]
output = [{ name = "amp", pin = 17, longest = 900.0 }, { name = "east", pin = 18, longest = 900.0 }]
input = [{ name = "amp.contact", pin = 4 }]
[[line]]
id = "pa1"
kind = "loudspeaker"
card = "pa1"
relay = "amp"
zones = ["east"]
warm_up_ms = 700
tail_ms = 250
chime = true
read_back = "amp.contact"
""")


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
    identity = Identity("gw-a", "main", "1", "1.1", describe(BOARD, {}))
    bus, place = FakeBus(FakeBroker(), "gw-a"), FakeStreamServer(FakePlace(), "gateway")
    return wire_gateway(
        BOARD,
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


def posted(board: Switchboard) -> list[object]:
    inbox = board.speakers["pa1"].inbox
    return [inbox.get_nowait() for _ in range(len(inbox))]


def test_the_settings_are_in_seconds(board: Switchboard):
    told = board.speakers["pa1"].machine.settings
    assert (told.warm_up, told.tail, told.zones, told.chime, told.chime_for) == (
        0.7,
        0.25,
        ("east",),
        True,
        CHIME_FOR,
    )


def test_the_read_back_of_every_output_reaches_the_loudspeaker(board: Switchboard):
    board.from_guard("east", True, "feed")
    board.from_guard("amp", True, "feed")
    assert posted(board) == [OutputRead(True, "feed", "east"), OutputRead(True, "feed", "amp")]


def test_a_crash_makes_the_amplifier_safe_before_its_zones(board: Switchboard, guard: Guard, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("seeded")

    runner = board.speakers["pa1"]
    monkeypatch.setattr(Playout, "_take", broken)
    runner.step(OutputRead(True))
    assert guard.made_safe[:2] == ["amp", "east"]
    assert isinstance(runner.machine, Playout)


def test_the_second_contact_of_the_relay_reaches_the_loudspeaker(board: Switchboard):
    ((name, changed),) = relay_contacts(BOARD, board)
    assert name == "amp.contact"
    changed(True, 0)
    assert posted(board) == [ContactRead(True)]


def test_the_current_of_its_own_sensor_reaches_the_loudspeaker(board: Switchboard):
    tell_current(BOARD, board, "another", 2.0)
    assert posted(board) == []
    line = BOARD.lines[0].model_copy(update={"current": "amp.current"})
    tell_current(BOARD.model_copy(update={"lines": (line,)}), board, "amp.current", 2.0)
    assert posted(board) == [CurrentRead(2.0)]
