"""What hangs on a Modbus bus of the bench: relay boards, instruments, discrete inputs. And the bus itself.

A relay board moves whatever its coils are wired to; an instrument shows what a verb, or a loudspeaker, says.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hw.bench.device import Device, named
from hw.bench.entries import ModbusEntry
from hw.bench.modbus import InstrumentModel, ModbusBus, RelayBoardModel, verbs
from hw.bench.modbus_line import BusEnd
from hw.bench.trouble import TroubleError

Model = RelayBoardModel | InstrumentModel


class Bus:
    """One pair of wires behind one link, and who hangs on them."""

    def __init__(self, name: str, baud: int) -> None:
        self.members: list[LiveModbus] = []
        self.end = BusEnd(name, ModbusBus(()), baud)
        self.wires = self.end.wires
        self.port = replace(self.end.port, hear=self.hear)

    def join(self, member: "LiveModbus") -> None:
        """One more device on the wires."""
        self.members.append(member)
        self.wires.devices[member.entry.address] = member.model

    def hear(self, data: bytes, now: float) -> None:
        """Bytes of the master; what they switch moves at once."""
        self.end.hear(data, now)
        for member in self.members:
            member.show(round(now * 1e9))


@dataclass
class Coil:
    """What a coil of a relay board moves."""

    drive: Callable[[bool, int], None]
    on: bool = False


@dataclass
class _Shape:
    """How an instrument of a kind shows a value in its registers."""

    unit: str
    registers: Callable[[float, "ModbusEntry"], dict[int, int]]
    values: tuple[float, float] = field(default=(0.0, 100.0))


def _level(value: float, entry: ModbusEntry) -> dict[int, int]:
    if entry.layout == "float":
        high, low = struct.unpack(">HH", struct.pack(">f", value))
        return {0: low, 1: high}
    return {0: round(value * 100) & 0xFFFF, 1: 2}


SHAPES: dict[str, _Shape] = {
    "level": _Shape("m", _level, (-300.0, 300.0)),
    "rain": _Shape("mm", lambda value, entry: {0: round(value / entry.step) & 0xFFFF}, (0.0, 30_000.0)),
    "volts": _Shape("V", lambda value, _: {0: round(value * 100)}, (0.0, 600.0)),
    "current": _Shape("A", lambda value, _: {0: round(value * 1000)}, (0.0, 60.0)),
    "bits": _Shape("", lambda value, _: {}),
}


class LiveModbus(Device):
    """One device on a bus."""

    def __init__(self, entry: ModbusEntry, bus: Bus) -> None:
        super().__init__(entry)
        self.entry = entry
        self.kind = entry.kind  # type: ignore[misc]  # one class for what hangs on a bus
        self.model: Model = (
            RelayBoardModel(entry.address, entry.channels, entry.version)
            if entry.kind == "relays"
            else InstrumentModel(entry.address)
        )
        self.coils: dict[int, Coil] = {}
        self.value = entry.value
        self.port = bus.port
        self._wires = bus.wires
        if isinstance(self.model, InstrumentModel) and entry.kind != "bits":
            self.set(entry.value)
        elif isinstance(self.model, InstrumentModel):
            self.model.bits = dict.fromkeys(range(entry.channels), False)
        bus.join(self)

    @property
    def unit(self) -> str:
        """Unit of its value; empty where it has none."""
        return SHAPES[self.kind].unit if self.kind in SHAPES else ""

    def set(self, value: float) -> None:
        """What it measures from now on. TroubleError."""
        shape = SHAPES.get(self.kind)
        if shape is None or not shape.unit or not isinstance(self.model, InstrumentModel):
            raise TroubleError(f"{self.name!r} measures nothing: it is {self.kind}")
        low, high = shape.values
        if not low <= value <= high:
            raise TroubleError(f"{value:g} {shape.unit} is not {low:g} to {high:g} {shape.unit}")
        self.value = value
        self.model.registers.update(shape.registers(value, self.entry))

    def bit(self, number: int, on: bool) -> None:
        """A discrete input."""
        if isinstance(self.model, InstrumentModel):
            self.model.bits[number] = on

    def show(self, now: int) -> None:
        """Lets timed pulses end and moves what the coils are wired to."""
        if not isinstance(self.model, RelayBoardModel):
            return
        self.model.run(now / 1e9)
        self.model.edges.clear()
        for number, coil in self.coils.items():
            closed = self.model.closed(number)
            if closed != coil.on:
                coil.on = closed
                coil.drive(closed, now)

    @property
    def deadline(self) -> int | None:
        """When the next timed pulse ends."""
        if not isinstance(self.model, RelayBoardModel) or self.model.trouble.no_timer:
            return None
        ends = self.model.pulses.values()
        return min((round(end * 1e9) + 1000 for end in ends), default=None)

    def poke(self, now: int) -> None:
        """A pulse ends."""
        self.show(now)

    @property
    def verbs(self) -> tuple[str, ...]:
        """Verbs for trouble that it knows."""
        return verbs(self.kind)

    @property
    def troubles(self) -> list[str]:
        """What is wrong with it."""
        return named(self.model.trouble)

    @property
    def facts(self) -> dict[str, str]:
        """Relays that are closed, bits that are set, or what it measures."""
        if isinstance(self.model, RelayBoardModel):
            closed = [str(n) for n in range(self.model.channels) if self.model.closed(n)]
            return {"closed": ",".join(closed)}
        if self.kind == "bits":
            return {"set": ",".join(str(n) for n, on in self.model.bits.items() if on)}
        return {"value": f"{self.value:g}", "unit": self.unit}

    def perform(self, verb: str, now: int) -> None:
        """One verb for trouble. Raises TroubleError."""
        self._wires.disturb(self.entry.address, verb, now / 1e9)
        self.show(now)
