"""MAP27 radios on the bench: the radio's port is its own, its sound goes to whoever listens at it and comes from
whoever speaks to it. Each stands in a network of its own: one party at a time, as its verbs say.
"""

from hw.bench.device import CARD_VERBS, Port, SoundDevice, named
from hw.bench.entries import Map27Entry
from hw.bench.gate import SAMPLE_NS, SILENCE, cut
from hw.bench.map27 import Radio
from hw.bench.map27_trouble import VERBS
from hw.bench.mixing import Samples, slice_frame


class LiveMap27(SoundDevice):
    """An MPT-1327 radio with its card."""

    kind = "map27"

    def __init__(self, entry: Map27Entry) -> None:
        super().__init__(entry)
        self.entry = entry
        self.radio = Radio()
        self.radio.trouble.grant_ms = entry.grant_ms
        self.levels = {"ptt": 0, "carrier": 0, "cos": 0}
        self.port = Port(entry.serial, self.hear, self.take, lambda: self.radio.deadline, entry.baud)
        self.voice: Samples | None = None
        self.voice_ns = 0

    def hear(self, data: bytes, now: float) -> None:
        """Bytes from the gateway."""
        self.radio.hear(data, now)
        self.show(round(now * 1e9))

    def take(self, now: float) -> bytes:
        """Bytes for the gateway that are due."""
        data = self.radio.take(now)
        self.show(round(now * 1e9))
        return data

    def show(self, now: int) -> None:
        """Notes what has changed at the radio."""
        on = self.radio.on_air
        if on and not self.emitting.on:
            self.keyed()
        self.emitting.set(on, now)
        self.level(now, "ptt", int(on))
        self.level(now, "carrier", int(on))
        self.level(now, "cos", int(self.voice is not None))

    def begin(self, party: str, now: int) -> None:
        """Somebody calls the radio's group and talks. TroubleError."""
        self.perform(f"talk:{party}", now)

    def settle(self, start_ns: int) -> None:
        """Works out the 20 ms that began at start_ns."""
        spans = self.emitting.spans(start_ns)
        self.record(start_ns, cut(self.frame, spans) if spans and self.frame is not None else None)
        heard = SILENCE
        if self.voice is not None and not spans and self.radio.call is not None and self.radio.contact:
            heard = slice_frame(self.voice, (start_ns - self.voice_ns) // SAMPLE_NS) or SILENCE
        if self.capture is not None:
            self.capture(heard)
        self.next_frame()

    @property
    def verbs(self) -> tuple[str, ...]:
        """Verbs for trouble that it knows."""
        return (*VERBS, *CARD_VERBS)

    @property
    def troubles(self) -> list[str]:
        """What is wrong with it."""
        words = [each for each in named(self.radio.trouble) if not each.startswith("grant_ms")]
        late = self.radio.trouble.grant_ms
        words += [f"grant_ms:{late:g}"] * (late != self.entry.grant_ms)
        return words + ["out_of_range"] * (not self.radio.contact) + self.card_troubles

    @property
    def facts(self) -> dict[str, str]:
        """Whom it is in a call with, what it has sent."""
        call = self.radio.call
        return {
            "call": "" if call is None else str(call.peer.word or ""),
            "statuses": str(len(self.radio.statuses)),
            "texts": str(len(self.radio.texts)),
        }

    def perform(self, verb: str, now: int) -> None:
        """One verb for trouble. Raises TroubleError."""
        if not self.perform_at_card(verb):
            self.radio.perform(verb, now / 1e9)
            if verb == "normal":
                self.radio.trouble.grant_ms = self.entry.grant_ms
            self.show(now)
            self.wake()
