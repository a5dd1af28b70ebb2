"""Phones on the bench, and whoever is at the far end of a call: his voice, what he hears, delay and echo."""

from hw.bench.device import CARD_VERBS, Port, SoundDevice, named
from hw.bench.entries import PhoneEntry
from hw.bench.gate import SAMPLE_NS, SILENCE
from hw.bench.mixing import Samples, add, attenuate, slice_frame
from hw.bench.phone import BenchPhone
from hw.bench.phone_trouble import VERBS, PhoneTrouble

ACTIVE = 0
FLAGS = tuple(vars(PhoneTrouble()))


class Delay:
    """Sound on its way: what goes in comes out so many milliseconds later, to the sample."""

    def __init__(self, ms: float) -> None:
        self._held = bytes(2 * round(ms * 16))

    def pass_on(self, frame: bytes) -> bytes:
        """The frame that arrives while this one is sent."""
        data = self._held + frame
        self._held = data[len(frame) :]
        return data[: len(frame)]


class LivePhone(SoundDevice):
    """A phone with its card; `listen` at it gives what the far person hears."""

    kind = "phone"

    def __init__(self, entry: PhoneEntry) -> None:
        super().__init__(entry)
        self.entry = entry
        self.phone = BenchPhone(pin=entry.pin, far_end=entry.answers, far_delay=entry.answer_ms / 1000)
        self.levels = {"call": 0, "ringing": 0, "dialling": 0}
        self.port = Port(entry.serial, self.hear, self.take, lambda: self.phone.deadline)
        self.voice: Samples | None = None
        self.voice_ns = 0
        self._there = Delay(entry.delay_ms)
        self._echo = Delay(2 * entry.delay_ms)

    def hear(self, data: bytes, now: float) -> None:
        """Bytes from the gateway."""
        self.phone.feed(data, now)
        self.show(round(now * 1e9))

    def take(self, now: float) -> bytes:
        """Bytes for the gateway that are due."""
        data = self.phone.output(now)
        self.show(round(now * 1e9))
        return data

    @property
    def talking(self) -> bool:
        """A call is up."""
        return any(call.stat == ACTIVE for call in self.phone.calls)

    def show(self, now: int) -> None:
        """Notes what has changed at the phone."""
        if self.talking and not self.levels["call"]:
            self.keyed()
        stats = [call.stat for call in self.phone.calls]
        self.level(now, "call", int(ACTIVE in stats))
        self.level(now, "ringing", int(4 in stats))
        self.level(now, "dialling", int(2 in stats or 3 in stats))

    def answer(self, now: int) -> bool:
        """Whoever is called takes the call; False when nobody is."""
        taken = self.phone.answer(now / 1e9)
        self.show(now)
        self.wake()
        return taken

    def settle(self, start_ns: int) -> None:
        """Works out the 20 ms that began at start_ns."""
        mine = (self.frame if self.talking else None) or SILENCE
        theirs = SILENCE
        if self.voice is not None and self.talking:
            at = start_ns - self.voice_ns - int(self.entry.delay_ms * 1e6)
            theirs = slice_frame(self.voice, at // SAMPLE_NS) or SILENCE
        arriving = self._there.pass_on(mine)
        self.record(start_ns, arriving if any(arriving) else None)
        if self.entry.echo_db is not None:
            theirs = add(theirs, attenuate(self._echo.pass_on(mine), self.entry.echo_db))
        if self.capture is not None:
            self.capture(theirs if self.talking else SILENCE)
        self.next_frame()

    @property
    def verbs(self) -> tuple[str, ...]:
        """Verbs for trouble that it knows."""
        return (*VERBS, *FLAGS, *CARD_VERBS)

    @property
    def troubles(self) -> list[str]:
        """What is wrong with it."""
        service = [f"creg:{self.phone.creg}"] * (self.phone.creg not in (1, 5))
        return named(self.phone.trouble) + service + self.card_troubles

    @property
    def facts(self) -> dict[str, str]:
        """Calls, and what it was told to send."""
        calls = ", ".join(f"{call.number} {call.stat}" for call in self.phone.calls)
        shown = {"calls": calls, "sent": str(len(self.phone.sent)), "far_end": self.phone.far_end}
        if self.phone.sent:
            last = self.phone.sent[-1]
            shown["last_sent"] = f"{last.to} {last.text}"
        return shown

    def perform(self, verb: str, now: int) -> None:
        """One verb for trouble. Raises TroubleError."""
        if not self.perform_at_card(verb):
            self.phone.perform(verb, now / 1e9)
            self.show(now)
            self.wake()
