"""Modbus RTU devices for the bench: a relay board with timed pulses and measuring instruments. Pure models.

`ModbusBus.feed` takes the bytes of a master and gives what comes back and when; the pty host is
hw.bench.modbus_line. Trouble is set by verbs, as with every bench device. Times are monotonic seconds.
"""

from dataclasses import dataclass, field

from hw.bench.trouble import TroubleError
from hw.modbus import protocol as p
from hw.modbus.serving import RequestSplitter, encode_reply

THINKING = 0.005
"""Seconds a healthy device takes to answer."""
VERBS = (
    "silent",
    "late:MS",
    "garble",
    "echo",
    "split",
    "refuse:CODE",
    "noise",
    "weld:RELAY",
    "dead_coil:RELAY",
    "no_timer",
    "no_renewal",
    "reboot",
    "normal",
)
_RELAYS = ("weld", "dead_coil", "no_timer", "no_renewal")


def verbs(kind: str) -> tuple[str, ...]:
    """The verbs of one kind of device; those of relays only for "relays"."""
    return tuple(each for each in VERBS if kind == "relays" or each.partition(":")[0] not in _RELAYS)


@dataclass
class Trouble:
    """What is wrong with one device; the default is a healthy one."""

    silent: bool = False
    late: float = 0.0
    garble: bool = False
    echo: bool = False
    split: bool = False
    refuse: int = 0
    noise: bool = False
    welded: set[int] = field(default_factory=set)
    dead: set[int] = field(default_factory=set)
    no_timer: bool = False
    no_renewal: bool = False


@dataclass
class RelayBoardModel:
    """A waveshare-class board. `version` 100 is a V1, which has no timed pulses and other values for "on"."""

    slave: int = 1
    channels: int = 8
    version: int = 200
    trouble: Trouble = field(default_factory=Trouble)
    coils: dict[int, bool] = field(default_factory=dict)
    pulses: dict[int, float] = field(default_factory=dict)
    edges: list[tuple[float, int, bool]] = field(default_factory=list)

    def run(self, now: float) -> None:
        """Let the pulses that are over by `now` end."""
        for channel, end in sorted(self.pulses.items(), key=lambda pulse: pulse[1]):
            if end <= now and not self.trouble.no_timer:
                del self.pulses[channel]
                self._set(channel, False, end)

    def closed(self, channel: int) -> bool:
        """The contact, which may be welded or have a dead coil."""
        return channel in self.trouble.welded or (
            self.coils.get(channel, False) and channel not in self.trouble.dead
        )

    def answer(self, request: p.Request, now: float) -> p.Reply:
        """Obey `request`."""
        self.run(now)
        match request:
            case p.ReadBits(function=1, address=address, count=count) if address + count <= self.channels:
                return p.Bits(tuple(self.closed(address + n) for n in range(count)))
            case p.ReadRegisters(function=3, address=0x8000, count=1) if self.version >= 200:
                return p.Registers((self.version,))
            case p.WriteOne(function=5, address=address, value=value):
                return self._write(address, value, now)
            case p.WriteCoils(address=address, values=values) if address + len(values) <= self.channels:
                for place, on in enumerate(values):
                    self._command(address + place, on, now)
                return p.Written()
        return p.Refusal(1 if isinstance(request, p.ReadRegisters) else 2)

    def _write(self, address: int, value: int, now: float) -> p.Reply:
        chosen = range(self.channels) if address & 0xFF == 0xFF else (address & 0xFF,)
        verb = address >> 8
        if chosen[-1] >= self.channels or (verb and self.version < 200):
            return p.Refusal(2)
        if verb not in (0, 2, 4) or (verb == 0 and value not in (0, 0xFF00, 0x5500)):
            return p.Refusal(3)
        for channel in chosen:
            if verb == 0:
                self._command(channel, not self.coils.get(channel) if value == 0x5500 else bool(value), now)
            elif channel not in self.pulses or not self.trouble.no_renewal:
                self._set(channel, verb == 2, now)
                self.pulses[channel] = now + value * 0.1
        return p.Written()

    def _command(self, channel: int, on: bool, now: float) -> None:
        self.pulses.pop(channel, None)
        self._set(channel, on, now)

    def _set(self, channel: int, on: bool, at: float) -> None:
        if self.coils.get(channel, False) != on:
            self.coils[channel] = on
            self.edges.append((at, channel, on))

    def reboot(self, now: float) -> None:
        """Power gone and back: all coils drop."""
        for channel in range(self.channels):
            self._command(channel, False, now)


