"""Target: one loudspeaker of a broadcast as the centre knows it. Facts and what follows; no effects.

A target that has not answered has not played: only the gateway's own `ClipFinished` can say so.
"""

from dataclasses import dataclass, replace
from typing import Literal

from central.readmodels import ProofVerdict, TargetState
from link.contract import facts
from link.contract.field_facts import SoundProved

RESEND_AFTER = (2.0, 4.0, 8.0, 16.0)
"""Seconds after which an order without receipt is sent again."""
ANSWER_LIMIT = 30.0
"""Seconds beyond the clip's length that a loudspeaker may take to say how it ended."""
PROOF_WITHIN = 10.0
"""Seconds after the end within which the proof of sound must come; it takes one or two."""
NO_PROOF = "the gateway told no proof"
CLOCK_UNTRUSTED = "clock-untrusted"
"""Why a gateway without a clock refuses what does not carry its present nonce."""
MOST_NONCES = 16
"""Times that an order goes out again with a fresh nonce: loudspeakers of one gateway take one from another."""
SHORT_BY = 0.5
"""Seconds that the sound card may have taken less than 90 % of the clip, for a clip to count as played."""

_REFUSALS: dict[str, TargetState] = {
    "rejected": "refused",
    "failed": "failed",
    "expired": "failed",
    "unknown": "unknown",
}


@dataclass(frozen=True)
class Proved:
    """What the gateway proved of its sound, with the figures that say so; None: could not be measured."""

    verdict: ProofVerdict
    why: str = ""
    share: float | None = None
    correlation: float | None = None
    rise: float | None = None


