"""What is wrong with a loudspeaker: an amplifier that does not answer, a contact that contradicts, silence proven.

A part of the playout machine: facts kept, troubles derived, each told once and once when it is over.
"""

from dataclasses import dataclass, replace

from link.contract import facts

ANSWER_WITHIN = 2.0
"""Seconds that the relay's own contact may differ from what the output reads."""
SILENT_MOST = 2
"""Playings proven silent, one after the other, until the loudspeaker counts as broken."""
ADVICE = {
    "amplifier": "check fuse, relay and its supply; `spillway journal` shows when it last answered",
    "contact": "check the relay's second contact and its wire; a welded relay keeps the amplifier on: switch it off",
    "loudspeaker": "the relay closes but nothing is heard: check amplifier, 100 V line, loudspeaker and microphone",
}

Step = tuple["Watch", tuple[facts.HealthChanged, ...]]


@dataclass(frozen=True)
class Watch:
    """`silent`: playings proven silent running; `contact`: the relay's second contact, if there is one;
    `differs_at`: since when it contradicts; `told`: the troubles told, as (subject, what)."""

    line: str
    silent: int = 0
    broken: bool = False
    deaf: bool = False
    contact: bool | None = None
    differs_at: float | None = None
    told: tuple[tuple[str, str], ...] = ()

    @property
    def deadline(self) -> float | None:
        """When a contradiction becomes a trouble."""
        told = any(subject == "contact" for subject, _ in self.told)
        return self.differs_at + ANSWER_WITHIN if self.differs_at is not None and not told else None

    def judged(self, verdict: str) -> "Watch":
        """What is proved of one playing. Unknown says nothing."""
        if verdict == "unknown":
            return self
        silent = self.silent + 1 if verdict == "silent" else 0
        broken = silent >= SILENT_MOST or (self.broken and verdict != "played")
        return replace(self, silent=silent, broken=broken)

    def amplifier(self, on: bool) -> "Watch":
        """Relay and zones were on, or were not, while sound was handed over."""
        return replace(self, deaf=not on)

    def reads_on(self, through: bool) -> "Watch":
        """An output went on; only when all of them are is the amplifier well again."""
        return replace(self, deaf=self.deaf and not through)

    def compare(self, relay: bool, now: float) -> "Watch":
        """The output reads `relay`."""
        differs = self.contact is not None and self.contact != relay
        if differs == (self.differs_at is not None):
            return self
        return replace(self, differs_at=now if differs else None)

    def news(self, now: float) -> Step:
        """The health facts that are due."""
        wrong = {}
        if self.deaf:
            wrong["amplifier"] = "its relay or a zone does not read on"
        if self.broken:
            wrong["loudspeaker"] = f"proven silent {SILENT_MOST} times running"
        if self.differs_at is not None and now >= self.differs_at + ANSWER_WITHIN:
            state = "closed" if self.contact else "open"
            wrong["contact"] = f"the relay's contact reads {state}, against its order"
        told = dict(self.told)
        news = [self._health(subject, "") for subject in told if subject not in wrong]
        news += [self._health(each, what) for each, what in wrong.items() if told.get(each) != what]
        return replace(self, told=tuple(wrong.items())), tuple(news)

    def _health(self, subject: str, what: str) -> facts.HealthChanged:
        fields = {"subject": f"{subject} {self.line}", "ok": not what, "what": what}
        return facts.HealthChanged.model_validate(fields | {"advice": ADVICE[subject] if what else ""})
