"""Wiring of buses: one host each at the speed its devices speak, coils at their boards, trouble said in words."""

import pytest

from firmware.wiring_modbus import wire_buses, wire_relays
from hw.board import parse_board
from link.hosting.clock import HandClock
from link.hosting.settings import SettingsError
from tests.flows.doors import FakeGuard

BOARD = """
board = { name = "flow", kind = "real" }
card = [{ name = "pa1", driver = "alsa", playback = "hw:1" }]
serial = [{ name = "rs485", device = "/dev/x", baud = BAUD }, { name = "other", device = "/dev/y", baud = 19200 }]
bus = [{ name = "b1", serial = "rs485", gap_ms = 20 }, { name = "b2", serial = "other" }]
relay_board = [{ name = "pa", bus = "b1", address = 4 }]
output = [{ kind = "coil", name = "amp", longest = 900.0, board = "pa", coil = 3 }]
line = [{ id = "pa1", kind = "loudspeaker", card = "pa1", relay = "amp" }]
"""


def board(baud: int = 0):
    return parse_board(BOARD.replace("BAUD", str(baud)))


class Port:
    def __init__(self, name: str, running: list[str]) -> None:
        self.name, self.running = name, running

    def start(self) -> None:
        self.running.append(self.name)

    def stop(self) -> None:
        self.running.remove(self.name)

    def write(self, data: bytes) -> bool:
        return True


class Ports:
    def __init__(self) -> None:
        self.opened: list[tuple[str, str, int]] = []
        self.running: list[str] = []

    def __call__(self, entry, baud, rts_cts, sink):
        self.opened.append((entry.name, entry.device, baud))
        return Port(entry.name, self.running)


def test_every_bus_gets_its_port_at_the_speed_of_its_devices():
    buses, ports = wire_buses(board(), HandClock(), print), Ports()
    buses.open_ports(ports)
    assert ports.opened == [("rs485", "/dev/x", 9600), ("other", "/dev/y", 19200)]
    assert buses.hosts["b1"].bus.machine.settings.silence == 0.02
    buses.close_ports()
    assert ports.running == []


def test_devices_of_two_speeds_need_a_word_of_the_technician():
    with pytest.raises(
        SettingsError, match=r"bus 'b1': .* ask for 2400, 9600 baud; .*\[\[serial\]\] 'rs485'"
    ):
        wire_buses(board(), HandClock(), print, [("b1", 2400)])
    buses = wire_buses(board(4800), HandClock(), print, [("b1", 2400)])
    assert buses.hosts["b1"].bus.machine.settings.baud == 4800


def test_coils_hang_on_their_boards():
    clock = HandClock()
    buses = wire_buses(board(), clock, print)
    relays = wire_relays(board(), buses, clock, FakeGuard(clock), print, print)
    assert set(buses.hosts["b1"].clients) == {"pa"}
    assert relays.boards["pa"].machine.settings.slave == 4
    assert (relays.coils["amp"].board, relays.coils["amp"].channel) == ("pa", 3)
    assert len(buses.runners()) == 3