@dataclass(frozen=True)
class Target:
    """See the module. `line` is `gateway/line`; all times are monotonic seconds.

    `confirmed` means that the gateway itself ended it, so that nothing can sound there any more. `renewals`
    counts how often its gateway came back; `resend_at` and `restop_at` are when an order is due again.
    """

    line: str
    play: str
    ordered_at: float | None = None
    sent_at: float | None = None
    sends: int = 0
    renewals: int = 0
    resend_at: float | None = None
    accepted_at: float | None = None
    started_at: float | None = None
    stop_sends: int = 0
    restop_at: float | None = None
    stop_accepted_at: float | None = None
    result: TargetState | None = None
    ended_at: float | None = None
    confirmed: bool = False
    played: float = 0.0
    why: str = ""
    late: str = ""
    proof: Proved | None = None
    nonce: str = ""
    nonces: int = 0

    @property
    def gateway(self) -> str:
        """The gateway it hangs on."""
        return self.line.partition("/")[0]

    @property
    def ordered(self) -> bool:
        """The order has left at least once."""
        return self.ordered_at is not None

    @property
    def ended(self) -> bool:
        """Its end is known, or given up for unknown."""
        return self.result is not None

    @property
    def proof_until(self) -> float | None:
        """Until when a proof of sound is still awaited; None: none is."""
        if self.proof is not None or not self.confirmed or self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at + PROOF_WITHIN

    @property
    def sounded(self) -> Literal["whole", "partly", "not"]:
        """By its gateway's word and by proof; what could not be measured is not held against it."""
        if self.result != "played" or (self.proof is not None and self.proof.verdict == "silent"):
            return "not"
        return "partly" if self.proof is not None and self.proof.verdict == "partly" else "whole"

    @property
    def state(self) -> TargetState:
        """One word for people."""
        if self.result is not None:
            return self.result
        if self.started_at is not None:
            return "playing"
        if self.accepted_at is not None:
            return "accepted"
        return "ordered" if self.ordered else "waiting"

    def give_up_at(self, seconds: float) -> float:
        """When an ordered target that says nothing more counts as unknown."""
        said = max(self.sent_at or 0.0, self.accepted_at or 0.0, self.started_at or 0.0)
        return said + seconds + ANSWER_LIMIT

    def ending(
        self, result: TargetState, why: str, now: float, *, played: float = 0.0, confirmed: bool = False
    ) -> "Target":
        """This target, ended; once only. What the gateway did not confirm is stopped there, to be sure."""
        if self.ended:
            return self
        ended = replace(self, result=result, why=why, ended_at=now, played=played, confirmed=confirmed)
        if self.ordered and not confirmed:
            return ended.stopping(now)
        return replace(ended, resend_at=None, restop_at=None)

    def stopping(self, now: float) -> "Target":
        """This target, with a stop due now. A stop that is repeated gets a new command id."""
        renewals = self.renewals + (1 if self.stop_sends else 0)
        stopping = replace(self, renewals=renewals, stop_sends=0, stop_accepted_at=None)
        return replace(stopping, restop_at=now, resend_at=None)

    def sent(self, now: float, leaving: float = 0.0) -> "Target":
        """The order leaves within `leaving` seconds; without a receipt it leaves again."""
        ordered_at = now if self.ordered_at is None else self.ordered_at
        answered = self.accepted_at is not None or self.started_at is not None
        again = None if answered else _after(self.sends, now + leaving)
        return replace(self, ordered_at=ordered_at, sent_at=now, sends=self.sends + 1, resend_at=again)

    def stop_sent(self, now: float, leaving: float = 0.0) -> "Target":
        """The stop leaves within `leaving` seconds; without a receipt it leaves again."""
        return replace(self, stop_sends=self.stop_sends + 1, restop_at=_after(self.stop_sends, now + leaving))

    def receipt(self, result: facts.CommandResult, now: float) -> "Target":
        """What the gateway answered to a PlayClip order."""
        if self.ended or not self.ordered:
            return self
        if self._wants_nonce(result) and self.accepted_at is None and self.started_at is None:
            if result.id != f"{self.play}.{self.renewals}":
                return self  # an older one: the newer is on its way
            return replace(self._with_nonce(result), renewals=self.renewals + 1, resend_at=now)
        refusal = _REFUSALS.get(result.s)
        if refusal is None:
            accepted_at = now if self.accepted_at is None else self.accepted_at
            return replace(self, accepted_at=accepted_at, resend_at=None)
        if result.s == "unknown":
            return self.ending("unknown", result.why or "the gateway cannot tell whether it sounded", now)
        if self.accepted_at is not None or self.started_at is not None:
            return self  # a repeated order came too late or twice; the first one is at work
        return self.ending(refusal, result.why or result.s, now, confirmed=refusal == "refused")

    def stop_receipt(self, result: facts.CommandResult, now: float) -> "Target":
        """What the gateway answered to the newest StopClip order; an older one may have been lost since."""
        newest = self.stop_sends > 0 and result.id.startswith(f"{self.play}.stop.{self.renewals}-")
        if newest and self._wants_nonce(result) and self.stop_accepted_at is None:
            return replace(self._with_nonce(result), restop_at=now)
        if not newest or result.s not in ("accepted", "running", "done", "dup"):
            return self
        accepted_at = now if self.stop_accepted_at is None else self.stop_accepted_at
        return replace(self, stop_accepted_at=accepted_at, restop_at=None)

    def _wants_nonce(self, result: facts.CommandResult) -> bool:
        """Refused for want of a clock only, and there is a fresh nonce to say it again with."""
        fresh = result.nonce not in ("", self.nonce) and self.nonces < MOST_NONCES
        return fresh and result.s == "rejected" and result.why == CLOCK_UNTRUSTED

    def _with_nonce(self, result: facts.CommandResult) -> "Target":
        return replace(self, nonce=result.nonce, nonces=self.nonces + 1)

    def begun(self, fact: facts.ClipStarted, sha: str, now: float) -> "Target":
        """The loudspeaker began to sound; with the wrong sound, that is a failure."""
        if self.ended or not self.ordered:
            return self
        if fact.sha != sha:
            return self.ending("failed", f"another clip sounds: {fact.sha[:12]}", now)
        return replace(self, started_at=now if self.started_at is None else self.started_at, resend_at=None)

    def finished(self, fact: facts.ClipFinished, seconds: float, now: float) -> "Target":
        """The gateway says how it ended. After the end, it is noted as `late` once."""
        if not self.ordered:
            return self
        if self.ended:
            news = "" if self.confirmed or self.late else fact.result
            return replace(self, late=self.late or news, confirmed=True, restop_at=None)
        result: TargetState = fact.result
        why = fact.why
        if result == "played" and (not fact.played or fact.played + SHORT_BY < 0.9 * seconds):
            result, why = "failed", f"cut short: {fact.played:.1f} of {seconds:.1f} s"
        return self.ending(result, why, now, played=fact.played, confirmed=True)

    def proved(self, fact: SoundProved) -> "Target":
        """What is proved of its sound; the first word of the gateway counts."""
        if not self.ordered or (self.proof is not None and self.proof.why != NO_PROOF):
            return self
        return replace(self, proof=Proved(fact.verdict, fact.why, fact.share, fact.correlation, fact.rise))

    def unproved(self) -> "Target":
        """No proof came in time."""
        return replace(self, proof=Proved("unknown", NO_PROOF))


def _after(count: int, now: float) -> float | None:
    """When an order that left `count` times before is due again."""
    return now + RESEND_AFTER[count] if count < len(RESEND_AFTER) else None
