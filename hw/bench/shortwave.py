"""A shortwave radio behind rigctld: keyed and tuned over the rig's protocol, on the shared air, always noisy.

It has no squelch: its card captures noise, and whoever talks on its frequency above it.
"""

from collections.abc import Callable

from hw.bench.analog import Field
from hw.bench.device import CARD_VERBS, SoundDevice, named
from hw.bench.entries import ShortwaveEntry
from hw.bench.gate import SILENCE, Gate, cut
from hw.bench.mixing import Ear, Noise, Signal, receive
from hw.bench.radio import MS
from hw.bench.rigctld import Rigctld
from hw.bench.rigctld_trouble import VERBS, split_verb

AT_THE_PORT = ("drop", "gone", "back")
QUIET_DB, HEARD_DB = -54, 0
NOTHING_DBFS = -90.0


def no_port(verb: str) -> None:
    """Where the verbs of the TCP port go while there is none."""


class LiveShortwave(SoundDevice):
    """A shortwave radio. `at_port` performs the verbs of its TCP port; `rig` is what rigctld shows of it."""

    kind = "shortwave"

    def __init__(self, entry: ShortwaveEntry, air: Field) -> None:
        super().__init__(entry)
        self.entry = entry
        self.rig = Rigctld(self._ptt, hz=entry.frequency_hz, mode=entry.mode, strength=QUIET_DB)
        self.hz = entry.frequency_hz
        self.at_port: Callable[[str], None] = no_port
        self.levels = {"ptt": 0, "carrier": 0, "collision": 0}
        self._receiving = Gate()
        self._receiving.set(True, 0)
        self._air = air

    def _ptt(self, on: bool, at: float) -> None:
        now = round(at * 1e9)
        if on:
            self.keyed()
        self.retune(now)
        self._receiving.set(not on, now)
        self.emitting.set(on, now + int(self.entry.attack_ms * MS) * on)
        self.edge(now, "ptt", int(on))
        self.edge(now, "carrier", int(on))
        self._air.carrier(self.hz, self.name, on, now)
        self.moved()

    def retune(self, now: int) -> None:
        """Goes where rigctld, or a hand at the knob, has put it."""
        was, self.hz = self.hz, self.rig.hz
        if was == self.hz:
            return
        if self.levels["carrier"]:
            self._air.carrier(was, self.name, False, now)
            self._air.carrier(self.hz, self.name, True, now)
        self._air.tell(self.hz, now)

    def aired(self, heard: bool, colliding: bool, now: int) -> None:
        """The carriers on its frequency have changed."""
        self.level(now, "collision", int(colliding))
        self.rig.squelch_open = heard
        self.rig.strength = HEARD_DB if heard else QUIET_DB

    def emit(self, start_ns: int) -> Signal | None:
        """Its carrier and sound during the frame that just ended; None when it was off."""
        self.retune(start_ns)
        spans = self.emitting.spans(start_ns)
        if not spans:
            return None
        sound = cut(self.frame, spans) if self.frame is not None else None
        self.record(start_ns, sound)
        return Signal(spans, sound)

    def hear(self, signals: list[Signal], start_ns: int, noise: Noise) -> None:
        """Gives its card the captured frame: noise, and who talks."""
        spans = self._receiving.spans(start_ns)
        if self.capture is None:
            return
        if not spans or not self.rig.on:
            self.capture(SILENCE)
        else:
            self.capture(receive(signals, spans, Ear(NOTHING_DBFS, fault_dbfs=self.entry.hiss_dbfs), noise))

    @property
    def verbs(self) -> tuple[str, ...]:
        """Verbs for trouble that it knows."""
        return (*VERBS, *CARD_VERBS)

    @property
    def troubles(self) -> list[str]:
        """What is wrong with it."""
        return named(self.rig.trouble) + ["off"] * (not self.rig.on) + self.card_troubles

    @property
    def facts(self) -> dict[str, str]:
        """Where it stands."""
        return {"frequency_hz": str(self.rig.hz), "mode": self.rig.mode}

    def perform(self, verb: str, now: int) -> None:
        """One verb for trouble. Raises TroubleError."""
        if self.perform_at_card(verb):
            return
        if split_verb(verb)[0] in AT_THE_PORT:
            self.at_port(verb)
        else:
            self.rig.perform(verb, now / 1e9)
            self.retune(now)
