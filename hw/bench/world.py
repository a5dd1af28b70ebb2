"""The simulated town: all devices, joined by pins, air, network, far ends and buses.

Opens no socket and asks no clock: the server calls it with the time (ns). Edges are acted on at once; sound
is settled 20 ms at a time after the fact, with the edges cut to the sample. Each family has a file of its own.
"""

from functools import partial
from typing import TypeVar

from hw.bench.analog import Field, Handset, LiveRadio
from hw.bench.config import BenchConfig
from hw.bench.contacts import LiveContact
from hw.bench.device import Card, Device
from hw.bench.entries import ContactEntry, LoudspeakerEntry, RadioEntry
from hw.bench.gate import FRAME_NS
from hw.bench.mixing import Noise
from hw.bench.mpt import LiveMap27
from hw.bench.plant import Bus, Coil, LiveModbus
from hw.bench.shortwave import LiveShortwave
from hw.bench.speakers import LiveLoudspeaker
from hw.bench.telephony import LivePhone
from hw.bench.trunked import LiveTetra, Network
from hw.bench.usb_radio import LiveUsbRadio
from hw.bench.wires import Drive, OnInput, PinId, Wires

D = TypeVar("D", bound=Device)


class UnknownDevice(Exception):
    """No such device on this bench; the text lists those there are."""


class World:
    """Everything the bench simulates. `on_input` is told each level change of a pin that a gateway reads."""

    def __init__(self, config: BenchConfig, epoch_ns: int, on_input: OnInput) -> None:
        self.epoch_ns = epoch_ns
        self.done_ns = epoch_ns
        self.devices: dict[str, Device] = {}
        self.buses: dict[tuple[str, str], Bus] = {}
        self.wires = Wires(on_input)
        self.network = Network.empty()
        self._noise = Noise()
        self.field = Field(self._noise)
        self._build(config)

    def _build(self, config: BenchConfig) -> None:
        for each in config.modbus:
            bus = self.buses.setdefault((each.gateway, each.serial), Bus(each.serial, each.baud))
            self._add(LiveModbus(each, bus))
        for radio in config.radio:
            self._add_radio(radio)
        for usb in config.usb_radio:
            self.field.antennas.append(self._add(LiveUsbRadio(usb, self.field)))
        for rig in config.shortwave:
            self.field.antennas.append(self._add(LiveShortwave(rig, self.field)))
        for speaker in config.loudspeaker:
            self._add_loudspeaker(speaker)
        for terminal in config.tetra:
            self.network.terminals.append(self._add(LiveTetra(terminal, self.network)))
        for trunked in config.map27:
            self._add(LiveMap27(trunked))
        for phone in config.phone:
            self._add(LivePhone(phone))
        for contact in config.contact:
            self._add_contact(contact)

    def _add(self, device: D) -> D:
        self.devices[device.name] = device
        return device

    def _add_radio(self, entry: RadioEntry) -> None:
        live = self._add(LiveRadio(entry, self.field))
        self.field.antennas.append(live)
        self.wires.output((entry.gateway, entry.ptt_pin), entry.ptt_active_high, live.ptt)
        live.cos = self.wires.input((entry.gateway, entry.cos_pin), entry.cos_active_high)

    def _add_loudspeaker(self, entry: LoudspeakerEntry) -> None:
        live = self._add(LiveLoudspeaker(entry))
        drives: list[tuple[int | str | None, Drive]] = [(entry.relay_pin, live.relay)]
        zones = (*entry.zone_pins, *entry.zone_coils)
        drives += [(pin, partial(live.zone, n)) for n, pin in enumerate(entry.zone_pins)]
        for pin, drive in drives:
            if pin is not None:
                self.wires.output((entry.gateway, pin), entry.relay_active_high, drive)
        if entry.relay_board:
            board = self._modbus(entry.gateway, entry.relay_board)
            board.coils[entry.relay_coil] = Coil(live.relay)
            first = len(zones) - len(entry.zone_coils)
            for n, coil in enumerate(entry.zone_coils, first):
                board.coils[coil] = Coil(partial(live.zone, n))
        if entry.read_back_pin is not None:
            live.read_back = self.wires.input((entry.gateway, entry.read_back_pin), True)

    def _add_contact(self, entry: ContactEntry) -> None:
        def wire(pin: int | str | None, bit: int | None) -> Drive | None:
            if pin is not None:
                return self.wires.input((entry.gateway, pin), entry.active_high)
            if not entry.bits or bit is None:
                return None
            instrument = self._modbus(entry.gateway, entry.bits)
            return lambda on, _: instrument.bit(bit, on == entry.active_high)

        first, second = wire(entry.pin, entry.bit), wire(entry.second_pin, entry.second_bit)
        assert first is not None  # the file was checked
        self._add(LiveContact(entry, first, second))

    def _modbus(self, gateway: str, name: str) -> LiveModbus:
        found = self.devices[f"{gateway}/{name}"]
        assert isinstance(found, LiveModbus)  # the file was checked
        return found

    # -- who and where --

    def device(self, name: str) -> Device:
        """The device named "gateway/line". Raises UnknownDevice."""
        if name not in self.devices:
            known = ", ".join(sorted(self.devices))
            raise UnknownDevice(f"no device {name!r} on this bench; there are: {known}")
        return self.devices[name]

    def card(self, gateway: str, card: str) -> Card | None:
        """A gateway's sound card."""
        cards = (each for device in self.devices.values() for each in device.cards)
        return next((each for each in cards if (each.gateway, each.name) == (gateway, card)), None)

    @property
    def inputs(self) -> dict[PinId, int]:
        """Levels of the pins that gateways read."""
        return self.wires.inputs

    @property
    def handsets(self) -> dict[str, Handset]:
        """People in the field."""
        return self.field.handsets

    # -- what happens --

    def write(self, pin: PinId, level: int, now: int) -> None:
        """A gateway drives a pin to an electrical level; pins without a device are ignored."""
        self.wires.write(pin, level, now)

    def trouble(self, name: str, verb: str, now: int) -> None:
        """One verb for trouble. Raises UnknownDevice, TroubleError."""
        self.device(name).perform(verb, now)

    def key(self, name: str, frequency_hz: int, now: int) -> Handset:
        """A handset keys up; idempotent per name."""
        return self.field.key(name, frequency_hz, now)

    def unkey(self, name: str, now: int) -> None:
        """The handset's carrier drops; idempotent."""
        self.field.unkey(name, now)

    @property
    def deadline(self) -> int | None:
        """When poke() must be called, or None."""
        due = [device.deadline for device in self.devices.values()]
        return min((at for at in due if at is not None), default=None)

    def poke(self, now: int) -> None:
        """Lets time work on every device whose deadline has come."""
        for device in self.devices.values():
            at = device.deadline
            if at is not None and at <= now:
                device.poke(now)

    def settle(self, start_ns: int) -> None:
        """Works out the 20 ms that began at start_ns: emissions, captures, the next card frames."""
        self.field.settle(start_ns)
        self.network.settle(start_ns)
        for device in self.devices.values():
            match device:
                case LiveLoudspeaker():
                    device.settle(start_ns, self._noise)
                case LivePhone() | LiveMap27():
                    device.settle(start_ns)
                case LiveModbus(kind="current") as meter:
                    speaker = self.devices[f"{meter.gateway}/{meter.entry.of}"]
                    if isinstance(speaker, LiveLoudspeaker) and speaker.amperes != meter.value:
                        meter.set(speaker.amperes)
        self.done_ns = start_ns + FRAME_NS
