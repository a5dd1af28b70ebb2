"""Analog radios on the shared air, and people in the field with handsets.

Edges are acted on at once; sound is settled 20 ms at a time after the fact, with the edges cut to the sample.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from hw.bench.air import Air
from hw.bench.device import CARD_VERBS, SoundDevice, named
from hw.bench.entries import AnalogEntry
from hw.bench.gate import SAMPLE_NS, Gate, cut
from hw.bench.mixing import Ear, Noise, Samples, Signal, receive, slice_frame
from hw.bench.radio import MS, Change, Elapsed, Heard, PttPin, Radio, RadioEvent, Troubled
from hw.bench.trouble import apply, verbs

FAULT_DBFS = -18.0


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


class OnAir(Protocol):
    """A device with an antenna."""

    name: str

    @property
    def hz(self) -> int:
        """Where it stands."""

    def aired(self, heard: bool, colliding: bool, now: int) -> None:
        """The carriers on its frequency have changed: somebody else's is there; two or more are."""

    def emit(self, start_ns: int) -> Signal | None:
        """Its carrier and sound during the frame that just ended; None when it was off."""

    def hear(self, signals: list[Signal], start_ns: int, noise: Noise) -> None:
        """Gives its card the captured frame."""

    def next_frame(self) -> None:
        """The card's clock."""


class Field:
    """All antennas and handsets of the town."""

    def __init__(self, noise: Noise) -> None:
        self.antennas: list[OnAir] = []
        self.handsets: dict[str, Handset] = {}
        self.air = Air()
        self._noise = noise

    def key(self, name: str, frequency_hz: int, now: int) -> Handset:
        """A handset keys up; idempotent per name."""
        handset = self.handsets.setdefault(name, Handset(frequency_hz))
        handset.carrier.set(True, now)
        self.carrier(handset.frequency_hz, name, True, now)
        return handset

    def unkey(self, name: str, now: int) -> None:
        """The handset's carrier drops; idempotent. It is forgotten once its last frame is settled."""
        handset = self.handsets.get(name)
        if handset is not None:
            handset.carrier.set(False, now)
            self.carrier(handset.frequency_hz, name, False, now)

    def carrier(self, frequency_hz: int, source: str, on: bool, now: int) -> None:
        """A carrier rose or dropped."""
        self.air = self.air.up(frequency_hz, source) if on else self.air.down(frequency_hz, source)
        self.tell(frequency_hz, now)

    def tell(self, frequency_hz: int, now: int) -> None:
        """Everybody on this frequency learns what stands there."""
        colliding = self.air.colliding(frequency_hz)
        for antenna in self.antennas:
            if antenna.hz == frequency_hz:
                antenna.aired(self.air.heard(frequency_hz, antenna.name), colliding, now)

    def settle(self, start_ns: int) -> None:
        """Works out the 20 ms that began at start_ns."""
        by_frequency: dict[int, list[Signal]] = {}
        for antenna in self.antennas:
            if (signal := antenna.emit(start_ns)) is not None:
                by_frequency.setdefault(antenna.hz, []).append(signal)
        for handset in self.handsets.values():
            if (signal := handset.signal(start_ns)) is not None:
                by_frequency.setdefault(handset.frequency_hz, []).append(signal)
        for antenna in self.antennas:
            antenna.hear(by_frequency.get(antenna.hz, []), start_ns, self._noise)
            antenna.next_frame()
        for name in [n for n, h in self.handsets.items() if h.carrier.idle]:
            del self.handsets[name]


def no_cos(on: bool, now: int) -> None:
    """Where the squelch goes while nothing is wired to it."""


class LiveRadio(SoundDevice):
    """An analog radio. `cos` moves whatever its squelch contact is wired to."""

    kind = "radio"

    def __init__(self, entry: AnalogEntry, air: Field) -> None:
        super().__init__(entry)
        self.entry = entry
        self.hz = entry.frequency_hz
        self.machine = Radio(
            attack_ns=int(entry.attack_ms * MS),
            squelch_ns=int(entry.squelch_ms * MS),
            tail_ns=int(entry.tail_ms * MS),
            timeout_ns=int(entry.timeout_s * 1000 * MS),
        )
        self.squelch = Gate()
        self.cos: Callable[[bool, int], None] = no_cos
        self.levels = {"ptt": 0, "carrier": 0, "cos": 0, "collision": 0}
        self._air = air

    def ptt(self, active: bool, now: int) -> None:
        """Its PTT input."""
        if active and not self.machine.pin:
            self.keyed()
        self.happen(PttPin(active), now)

    def aired(self, heard: bool, colliding: bool, now: int) -> None:
        """The carriers on its frequency have changed."""
        self.level(now, "collision", int(colliding))
        if heard != self.machine.carrier:
            self.happen(Heard(heard), now)

    def happen(self, event: RadioEvent, now: int) -> None:
        """Its machine takes an event; what changes goes out."""
        self.machine, changes = self.machine.handle(event, now)
        for change in changes:
            self._changed(change, now)

    def _changed(self, change: Change, now: int) -> None:
        match change.what:
            case "squelch":
                self.squelch.set(change.value, now)
                return
            case "cos":
                self.cos(change.value, now)
            case "carrier":
                self.emitting.set(change.value, now)
                self._air.carrier(self.hz, self.name, change.value, now)
        self.edge(now, change.what, int(change.value))

    @property
    def deadline(self) -> int | None:
        """The machine's."""
        return self.machine.deadline

    def poke(self, now: int) -> None:
        """Lets time work."""
        self.happen(Elapsed(), now)

    def emit(self, start_ns: int) -> Signal | None:
        """Its carrier and sound during the frame that just ended; None when it was off."""
        spans = self.emitting.spans(start_ns)
        if not spans:
            return None
        sound = cut(self.frame, spans) if self.frame is not None else None
        self.record(start_ns, sound)
        return Signal(spans, sound)

    def hear(self, signals: list[Signal], start_ns: int, noise: Noise) -> None:
        """Gives its card the captured frame."""
        spans = self.squelch.spans(start_ns)
        if self.capture is not None:
            fault = FAULT_DBFS if self.machine.trouble.noise else None
            ear = Ear(self.entry.tail_dbfs, self.entry.hiss_dbfs, fault)
            self.capture(receive(signals, spans, ear, noise))

    @property
    def verbs(self) -> tuple[str, ...]:
        """Verbs for trouble that it knows."""
        return (*verbs("radio"), *CARD_VERBS)

    @property
    def troubles(self) -> list[str]:
        """What is wrong with it."""
        return named(self.machine.trouble) + self.card_troubles

    def perform(self, verb: str, now: int) -> None:
        """One verb for trouble. Raises TroubleError."""
        if not self.perform_at_card(verb):
            self.happen(Troubled(apply(self.machine.trouble, verb, "radio")), now)
