"""A live bench device: its machine, its card, its edges and the recordings of what it emits.

Holds no socket and asks no clock; the world feeds it and carries its changes on.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from hw.bench.card_buffer import CardBuffer
from hw.bench.config import LoudspeakerEntry, RadioEntry
from hw.bench.gate import Gate, cut
from hw.bench.loudspeaker import Loudspeaker
from hw.bench.mixing import Ear, Noise, Signal, overlay, receive
from hw.bench.radio import MS, Radio
from hw.bench.recording import Recording
from hw.bench.trouble import Trouble

EDGES = 10_000
FAULT_DBFS = -18.0


@dataclass(frozen=True)
class Edge:
    """Something seen at a device. what: ptt | relay | carrier | cos | collision."""

    t_ns: int
    what: str
    value: int


@dataclass
class _Device:
    edges: deque[Edge] = field(default_factory=lambda: deque(maxlen=EDGES), init=False)
    levels: dict[str, int] = field(default_factory=dict, init=False)
    emitting: Gate = field(default_factory=Gate, init=False)
    buffer: CardBuffer = field(default_factory=CardBuffer, init=False)
    recordings: list[Recording] = field(default_factory=list, init=False)
    capture: Callable[[bytes], None] | None = field(default=None, init=False)
    _frame: bytes | None = field(default=None, init=False)

    def edge(self, at_ns: int, what: str, value: int) -> None:
        """Notes an edge."""
        self.levels[what] = value
        self.edges.append(Edge(at_ns, what, value))

    def next_frame(self) -> None:
        """The card's clock: takes the frame that sounds during the coming 20 ms."""
        self._frame = self.buffer.pop()

    def _record(self, start_ns: int, sound: bytes | None) -> None:
        if sound is not None:
            for recording in self.recordings:
                recording.add(start_ns, sound)


@dataclass
class LiveRadio(_Device):
    """A radio on the air."""

    entry: RadioEntry
    machine: Radio
    squelch: Gate = field(default_factory=Gate, init=False)
    kind = "radio"

    def emit(self, start_ns: int) -> Signal | None:
        """Its carrier and sound during the frame that just ended; None when it was off."""
        spans = self.emitting.spans(start_ns)
        if not spans:
            return None
        sound = cut(self._frame, spans) if self._frame is not None else None
        self._record(start_ns, sound)
        return Signal(spans, sound)

    def hear(self, signals: list[Signal], start_ns: int, noise: Noise) -> None:
        """Gives its card the captured frame."""
        spans = self.squelch.spans(start_ns)
        if self.capture is not None:
            fault = FAULT_DBFS if self.machine.trouble.noise else None
            ear = Ear(self.entry.tail_dbfs, self.entry.hiss_dbfs, fault)
            self.capture(receive(signals, spans, ear, noise))


@dataclass
class LiveLoudspeaker(_Device):
    """A loudspeaker with its amplifier."""

    entry: LoudspeakerEntry
    machine: Loudspeaker
    kind = "loudspeaker"

    def emit(self, start_ns: int, noise: Noise) -> bytes | None:
        """Its sound during the frame that just ended; None when it was silent."""
        spans = self.emitting.spans(start_ns)
        sound = None
        if spans and self.machine.trouble.noise:
            sound = cut(overlay(self._frame, FAULT_DBFS, noise), spans)
        elif spans and self._frame is not None:
            sound = cut(self._frame, spans)
        self._record(start_ns, sound)
        return sound


def radio_of(entry: RadioEntry) -> LiveRadio:
    """A healthy radio at rest."""
    return LiveRadio(
        entry,
        Radio(
            attack_ns=int(entry.attack_ms * MS),
            squelch_ns=int(entry.squelch_ms * MS),
            tail_ns=int(entry.tail_ms * MS),
            timeout_ns=int(entry.timeout_s * 1000 * MS),
        ),
    )


def loudspeaker_of(entry: LoudspeakerEntry) -> LiveLoudspeaker:
    """A healthy loudspeaker at rest."""
    return LiveLoudspeaker(entry, Loudspeaker(warm_up_ns=int(entry.warm_up_ms * MS)))


Device = LiveRadio | LiveLoudspeaker


def trouble_of(device: Device) -> Trouble:
    """What is wrong with it."""
    return device.machine.trouble
