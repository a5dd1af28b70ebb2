"""The conversation with a phone: one command in flight, the next only after its answer or its time-out. Pure.

After a time-out an answer may still come, and must not be taken for that of the next command: the phone is
asked `AT` until it says OK, then everything it says for SETTLE seconds is let go, and only then the queue
moves on. One that refuses `AT` is there as well (ofono-phonesim does): REFUSALS probes in a row answered by an
error do for an OK. Answers nobody waits for are counted in `strays`.
"""

from dataclasses import dataclass, replace
from typing import Literal

from hw.phone.lines import Answer, Cause, Failed, Line, Listed, Ok, Prompt, Result, SentRef, Storage, Stored
from hw.phone.protocol import ESCAPE, body, command

PROBE_EVERY = 2.0
SETTLE = 0.5
REFUSALS = 2
PROMPT_LIMIT = 10.0
ABORT_LIMIT = 2.0
ANSWER_LINES = 300
QUEUE = 128

For = Literal[
    "set-up", "pin", "pin-enter", "dial", "answer", "hang-up", "refuse-second", "tones", "list", "read", "read-all",
    "delete", "send", "status", "storage", "cause",
]  # fmt: skip


@dataclass(frozen=True)
class Command:
    """A command line and what it is for; `pdu` follows the prompt; `slot` is the storage place it is about."""

    text: str
    purpose: For
    timeout: float = 5.0
    pdu: str = ""
    slot: int | None = None


@dataclass(frozen=True)
class Done:
    """A command is over. end: Ok, Failed, Result, or None when the phone did not answer in time."""

    command: Command
    end: Ok | Failed | Result | None
    answer: tuple[Answer, ...] = ()
    body_sent: bool = False


@dataclass(frozen=True)
class Dialogue:
    """See the module. Times are monotonic seconds."""

    queue: tuple[Command, ...] = ()
    flight: Command | None = None
    sent_at: float = 0.0
    body_sent: bool = False
    aborted_at: float | None = None
    answer: tuple[Answer, ...] = ()
    probe_at: float | None = None
    probes: int = 0
    refusals: int = 0
    """Probes since the last OK that were answered by an error."""
    settled_at: float | None = None
    strays: int = 0
    dropped: int = 0

    @property
    def deadline(self) -> float | None:
        """When it must be ticked, or None."""
        if self.settled_at is not None:
            return self.settled_at
        if self.probe_at is not None:
            return self.probe_at
        return self._ends_at

    @property
    def _ends_at(self) -> float | None:
        if self.flight is None:
            return None
        end = self.sent_at + self.flight.timeout
        if self.flight.pdu and not self.body_sent:
            end = self.sent_at + min(PROMPT_LIMIT, self.flight.timeout)
        return end if self.aborted_at is None else min(end, self.aborted_at + ABORT_LIMIT)

    @property
    def idle(self) -> bool:
        """Nothing in flight, nothing waiting, the phone heard."""
        return self.flight is None and not self.queue and self.probe_at is None and self.settled_at is None

    def waits_for(self, purpose: For) -> bool:
        """A command for this is in flight or in the queue."""
        flight = (self.flight,) if self.flight else ()
        return any(each.purpose == purpose for each in (*flight, *self.queue))

    def ask(self, *commands: Command, first: bool = False) -> "Dialogue":
        """With more commands at the end of the queue, or at its head. What does not fit is dropped and counted."""
        queue = (*commands, *self.queue) if first else (*self.queue, *commands)
        return replace(self, queue=queue[:QUEUE], dropped=self.dropped + max(0, len(queue) - QUEUE))

    def without(self, *purposes: For) -> "Dialogue":
        """With no waiting command for these purposes."""
        return replace(self, queue=tuple(each for each in self.queue if each.purpose not in purposes))

    def probe(self, now: float) -> "Dialogue":
        """Ask the phone at once whether it is there."""
        return replace(self, flight=None, answer=(), probe_at=now, probes=0, refusals=0, settled_at=None)

    def abort(self, now: float) -> tuple["Dialogue", bytes]:
        """Any character ends a dialling that the phone answers only when the far end does."""
        if self.flight is None or self.flight.purpose != "dial" or self.aborted_at is not None:
            return self, b""
        return replace(self, aborted_at=now), b"\r"

    def take(self, line: Line, now: float) -> tuple["Dialogue", bytes, Done | None]:
        """The dialogue after a line, bytes to write, and what is over."""
        match line:
            case Ok() if self.flight is None and self.probe_at is not None:
                return self.heard(now), b"", None
            case Failed() if (
                self.flight is None and self.probe_at is not None and self.refusals < self.probes
            ):
                refused = replace(self, refusals=self.refusals + 1, strays=self.strays + 1)
                return (refused.heard(now) if refused.refusals >= REFUSALS else refused), b"", None
            case Ok() | Failed():
                return self._over(line)
            case Result() if self.flight is not None and self.flight.purpose in ("dial", "answer"):
                return self._over(line)
            case Prompt() if self.flight is not None and self.flight.pdu and not self.body_sent:
                return replace(self, body_sent=True), body(self.flight.pdu), None
            case Prompt():
                return (
                    self,
                    ESCAPE,
                    None,
                )  # nothing of ours: the phone must not take the next command for a PDU
            case Listed() | SentRef() | Storage() | Stored() | Cause() if self.flight is not None:
                return replace(self, answer=(*self.answer, line)[-ANSWER_LINES:]), b"", None
        return self, b"", None

    def heard(self, now: float) -> "Dialogue":
        """The phone is there; what it still says of before is let go."""
        return replace(self, probe_at=None, probes=0, refusals=0, settled_at=now + SETTLE)

    def _over(self, end: Ok | Failed | Result) -> tuple["Dialogue", bytes, Done | None]:
        if self.flight is None:
            return replace(self, strays=self.strays + 1), b"", None
        done = Done(self.flight, end, self.answer, self.body_sent)
        return replace(self, flight=None, answer=(), aborted_at=None), b"", done

    def go(self, now: float) -> tuple["Dialogue", bytes, Done | None]:
        """What time and a free line bring: a time-out, a probe, the next command."""
        if self.settled_at is not None:
            if now < self.settled_at:
                return self, b"", None
            return replace(self, settled_at=None).go(now)
        if self.probe_at is not None:
            if now < self.probe_at:
                return self, b"", None
            slow = 1.0 if self.probes < 5 else 3.0
            probed = replace(self, probe_at=now + PROBE_EVERY * slow, probes=self.probes + 1)
            return probed, command("AT"), None
        end = self._ends_at
        if self.flight is not None:
            return (self, b"", None) if end is None or now < end else self._late(now)
        if not self.queue:
            return self, b"", None
        after, *queue = self.queue
        fresh = replace(self, queue=tuple(queue), flight=after, sent_at=now, body_sent=False, aborted_at=None)
        return replace(fresh, answer=()), command(after.text), None

    def _late(self, now: float) -> tuple["Dialogue", bytes, Done | None]:
        assert self.flight is not None
        done = Done(self.flight, None, self.answer, self.body_sent)
        escape = ESCAPE if self.flight.pdu else b""
        return replace(self.probe(now), aborted_at=None), escape, done