@dataclass
class InstrumentModel:
    """A level transmitter, rain gauge, meter or input module: a map of registers, the same for FC 03 and 04, and of
    discrete inputs (FC 02)."""

    slave: int = 2
    registers: dict[int, int] = field(default_factory=dict)
    trouble: Trouble = field(default_factory=Trouble)
    bits: dict[int, bool] = field(default_factory=dict)
    """Discrete inputs (function 2)."""

    def answer(self, request: p.Request, now: float) -> p.Reply:
        """Obey `request`."""
        match request:
            case p.ReadRegisters(address=address, count=count):
                wanted = range(address, address + count)
                if all(each in self.registers for each in wanted):
                    return p.Registers(tuple(self.registers[each] for each in wanted))
                return p.Refusal(2)
            case p.ReadBits(function=2, address=address, count=count) if self.bits:
                # A module answers for all its inputs, and refuses those beyond its last.
                if address + count > max(self.bits) + 1:
                    return p.Refusal(2)
                return p.Bits(tuple(self.bits.get(address + n, False) for n in range(count)))
            case p.WriteOne(function=6, address=address, value=value) if address in self.registers:
                self.registers[address] = value
                return p.Written()
        return p.Refusal(1)

    def reboot(self, now: float) -> None:
        """Nothing is lost but time."""


Device = RelayBoardModel | InstrumentModel


@dataclass(frozen=True)
class Heard:
    """Bytes for the master at `at`."""

    at: float
    data: bytes


class ModbusBus:
    """All devices on one pair of wires."""

    def __init__(self, devices: tuple[Device, ...]) -> None:
        self.devices = {device.slave: device for device in devices}
        self.splitter = RequestSplitter()

    def feed(self, data: bytes, now: float) -> list[Heard]:
        """What the master sent; what it will hear."""
        found: list[Heard] = []
        if any(device.trouble.echo for device in self.devices.values()):
            found.append(Heard(now, data))  # the adapter hears itself, whoever is asked
        for request in self.splitter.feed(data):
            chosen = self.devices.values() if request.slave == 0 else [self.devices.get(request.slave)]
            for device in chosen:
                if device is not None and not device.trouble.silent:
                    found += self._reply(device, request, now)
        return found

    def _reply(self, device: Device, request: p.Request, now: float) -> list[Heard]:
        trouble = device.trouble
        refusal = p.Refusal(trouble.refuse) if trouble.refuse else None
        frame = encode_reply(request, refusal or device.answer(request, now))
        if trouble.garble and frame:
            frame = frame[:-1] + bytes((frame[-1] ^ 0x10,))
        if trouble.noise:
            frame = b"\x00\xfe" + frame[:2] + frame  # what a driver enabled too early puts on the wire
        at = now + THINKING + trouble.late
        if trouble.split:
            return [Heard(at + 0.001 * n, frame[n : n + 1]) for n in range(len(frame))]
        return [Heard(at, frame)] if frame else []

    def disturb(self, slave: int, verb: str, now: float) -> None:
        """One verb of trouble for a device; "normal" mends it. TroubleError."""
        device = self.devices.get(slave)
        if device is None:
            known = ", ".join(str(each) for each in sorted(self.devices))
            raise TroubleError(f"no Modbus device {slave} on this bus (there are {known})")
        name, _, number = verb.partition(":")
        if verb == "reboot":
            device.reboot(now)
        elif verb == "normal":
            device.trouble = Trouble()
        elif verb in ("silent", "garble", "echo", "split", "noise", "no_timer", "no_renewal"):
            setattr(device.trouble, verb, True)
        elif name in ("late", "refuse", "weld", "dead_coil") and number.isascii() and number.isdigit():
            self._disturb_by(device.trouble, name, min(int(number[:6]), 60_000))
        else:
            raise TroubleError(f"unknown trouble {verb!r} for a Modbus device (known: {', '.join(VERBS)})")

    @staticmethod
    def _disturb_by(trouble: Trouble, name: str, number: int) -> None:
        match name:
            case "late":
                trouble.late = number / 1000
            case "refuse":
                trouble.refuse = min(number, 255)
            case "weld":
                trouble.welded.add(number)
            case _:
                trouble.dead.add(number)
