"""TerminalHost, Terminals and their wiring: bytes to facts, orders to bytes, crashes to a fresh start."""

from dataclasses import dataclass, field

import pytest

from firmware.terminals.board import Terminals, Ways
from firmware.terminals.host import TerminalHost
from firmware.terminals.messages import Health, Keep, Remember, ToDriver, Told, ToLine
from firmware.terminals.wiring import wire_terminal
from hw.board import parse_board
from hw.terminal import MakeSafe, PortDown, PortUp, Write
from hw.terminal import Told as DriverTold
from hw.uart import UartData, UartDown, UartUp
from link.contract.field_facts import TextArrived
from link.hosting.clock import HandClock
from link.hosting.settings import SettingsError
from tests.firmware.terminals.closed_loop import MemoryShelf, Ports

BOARD = """
board = { name = "b", kind = "bench", socket = "/nowhere" }
card = [{ name = "c1", driver = "bench" }]
serial = [{ name = "sat", device = "/bench/sat" }]
output = [{ name = "s1.call", kind = "terminal", serial = "sat", family = "phone", longest = 1800.0 }]
[[line]]
id = "s1"
kind = "phone"
card = "c1"
serial = "sat"
ptt = "s1.call"
"""


@dataclass(frozen=True)
class Parrot:
    """A driver that answers what it is told."""

    heard: tuple[object, ...] = ()
    deadline: float | None = None

    def handle(self, event: object, now: float):
        if event == "crash":
            raise RuntimeError("driver")
        effects = {"w": (Write(b"AT\r"),), "t": (DriverTold("fact"),), "u": (MakeSafe("lied"),)}.get(
            str(event), ()
        )
        return Parrot((*self.heard, event)), effects


class Words:
    def feed(self, data: bytes) -> list[object]:
        return [*data.decode()]


@dataclass
class Rig:
    clock: HandClock = field(default_factory=HandClock)
    shelf: MemoryShelf = field(default_factory=MemoryShelf)
    seen: list[tuple[object, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.terminals = Terminals(
            Ways(
                lambda line, event: self.seen.append(("line", line, event)),
                lambda fact: self.seen.append(("record", fact)),
                lambda *words: self.seen.append(("health", *words)),
                lambda line, why: self.seen.append(("safe", line, why)),
                self.shelf,
            )
        )
        self.answers: tuple[object, ...] = ()
        self.host = TerminalHost(
            "s1", Parrot, Words, self, self.clock, self.terminals.tell, self.terminals.unsafe
        )
        self.terminals.hosts["s1"] = self.host
        self.ports = Ports()
        entry = parse_board(BOARD).serial("sat")
        self.host.port = self.ports(entry, 9600, False, self.terminals.from_port(self.host))
        self.host.runner.inbox.bind()

    def hear(self, fact: object, at_ns: int):
        return self.answers

    def order_for(self, order: object) -> object | None:
        return None if order == "unknown" else order

    def started_over(self, at_ns: int):
        return (ToLine("forget"),)

    def turn(self) -> None:
        while (event := self.host.runner.inbox.get_nowait()) is not None:
            self.host.runner.step(event)

    @property
    def heard(self) -> tuple[object, ...]:
        return self.host.runner.machine.heard


async def test_bytes_become_what_the_device_says_and_effects_become_bytes():
    rig = Rig()
    rig.terminals.start_ports()
    rig.ports.by_name["sat"].say(b"aw")
    rig.turn()
    assert rig.heard == (PortUp(), "a", "w")
    assert list(rig.ports.by_name["sat"].written) == [b"AT\r"]
    assert ("health", "serial sat", "", "") in rig.seen


async def test_a_pulled_port_is_told_to_the_driver_and_to_people():
    rig = Rig()
    rig.terminals.start_ports()
    rig.host.from_port(UartDown("sat", "gone", "plug it in"))
    rig.terminals.from_port(rig.host)(UartDown("sat", "gone", "plug it in"))
    rig.turn()
    assert PortDown("gone") in rig.heard
    assert ("health", "serial sat", "gone", "plug it in") in rig.seen


async def test_a_port_that_comes_back_begins_a_new_line():
    rig = Rig()
    rig.terminals.start_ports()
    first = rig.host._splitter
    rig.host.from_port(UartUp("sat", "/dev/x"))
    assert rig.host._splitter is not first


async def test_every_consequence_goes_its_way():
    rig = Rig()
    text = TextArrived(line="s1", key="k", sender="", text="x")
    rig.answers = (
        *(
            ToLine("event"),
            ToDriver("order"),
            Told(text),
            Health("a", "b", "c"),
            Keep("k", text),
            Remember("w"),
        ),
    )
    rig.host.from_port(UartData("sat", b"t"))
    rig.turn()
    assert ("line", "s1", "event") in rig.seen
    assert "order" in rig.heard
    assert rig.seen.count(("record", text)) == 2
    assert ("health", "a", "b", "c") in rig.seen
    assert rig.shelf.kept == [("s1", text)]
    assert ("s1", "w") in rig.shelf.words


async def test_what_is_unsafe_is_made_safe():
    rig = Rig()
    rig.host.from_port(UartData("sat", b"u"))
    rig.turn()
    assert ("safe", "s1", "lied") in rig.seen


async def test_a_driver_that_crashes_is_made_safe_and_starts_over_with_its_port():
    rig = Rig()
    rig.terminals.start_ports()
    rig.host.runner.inbox.post("crash")
    rig.turn()
    assert ("safe", "s1", "a fault in the gateway's program") in rig.seen
    assert ("line", "s1", "forget") in rig.seen, "what the driver had told the line is not true any more"
    assert rig.heard == (PortUp(),)


async def test_a_babbler_cannot_keep_orders_and_the_end_of_its_port_out():
    rig = Rig()
    rig.terminals.start_ports()
    for _ in range(30):
        rig.host.from_port(UartData("sat", b"a" * 4096))
    assert rig.host.lost > 100_000
    assert rig.terminals.order("s1", "cease") and rig.seen == [("health", "serial sat", "", "")]
    rig.host.from_port(UartDown("sat", "gone", "plug it in"))
    rig.turn()
    assert rig.heard.index("cease") < rig.heard.index(PortDown("gone"))
    assert len(rig.heard) < 4096


async def test_orders_find_their_terminal_or_are_refused():
    rig = Rig()
    assert rig.terminals.order("s1", "dial")
    rig.turn()
    assert "dial" in rig.heard
    assert not rig.terminals.order("r9", "dial")
    assert rig.terminals.order("s1", "unknown")
    assert rig.seen[-1][1].why == "this line cannot do that"


def wired(text: str, tmp_path) -> Terminals:
    board = parse_board(text)
    terminals = Rig().terminals
    wire_terminal(terminals, board, board.line("s1"), HandClock(), Ports(), MemoryShelf())  # type: ignore[arg-type]
    return terminals


async def test_a_pin_file_is_read_and_a_bad_one_stops_the_start(tmp_path):
    pin = tmp_path / "pin"
    text = BOARD + f'pin_file = "{pin}"\n'
    with pytest.raises(SettingsError, match="cannot be read"):
        wired(text, tmp_path)
    pin.write_text("12a4\n")
    with pytest.raises(SettingsError, match="4 to 8 digits"):
        wired(text, tmp_path)
    pin.write_text("1234\n")
    assert wired(text, tmp_path).hosts["s1"].runner.machine.pin == "1234"


async def test_an_unknown_profile_stops_the_start(tmp_path):
    with pytest.raises(SettingsError, match="profile"):
        wired(BOARD + 'profile = "irridium"\n', tmp_path)
