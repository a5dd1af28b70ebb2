"""Loudspeakers: amplifier and zone relays, what is emitted, and what a microphone near by hears of it."""

from collections import deque
from collections.abc import Callable

from hw.bench.analog import FAULT_DBFS
from hw.bench.device import CARD_VERBS, Card, SoundDevice, named
from hw.bench.entries import LoudspeakerEntry
from hw.bench.gate import FRAME_SAMPLES, SILENCE, cut
from hw.bench.loudspeaker import Loudspeaker, LoudspeakerEvent, RelayPin
from hw.bench.mixing import Noise, attenuate, overlay
from hw.bench.radio import MS, Elapsed, Troubled
from hw.bench.trouble import apply, verbs

IDLE_AMPERES = 0.2
SOUNDING_AMPERES = 1.5


def no_read_back(on: bool, now: int) -> None:
    """Where the relay's second contact goes while nothing is wired to it."""


class LiveLoudspeaker(SoundDevice):
    """One amplifier with its relay, its zones and a microphone. `read_back` moves the relay's second contact."""

    kind = "loudspeaker"

    def __init__(self, entry: LoudspeakerEntry) -> None:
        super().__init__(entry)
        self.entry = entry
        self.machine = Loudspeaker(warm_up_ns=int(entry.warm_up_ms * MS))
        self.read_back: Callable[[bool, int], None] = no_read_back
        self.zones = [False] * (len(entry.zone_pins) + len(entry.zone_coils))
        self.levels = {"relay": 0} | {f"zone{n}": 0 for n, _ in enumerate(self.zones, 1)}
        self.amperes = 0.0
        self.microphone = Card(entry.gateway, entry.monitor_card) if entry.monitor_card else None
        self._on_its_way = deque([bytes(round(entry.mic_delay_ms * 16) * 2)])

    @property
    def cards(self) -> tuple[Card, ...]:
        """Its own, and the microphone's where that is another one."""
        return (self.card, self.microphone) if self.microphone else (self.card,)

    def relay(self, active: bool, now: int) -> None:
        """The amplifier's relay is driven."""
        if active and not self.machine.pin:
            self.keyed()
        self.happen(RelayPin(active), now)

    def zone(self, number: int, active: bool, now: int) -> None:
        """A zone's relay (from 0) is driven."""
        self.zones[number] = active
        self.level(now, f"zone{number + 1}", int(active))

    def happen(self, event: LoudspeakerEvent, now: int) -> None:
        """Its machine takes an event; what changes goes out."""
        self.machine, changes = self.machine.handle(event, now)
        for change in changes:
            if change.what == "sounding":
                self.emitting.set(change.value, now)
            else:
                self.edge(now, change.what, int(change.value))
        self.read_back(self.machine.powered_since is not None, now)

    @property
    def deadline(self) -> int | None:
        """The machine's."""
        return self.machine.deadline

    def poke(self, now: int) -> None:
        """Lets time work."""
        self.happen(Elapsed(), now)

    def settle(self, start_ns: int, noise: Noise) -> None:
        """Works out the 20 ms that began at start_ns."""
        sound = self.emit(start_ns, noise)
        powered = self.machine.powered_since is not None and not self.machine.trouble.mute
        self.amperes = (SOUNDING_AMPERES if sound is not None else IDLE_AMPERES) if powered else 0.0
        if self.entry.monitor or self.microphone:
            self._pick_up(sound or SILENCE, noise)
        elif self.capture is not None:
            self.capture(SILENCE)
        self.next_frame()

    def emit(self, start_ns: int, noise: Noise) -> bytes | None:
        """Its sound during the frame that just ended; None when it was silent or no zone is chosen."""
        spans = self.emitting.spans(start_ns)
        sound = None
        if spans and (not self.zones or any(self.zones)):
            if self.machine.trouble.noise:
                sound = cut(overlay(self.frame, FAULT_DBFS, noise), spans)
            elif self.frame is not None:
                sound = cut(self.frame, spans)
        self.record(start_ns, sound)
        return sound

    def _pick_up(self, sound: bytes, noise: Noise) -> None:
        """The microphone: later, softer, in the noise of the place."""
        self._on_its_way.append(sound)
        data = b"".join(self._on_its_way)
        heard, rest = data[: 2 * FRAME_SAMPLES], data[2 * FRAME_SAMPLES :]
        self._on_its_way = deque([rest])
        card = self.microphone or self.card
        if card.capture is not None:
            heard = attenuate(heard, self.entry.mic_db)
            level = self.entry.mic_noise_dbfs
            card.capture(heard if level is None else overlay(heard, level, noise))
        if self.microphone and self.capture is not None:
            self.capture(SILENCE)

    @property
    def verbs(self) -> tuple[str, ...]:
        """Verbs for trouble that it knows."""
        return (*verbs("loudspeaker"), *CARD_VERBS)

    @property
    def troubles(self) -> list[str]:
        """What is wrong with it."""
        words = ["stick_relay" if each == "stick_ptt" else each for each in named(self.machine.trouble)]
        return words + self.card_troubles

    @property
    def facts(self) -> dict[str, str]:
        """The current that its amplifier draws."""
        return {"amperes": f"{self.amperes:g}"}

    def perform(self, verb: str, now: int) -> None:
        """One verb for trouble. Raises TroubleError."""
        if not self.perform_at_card(verb):
            self.happen(Troubled(apply(self.machine.trouble, verb, "loudspeaker")), now)
