"""Wires what a gateway reads: inputs to those who hear them, contacts, instruments on their buses, bypasses.

Comes after lines, loudspeakers and buses; everything is attached to a bus before its port opens.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import monotonic_ns

from firmware.guarding import Guard
from firmware.inputs.bits import Bit, BitModule, BitsBack, BitsChanged, BitsLost
from firmware.inputs.contacts import WiredContact, WireHeard
from firmware.inputs.instruments import Instrument
from firmware.inputs.trunk import Trunk
from firmware.inputs.wires import Wires
from firmware.modbus.host import BusHost
from firmware.switchboard import Switchboard, void
from firmware.wiring_island import watch_contacts, watch_sensor
from firmware.wiring_paging import relay_contacts, tell_current
from hw import board_parts as parts
from hw.board import Board
from hw.board_lines import RadioLine
from hw.bypass import events as bypass
from hw.bypass.machine import BypassRelay, BypassSettings
from hw.contacts.machine import Contact, ContactSettings
from hw.sensors.machine import Sensor
from hw.sensors.profile import SensorProfile, load_profile
from link.hosting.clock import Clock
from link.hosting.runner import Runner
from link.hosting.settings import SettingsError

Opened = parts.PinInput | parts.HidInput | parts.ModemLineInput
"""What a door of this machine reads, as against what is polled over a bus."""
_BITS_ADVICE = "check the input module's supply and address, and that it answers function 2 (discrete inputs)"


@dataclass
class Wired:
    """What came of it: who hears which input, and the instruments by name."""

    wires: Wires = field(default_factory=Wires)
    instruments: dict[str, Instrument] = field(default_factory=dict)


def sensor_bauds(board: Board) -> list[tuple[str, int]]:
    """(bus, baud rate that the profile asks for) of every sensor; SettingsError for a bad profile."""
    return [(sensor.bus, load_profile(sensor.profile).baud) for sensor in board.sensors]


def wire_inputs(
    board: Board, switchboard: Switchboard, buses: Mapping[str, BusHost], clock: Clock, guard: Guard
) -> Wired:
    """Everything that reads; SettingsError for a bad profile or a sensor in the wrong place."""
    wired = Wired()
    for line in board.lines:
        if isinstance(line, RadioLine) and line.cos:
            wired.wires.listen(line.cos, switchboard.from_pin(line.id))
    for name, hear in relay_contacts(board, switchboard):
        wired.wires.listen(name, hear)
    for sensor in board.sensors:
        wired.instruments[sensor.name] = _wire_sensor(board, switchboard, buses[sensor.bus], clock, sensor)
    for contact in board.contacts:
        _wire_contact(switchboard, wired.wires, clock, contact)
    for entry in board.bypasses:
        _wire_bypass(switchboard, wired, clock, guard, entry)
    for host, module in _modules(board, wired.wires, buses):
        host.attach(module.name, module, partial(_bits, board, switchboard, wired.wires, module))
    return wired


def _wire_sensor(
    board: Board, switchboard: Switchboard, host: BusHost, clock: Clock, entry: parts.Sensor
) -> Instrument:
    profile: SensorProfile = load_profile(entry.profile)
    instrument = Instrument(entry.name, profile, clock, switchboard.perform_input)
    if profile.measures == "current":
        instrument.measured.append(partial(tell_current, board, switchboard, entry.name))
    instrument.measured.append(watch_sensor(switchboard, entry.name))
    name = f"sensor {entry.name}"  # a relay board on this bus may have the same name
    host.attach(name, Sensor(profile.settings(name, entry.address)), instrument.heard)
    return instrument


def _wire_contact(switchboard: Switchboard, wires: Wires, clock: Clock, entry: parts.Contact) -> None:
    settings = ContactSettings(
        name=entry.name,
        normal=entry.normal,
        debounce=entry.debounce_ms / 1000,
        chatter_most=entry.chatter_most,
        calm=entry.calm,
    )
    runner: Runner[WiredContact] = Runner(
        f"contact-{entry.name}",
        WiredContact(Contact(settings), two=bool(entry.second)),
        switchboard.perform_input,
        clock,
        recover=lambda: runner.machine.started_over(clock.now()),
    )
    switchboard.inputs.contacts[entry.name] = runner
    wires.listen(entry.input, lambda on, at_ns: runner.inbox.post(WireHeard(on)))
    if entry.second:
        wires.listen(entry.second, lambda on, at_ns: runner.inbox.post(WireHeard(on, second=True)))


def _wire_bypass(
    switchboard: Switchboard, wired: Wired, clock: Clock, guard: Guard, entry: parts.BypassRelay
) -> None:
    volts = wired.instruments.get(entry.volts)
    settings = BypassSettings(
        name=entry.name,
        low=entry.low,
        high=entry.high,
        return_after=entry.return_after,
        read_back=bool(entry.read_back),
        stale=volts.profile.stale if volts is not None else BypassSettings.stale,
    )
    line = switchboard.lines.get(entry.line)
    runner: Runner[Trunk] = Runner(
        f"bypass-{entry.name}",
        Trunk(BypassRelay(settings), entry.relay, entry.line, ready=line is None or line.machine.ready),
        switchboard.perform_input,
        clock,
        on_crash=lambda: void(guard.safe(entry.relay)),
        recover=lambda: runner.machine.started_over(clock.now()),
    )
    switchboard.inputs.trunks[entry.name] = runner
    switchboard.outputs[entry.relay] = runner  # type: ignore[assignment]  # the table is declared for lines only
    wires = wired.wires
    if entry.mains:
        wires.listen(entry.mains, lambda on, at_ns: runner.inbox.post(bypass.Mains(on)))
    if entry.read_back:
        wires.listen(entry.read_back, lambda on, at_ns: runner.inbox.post(bypass.ReadBack(on)))
    if entry.direct:
        wires.listen(entry.direct, lambda on, at_ns: runner.inbox.post(bypass.DirectCall(on)))
    if volts is not None and volts.profile.measures != "voltage":
        raise SettingsError(
            f"bypass {entry.name!r}: volts = {entry.volts!r} measures {volts.profile.measures}, not a voltage: "
            'give that sensor a profile with measures = "voltage"'
        )
    if volts is not None:
        volts.measured.append(lambda value: void(runner.inbox.post(bypass.Volts(value))))


def _modules(board: Board, wires: Wires, buses: Mapping[str, BusHost]) -> Iterator[tuple[BusHost, BitModule]]:
    """A poller for each Modbus module of whose bits at least one is heard by somebody."""
    found: dict[tuple[str, int], list[Bit]] = {}
    for entry in board.inputs:
        if isinstance(entry, parts.BitInput) and entry.name in wires.listeners:
            bit = Bit(entry.name, entry.bit, entry.active_high)
            found.setdefault((entry.bus, entry.address), []).append(bit)
    for (bus, address), bits in found.items():
        yield buses[bus], BitModule(f"inputs of {address}", address, tuple(bits))


def _bits(board: Board, switchboard: Switchboard, wires: Wires, module: BitModule, fact: object) -> None:
    subject = f"inputs {', '.join(bit.name for bit in module.bits)}"[:120]
    match fact:
        case BitsChanged(levels=levels):
            for name, on in levels:
                wires.heard(name)(on, monotonic_ns())
        case BitsLost(why=why):
            watch_contacts(board, switchboard, (bit.name for bit in module.bits), on=False)
            switchboard.tell_health(subject, f"cannot be read: {why}", _BITS_ADVICE)
        case BitsBack():
            watch_contacts(board, switchboard, (bit.name for bit in module.bits), on=True)
            switchboard.tell_health(subject, "")


def opened_here(board: Board, wires: Wires) -> list[Opened]:
    """The inputs that somebody hears and that are not polled over a bus."""
    heard = [entry for entry in board.inputs if entry.name in wires.listeners]
    return [entry for entry in heard if not isinstance(entry, parts.BitInput)]
