"""Commands to the terminal, one in flight, the next after its answer or its time. Pure.

A terminal that is upset (+CME ERROR: 35, or no answer) is asked `AT` until it says OK; meanwhile nothing else is
sent but a cease, which serves as the question: letting go of the transmitter never waits for good manners, and
is sent once more, properly, when the terminal is back. A cease cuts short what is in flight after HASTE.
"""

from dataclasses import dataclass, replace
from typing import Literal

UPSET = 35
HASTE = 1.0
PROBE_WAIT = 1.0
AGAIN = 0.2
AGAIN_SLOW = 2.0
WAITING_LIMIT = 64
TRIES = {"cease": 6}
TRIES_ELSE = 3

Kind = Literal[
    "probe", "initialise", "cease", "demand", "set-up", "dial", "call", "select", "message", "poll"
]
FIRST: tuple[Kind, ...] = ("cease", "demand")
"""These overtake; the rest keeps its order, so that a command and the one that prepares it stay together."""


@dataclass(frozen=True)
class Ask:
    """One command; `key` says on whose behalf, `instance` for which call."""

    text: str
    kind: Kind
    wait: float
    since: float
    key: str = ""
    instance: int | None = None
    tries: int = 0
    data: bytes = b""
    """Sent as it is, behind the command line."""

    @property
    def wire(self) -> bytes:
        """What is written."""
        return self.text.encode("ascii", errors="replace") + b"\r\n" + self.data


@dataclass(frozen=True)
class Outcome:
    """How a command ended: ok, refused (with a code) or lost (no answer in time)."""

    ask: Ask
    result: Literal["ok", "refused", "lost"]
    code: int | None = None


@dataclass(frozen=True)
class Dialogue:
    """The queue and what is known of the terminal's readiness. `misses` counts questions without an answer."""

    waiting: tuple[Ask, ...] = ()
    flight: Ask | None = None
    sent_at: float = 0.0
    synced: bool = False
    again_at: float = 0.0
    misses: int = 0
    probes: int = 0
    """Questions since the last OK."""
    stray: int = 0
    """Answers that nobody had asked for."""

    def push(self, *asks: Ask) -> "Dialogue | None":
        """With these at the end of the queue; None when it is full. A cease always fits."""
        if len(self.waiting) + len(asks) > WAITING_LIMIT and asks[0].kind != "cease":
            return None
        return replace(self, waiting=(*self.waiting, *asks))

    def without(self, kind: Kind, key: str | None = None, instance: int | None = None) -> "Dialogue":
        """Without the waiting commands of this kind (and key, and call)."""

        def goes(ask: Ask) -> bool:
            right = ask.kind == kind and (key is None or ask.key == key)
            return right and (instance is None or ask.instance == instance)

        return replace(self, waiting=tuple(ask for ask in self.waiting if not goes(ask)))

    def holds(self, kind: Kind, key: str | None = None) -> bool:
        """Whether such a command still waits to be sent."""
        return any(ask.kind == kind and (key is None or ask.key == key) for ask in self.waiting)

    @property
    def deadline(self) -> float | None:
        """When something must be sent or given up; None while all is quiet."""
        if self.flight is not None:
            return self.patience
        if not self.synced:
            return self.again_at
        return 0.0 if self.waiting else None

    @property
    def patience(self) -> float:
        """When what is in flight is given up."""
        assert self.flight is not None
        end = self.sent_at + self.flight.wait
        hurry = [ask.since for ask in self.waiting if ask.kind == "cease"]
        if hurry and self.flight.kind != "cease":
            end = min(end, max(self.sent_at, min(hurry)) + HASTE)
        return end

    def answered(self, ok: bool, code: int | None, now: float) -> tuple["Dialogue", Outcome | None]:
        """After OK or an error."""
        ask = self.flight
        if ask is None:
            return replace(self, stray=self.stray + 1), None
        calm = replace(self, flight=None, misses=0)
        if ask.kind == "probe":
            again_at = now if ok else now + AGAIN
            return replace(calm, synced=ok, again_at=again_at, probes=0 if ok else self.probes), None
        if ok:
            return calm, Outcome(ask, "ok")
        if code == UPSET:
            upset = replace(calm, synced=False, again_at=now)
            asked = upset.again(ask)
            return (asked, None) if asked is not None else (upset, Outcome(ask, "refused", code))
        return calm, Outcome(ask, "refused", code)

    def again(self, ask: Ask) -> "Dialogue | None":
        """With the same command at the front; None when it was tried often enough."""
        if ask.tries + 1 >= TRIES.get(ask.kind, TRIES_ELSE):
            return None
        return replace(self, waiting=(replace(ask, tries=ask.tries + 1), *self.waiting))

    def advance(self, now: float) -> tuple["Dialogue", bytes | None, Outcome | None]:
        """Give up what took too long, send what is next."""
        dialogue, outcome = self, None
        if dialogue.flight is not None:
            if now < dialogue.patience:
                return dialogue, None, None
            dialogue, outcome = dialogue.give_up(now)
        ask = dialogue.next_ask(now)
        if ask is None:
            return dialogue, None, outcome
        rest = list(dialogue.waiting)
        if ask.kind != "probe":
            rest.remove(ask)
        probes = dialogue.probes + (ask.kind == "probe")
        sent = replace(dialogue, flight=ask, sent_at=now, waiting=tuple(rest), probes=probes)
        return sent, ask.wire, outcome

    def give_up(self, now: float) -> tuple["Dialogue", Outcome | None]:
        """No answer came: the terminal must be asked whether it is there."""
        ask = self.flight
        assert ask is not None
        later = now + (AGAIN_SLOW if self.misses > 5 and not self.holds("cease") else 0.0)
        lost = replace(self, flight=None, synced=False, misses=self.misses + 1, again_at=later)
        if ask.kind == "probe":
            return lost, None
        asked = lost.again(ask) if ask.kind == "cease" else None
        return (asked, None) if asked is not None else (lost, Outcome(ask, "lost"))

    def next_ask(self, now: float) -> Ask | None:
        """What to send now, if anything."""
        if not self.synced:
            if now < self.again_at:
                return None
            cease = next((ask.text for ask in self.waiting if ask.kind == "cease"), "AT")
            text = "AT" if self.probes % 2 else cease  # a cease for a call that is gone is never answered OK
            return Ask(text, "probe", PROBE_WAIT, now)
        for kind in FIRST:
            for ask in self.waiting:
                if ask.kind == kind:
                    return ask
        return self.waiting[0] if self.waiting else None
