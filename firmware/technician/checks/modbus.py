"""Modbus lines: relay boards, sensors and bits are read, never written."""

from collections.abc import Iterator
from dataclasses import replace

from firmware.technician.checks.serial_ports import BAUDS, usable
from firmware.technician.finding import Finding, found, unchecked, well
from firmware.technician.patient import Patient
from firmware.technician.wire import Wire
from hw.board_parts import BitInput, ModbusPort, RelayBoard, Sensor
from hw.modbus import protocol as p
from hw.relay_board.profile import RelayProfile
from hw.relay_board.profile import load_profile as relay_profile
from hw.sensors.profile import SensorProfile
from hw.sensors.profile import load_profile as sensor_profile
from hw.sensors.reading import Order, value_of
from hw.sheet.ports import bus_baud
from link.hosting.settings import SettingsError

ORDERS: tuple[Order, ...] = ("ABCD", "CDAB", "BADC", "DCBA")
ADDRESSES = range(1, 17)
"""Where a relay board that does not answer is looked for."""


class Line:
    """One bus while it is asked; `echoes` once the adapter was heard to hear itself."""

    def __init__(self, wire: Wire, seconds: float) -> None:
        self.echoes = False
        self._wire = wire
        self._seconds = seconds

    def ask(self, request: p.Request, share: float = 1.0) -> p.Reply | None:
        """The device's reply, or None."""
        own = p.encode(request)

        def reply_in(data: bytes) -> p.Reply | None:
            return p.take_reply(data.removeprefix(own), request)[0]

        heard = self._wire.ask(own, lambda data: reply_in(data) is not None, self._seconds * share)
        self.echoes = self.echoes or heard.startswith(own)
        return reply_in(heard)


def buses(patient: Patient) -> Iterator[Finding]:
    """Every bus with all its devices."""
    for bus in patient.board.buses:
        port = patient.board.serial(bus.serial)
        why = usable(patient, port)
        if why:
            yield unchecked(f"bus {bus.name}", why)
            continue
        baud = port.baud or bus_baud(patient.board, bus.name)
        with Wire(port.device, baud, port.rts_cts) as wire:
            line = Line(wire, patient.patience / 2)
            findings = list(_devices(patient, bus, line))
        if findings and all(finding.kind.endswith("-silent") for finding in findings):
            other = _other_baud(patient, bus, baud)
            if other:
                yield found(
                    "bus-wrong-baud", f"bus {bus.name}", f"a device answers at {other} baud, none at {baud}"
                )
                continue
        if line.echoes:
            yield found("bus-echo", f"bus {bus.name}", "each question comes back before its answer")
        yield from findings


def _devices(patient: Patient, bus: ModbusPort, line: Line) -> Iterator[Finding]:
    for relays in patient.board.relay_boards:
        if relays.bus == bus.name:
            yield from _shielded(f"relay board {relays.name}", _relays(patient, relays, line))
    for sensor in patient.board.sensors:
        if sensor.bus == bus.name:
            yield from _shielded(f"sensor {sensor.name}", _sensor(sensor, line))
    for source in patient.board.inputs:
        if isinstance(source, BitInput) and source.bus == bus.name:
            reply = line.ask(p.ReadBits(source.address, 2, source.bit, 1))
            where = f"input {source.name}"
            heard = isinstance(reply, p.Bits)
            what = f"bit {source.bit} at address {source.address}"
            yield (
                well(where, f"{what} answers")
                if heard
                else found("bit-silent", where, f"{what}: {_said(reply)}")
            )


