"""Wires the Modbus buses of a board file: their hosts, and the relay boards with the outputs that are coils.

Sensors and contacts that hang on the same buses are attached to the hosts that come from here.
"""

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field

from firmware.modbus.host import BusHost, Health, Open
from firmware.modbus.relays import Guard, Relays
from hw.board import Board
from hw.board_parts import CoilOutput
from hw.modbus.machine import BusSettings
from hw.relay_board.profile import RelayProfile, load_profile
from link.hosting.clock import Clock
from link.hosting.settings import SettingsError


@dataclass
class Buses:
    """The hosts by bus name."""

    board: Board
    hosts: dict[str, BusHost] = field(default_factory=dict)

    def runners(self) -> list[Callable[[], Coroutine[None, None, None]]]:
        """What serves every bus and its devices."""
        return [run for host in self.hosts.values() for run in host.runners()]

    def open_ports(self, open_port: Open) -> None:
        """Open the port of every bus; it is found again whenever it comes back."""
        for host in self.hosts.values():
            serial = self.board.serial(self.board.bus(host.name).serial)
            baud = host.bus.machine.settings.baud
            host.start(open_port(serial, baud, serial.rts_cts, host.from_port))

    def close_ports(self) -> None:
        """Close them; may take some 10 ms each."""
        for host in self.hosts.values():
            host.stop()


def wire_buses(board: Board, clock: Clock, health: Health, bauds: Iterable[tuple[str, int]] = ()) -> Buses:
    """A host for every [[bus]]. `bauds`: (bus, baud rate that the profile of a device asks for), for ports whose own
    `baud` is 0; relay boards are looked up here. SettingsError when two devices of a bus disagree."""
    asked: dict[str, set[int]] = {bus.name: set() for bus in board.buses}
    for name, baud in [*bauds, *((r.bus, load_profile(r.profile).baud) for r in board.relay_boards)]:
        asked[name].add(baud)
    buses = Buses(board)
    for bus in board.buses:
        own = board.serial(bus.serial).baud
        if not own and len(asked[bus.name]) > 1:
            found = ", ".join(str(baud) for baud in sorted(asked[bus.name]))
            raise SettingsError(
                f"bus {bus.name!r}: the profiles of its devices ask for {found} baud; set all devices to one speed "
                f"and write it as baud = ... into [[serial]] {bus.serial!r}"
            )
        baud = own or next(iter(asked[bus.name]), 9600)
        settings = BusSettings(baud=baud, gap=bus.gap_ms / 1000)
        buses.hosts[bus.name] = BusHost(bus.name, settings, clock, health)
    return buses


def wire_relays(
    board: Board,
    buses: Buses,
    clock: Clock,
    guard: Guard,
    health: Health,
    read: Callable[[str, bool, str], None],
) -> Relays:
    """The relay boards on their buses and the outputs of kind "coil"; SettingsError for a bad profile."""
    relays = Relays(guard, clock, health, read)
    for entry in board.relay_boards:
        profile: RelayProfile = load_profile(entry.profile)
        relays.add_board(buses.hosts[entry.bus], profile.settings(entry.name, entry.address))
    for output in board.outputs:
        if isinstance(output, CoilOutput):
            relays.add_coil(output.name, output.board, output.coil)
    return relays
