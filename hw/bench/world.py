"""The simulated town: all devices, the air between them, handsets in the field.

Opens no socket and asks no clock: the server calls it with the time (ns). Edges are acted on at once; sound
is settled 20 ms at a time after the fact, with the edges cut to the sample.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hw.bench.air import Air
from hw.bench.config import BenchConfig, LoudspeakerEntry, RadioEntry
from hw.bench.device import Device, LiveLoudspeaker, LiveRadio, loudspeaker_of, radio_of
from hw.bench.gate import FRAME_NS, SAMPLE_NS, SILENCE, Gate
from hw.bench.loudspeaker import RelayPin
from hw.bench.mixing import Noise, Samples, Signal, slice_frame
from hw.bench.radio import Change, Elapsed, Heard, PttPin, RadioEvent, Troubled
from hw.bench.trouble import apply

PinId = tuple[str, int | str]
OnInput = Callable[[PinId, int, int], None]
"""Told (pin, level, time in ns)."""


class UnknownDevice(Exception):
    """No such device on this bench; the text lists those there are."""


@dataclass
class Handset:
    """Somebody in the field with a handset: a carrier, and a sound that begins at sound_ns (0 = none yet)."""

    frequency_hz: int
    carrier: Gate = field(default_factory=Gate)
    sound: Samples | None = None
    sound_ns: int = 0

    def signal(self, start_ns: int) -> Signal | None:
        """Its part of the frame that just ended."""
        spans = self.carrier.spans(start_ns)
        if not spans:
            return None
        if self.sound is None:
            return Signal(spans)
        return Signal(spans, slice_frame(self.sound, (start_ns - self.sound_ns) // SAMPLE_NS))


class World:
    """Everything the bench simulates. `on_input` is told each level change of a pin that a gateway reads."""

    def __init__(self, config: BenchConfig, epoch_ns: int, on_input: OnInput) -> None:
        self.epoch_ns = epoch_ns
        self.done_ns = epoch_ns
        self.devices: dict[str, Device] = {}
        self.handsets: dict[str, Handset] = {}
        self.inputs: dict[PinId, int] = {}
        self._outputs: dict[PinId, tuple[Device, bool]] = {}
        self._on_input = on_input
        self._air = Air()
        self._noise = Noise()
        for radio in config.radio:
            self._add_radio(radio)
        for speaker in config.loudspeaker:
            self._add_loudspeaker(speaker)

    def _add_radio(self, entry: RadioEntry) -> None:
        live = radio_of(entry)
        live.levels = {"ptt": 0, "carrier": 0, "cos": 0, "collision": 0}
        self.devices[entry.device] = live
        self._outputs[entry.gateway, entry.ptt_pin] = (live, entry.ptt_active_high)
        self.inputs[entry.gateway, entry.cos_pin] = int(not entry.cos_active_high)

    def _add_loudspeaker(self, entry: LoudspeakerEntry) -> None:
        live = loudspeaker_of(entry)
        live.levels = {"relay": 0}
        self.devices[entry.device] = live
        self._outputs[entry.gateway, entry.relay_pin] = (live, entry.relay_active_high)

    def device(self, name: str) -> Device:
        """The device named "gateway/line". Raises UnknownDevice."""
        if name not in self.devices:
            known = ", ".join(sorted(self.devices))
            raise UnknownDevice(f"no device {name!r} on this bench; there are: {known}")
        return self.devices[name]

    def card(self, gateway: str, card: str) -> Device | None:
        """The device that a gateway's sound card is wired to."""
        for device in self.devices.values():
            if (device.entry.gateway, device.entry.card) == (gateway, card):
                return device
        return None

    def write(self, pin: PinId, level: int, now: int) -> None:
        """A gateway drives a pin to an electrical level; pins without a device are ignored."""
        device, active_high = self._outputs.get(pin, (None, True))
        if device is None:
            return
        active = bool(level) == active_high
        if isinstance(device, LiveRadio):
            self._radio(device, PttPin(active), now)
        else:
            self._loudspeaker(device, RelayPin(active), now)

    def trouble(self, name: str, verb: str, now: int) -> None:
        """One verb for trouble. Raises UnknownDevice, TroubleError."""
        device = self.device(name)
        event = Troubled(apply(device.machine.trouble, verb, device.kind))
        if isinstance(device, LiveRadio):
            self._radio(device, event, now)
        else:
            self._loudspeaker(device, event, now)

    def key(self, name: str, frequency_hz: int, now: int) -> Handset:
        """A handset keys up; idempotent per name."""
        handset = self.handsets.setdefault(name, Handset(frequency_hz))
        handset.carrier.set(True, now)
        self._carrier(handset.frequency_hz, name, True, now)
        return handset

    def unkey(self, name: str, now: int) -> None:
        """The handset's carrier drops; idempotent. It is forgotten once its last frame is settled."""
        handset = self.handsets.get(name)
        if handset is not None:
            handset.carrier.set(False, now)
            self._carrier(handset.frequency_hz, name, False, now)

    @property
    def deadline(self) -> int | None:
        """When poke() must be called, or None."""
        due = [d.machine.deadline for d in self.devices.values()]
        return min((at for at in due if at is not None), default=None)

    def poke(self, now: int) -> None:
        """Lets time work on every device whose deadline has come."""
        for device in self.devices.values():
            at = device.machine.deadline
            if at is None or at > now:
                continue
            if isinstance(device, LiveRadio):
                self._radio(device, Elapsed(), now)
            else:
                self._loudspeaker(device, Elapsed(), now)

    def settle(self, start_ns: int) -> None:
        """Works out the 20 ms that began at start_ns: emissions, captures, the next card frames."""
        by_frequency: dict[int, list[Signal]] = {}
        for frequency_hz, signal in self._signals(start_ns):
            by_frequency.setdefault(frequency_hz, []).append(signal)
        for device in self.devices.values():
            if isinstance(device, LiveRadio):
                device.hear(by_frequency.get(device.entry.frequency_hz, []), start_ns, self._noise)
            else:
                sound = device.emit(start_ns, self._noise)
                if device.capture is not None:
                    device.capture(sound or SILENCE if device.entry.monitor else SILENCE)
            device.next_frame()
        for name in [n for n, h in self.handsets.items() if h.carrier.idle]:
            del self.handsets[name]
        self.done_ns = start_ns + FRAME_NS

    def _signals(self, start_ns: int) -> Iterator[tuple[int, Signal]]:
        for device in self.devices.values():
            if isinstance(device, LiveRadio) and (signal := device.emit(start_ns)) is not None:
                yield device.entry.frequency_hz, signal
        for handset in self.handsets.values():
            if (signal := handset.signal(start_ns)) is not None:
                yield handset.frequency_hz, signal

    def _radio(self, device: LiveRadio, event: RadioEvent, now: int) -> None:
        device.machine, changes = device.machine.handle(event, now)
        for change in changes:
            self._radio_changed(device, change, now)

    def _radio_changed(self, device: LiveRadio, change: Change, now: int) -> None:
        entry = device.entry
        match change.what:
            case "squelch":
                device.squelch.set(change.value, now)
                return
            case "cos":
                level = int(change.value == entry.cos_active_high)
                self.inputs[entry.gateway, entry.cos_pin] = level
                self._on_input((entry.gateway, entry.cos_pin), level, now)
            case "carrier":
                device.emitting.set(change.value, now)
                self._carrier(entry.frequency_hz, entry.device, change.value, now)
        device.edge(now, change.what, int(change.value))

    def _loudspeaker(self, device: LiveLoudspeaker, event: RelayPin | Troubled | Elapsed, now: int) -> None:
        device.machine, changes = device.machine.handle(event, now)
        for change in changes:
            if change.what == "sounding":
                device.emitting.set(change.value, now)
            else:
                device.edge(now, change.what, int(change.value))

    def _carrier(self, frequency_hz: int, source: str, on: bool, now: int) -> None:
        self._air = self._air.up(frequency_hz, source) if on else self._air.down(frequency_hz, source)
        colliding = int(self._air.colliding(frequency_hz))
        for device in self.devices.values():
            if not isinstance(device, LiveRadio) or device.entry.frequency_hz != frequency_hz:
                continue
            if device.levels["collision"] != colliding:
                device.edge(now, "collision", colliding)
            heard = self._air.heard(frequency_hz, device.entry.device)
            if heard != device.machine.carrier:
                self._radio(device, Heard(heard), now)