def _shielded(where: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except SettingsError as error:
        yield unchecked(where, str(error))


def _said(reply: p.Reply | None) -> str:
    return f"refused: {reply.words}" if isinstance(reply, p.Refusal) else "no answer"


def _relays(patient: Patient, relays: RelayBoard, line: Line) -> Iterator[Finding]:
    where, profile = f"relay board {relays.name}", relay_profile(relays.profile)
    version = line.ask(p.ReadRegisters(relays.address, 3, profile.version_register, 1))
    coils = line.ask(p.ReadBits(relays.address, 1, 0, profile.channels))
    if version is None and coils is None:
        taken = {sensor.address for sensor in patient.board.sensors if sensor.bus == relays.bus}
        taken |= {each.address for each in patient.board.relay_boards if each.bus == relays.bus}
        other = _other_address(line, profile, taken)
        if other:
            yield found(
                "relay-address", where, f"such a board answers at address {other}, not at {relays.address}"
            )
        else:
            yield found("relay-silent", where, f"nothing answers at address {relays.address}")
        return
    number = version.values[0] if isinstance(version, p.Registers) else 0
    if number < profile.version_least:
        seen = f"version {number}" if number else "no version register"
        yield found("relay-v1", where, f"{seen}, at least {profile.version_least} is needed")
    closed = [n for n, on in enumerate(coils.values) if on] if isinstance(coils, p.Bits) else []
    names = {o.coil: o.name for o in patient.board.outputs if o.kind == "coil" and o.board == relays.name}
    if closed:
        told = ", ".join(f"{n} ({names.get(n, 'not used')})" for n in closed)
        yield found("relay-closed", where, f"the read-back says closed: relay {told}; no gateway is running")
    elif number >= profile.version_least:
        yield well(where, f"answers, version {number}, all relays open")


def _other_address(line: Line, profile: RelayProfile, taken: set[int]) -> int:
    for address in ADDRESSES:
        if address not in taken:
            reply = line.ask(p.ReadBits(address, 1, 0, profile.channels), 0.3)
            if isinstance(reply, p.Bits):
                return address
    return 0


def _other_baud(patient: Patient, bus: ModbusPort, baud: int) -> int:
    board = patient.board
    addresses = [each.address for each in board.relay_boards if each.bus == bus.name]
    addresses += [each.address for each in board.sensors if each.bus == bus.name]
    port = board.serial(bus.serial)
    for other in (rate for rate in BAUDS if rate != baud):
        with Wire(port.device, other, port.rts_cts) as wire:
            if any(Line(wire, patient.patience / 4).ask(p.ReadBits(a, 1, 0, 1)) for a in addresses[:2]):
                return other
    return 0


def _sensor(sensor: Sensor, line: Line) -> Iterator[Finding]:
    where, profile = f"sensor {sensor.name}", sensor_profile(sensor.profile)
    settings = profile.settings(sensor.name, sensor.address)
    layout = settings.layout
    reply = line.ask(p.ReadRegisters(sensor.address, layout.function, layout.address, layout.count))
    if reply is None:
        yield found("sensor-silent", where, f"nothing answers at address {sensor.address}")
        return
    if not isinstance(reply, p.Registers):
        yield found(
            "sensor-refused", where, f"function {layout.function}, register {layout.address}: {_said(reply)}"
        )
        return
    decimals = 0
    if layout.decimals_address is not None:
        more = line.ask(p.ReadRegisters(sensor.address, layout.function, layout.decimals_address, 1))
        decimals = more.values[0] if isinstance(more, p.Registers) else 0
    yield _judged(where, profile, sensor, reply.values, decimals)


def _judged(
    where: str, profile: SensorProfile, sensor: Sensor, registers: tuple[int, ...], decimals: int
) -> Finding:
    """Whether the value is plausible, or would be in another order of its bytes."""
    layout = profile.settings(sensor.name, sensor.address).layout
    value = value_of(registers, decimals, layout)
    shown = "no number" if value is None else f"{value:g} {profile.unit}"
    if value is not None and profile.low <= value <= profile.high and not _denormal(value, profile):
        return well(where, shown)
    if layout.count == 2:
        for order in ORDERS:
            other = value_of(registers, decimals, replace(layout, order=order))
            if other is None or _denormal(other, profile) or order == profile.order:
                continue
            if profile.low <= other <= profile.high:
                what = (
                    f"{shown} in order {profile.order}; in order {order} it would be {other:g} {profile.unit}"
                )
                return found("sensor-byte-order", where, what)
    return found("sensor-range", where, f"{shown}, plausible is {profile.low:g} to {profile.high:g}")


def _denormal(value: float, profile: SensorProfile) -> bool:
    """A float that is nearly but not quite nothing is what wrong bytes look like."""
    return profile.type == "float32" and 0 < abs(value) < 1e-6
