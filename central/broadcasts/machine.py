"""Broadcast: one clip on many loudspeakers. Decides what is ordered and when it is over; performs nothing.

Theory: the broadcast keeps who asked, who approved and who stopped it, and for each loudspeaker what was sent
and what its gateway said. Orders go out while it is approved, not stopped and inside its time; a gateway that
comes back is told again, as an equal `play` does nothing there twice. Every order that left and whose end the
gateway has not confirmed is stopped when a person says so, or when the centre has given up on it.

A live broadcast needs two different persons (consent.py). A stop carries the word of a person; without one the
machine itself may only clean up after drills and tests, unless the mode is plain.
What sounded is only what the gateways said; silence is `unknown`.

A word of one loudspeaker costs no look at the others: what is due is looked for among all of them only when `due`
has come, and after what concerns them all.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from central.broadcasts import consent
from central.broadcasts.asked import Approval, Asked
from central.broadcasts.messages import (
    Approve,
    Changed,
    ClipTold,
    GatewayOffline,
    GatewayOnline,
    Keep,
    RecordEnd,
    RecordFrom,
    Result,
    Stop,
)
from central.broadcasts.ordering import ORDER_TTL, cancel, deliver
from central.broadcasts.target import Target
from central.broadcasts.targets import Targets
from central.readmodels import BroadcastState
from link.contract import facts
from link.contract.field_facts import SoundProved

STOP_ANSWER_LIMIT = 30.0
"""Seconds that a loudspeaker may take to say that it stopped."""
STOP_SETTLES = 5.0
"""Seconds after the receipt of a stop at which a loudspeaker that said no more counts as stopped."""
A_SECOND = 200
"""Loudspeakers that are told, and whose answers are taken in, in a second at worst: an order that is still on its way
out is not sent again, and who has not had his turn is not given up."""


Effects = tuple[object, ...]


@dataclass(frozen=True)
class Broadcast:
    """See the module. All times are monotonic seconds; `epoch` added to one of them gives Unix seconds."""

    asked: Asked
    created: float
    epoch: float
    targets: Targets
    online: frozenset[str] = frozenset()
    approvals: tuple[Approval, ...] = ()
    stopped_by: str | None = None
    stopped_at: float | None = None
    stop_doc: bytes = field(default=b"", repr=False)
    announced: bool = False
    recording: bool = False
    closed: bool = False
    due: float = field(default=-math.inf, compare=False)
    """No loudspeaker wants anything before; never later than the truth."""
    journal: Effects = field(default=(), compare=False, repr=False)

    @classmethod
    def ask(cls, asked: Asked, now: float, wall: float, online: frozenset[str] = frozenset()) -> "Broadcast":
        """A new broadcast; its first Tick, due at once, starts it."""
        targets = Targets(Target(line, asked.play_of(line)) for line in asked.targets)
        return cls(asked, created=now, epoch=wall - now, targets=targets, online=online)

    @property
    def id(self) -> str:
        """Its name."""
        return self.asked.id

    @property
    def not_after(self) -> float:
        """After this nothing is ordered any more."""
        return self.created + self.asked.window

    @property
    def approved(self) -> bool:
        """Enough different persons have said yes."""
        return consent.enough(self.asked, self.approvals)

    @property
    def may_stop(self) -> bool:
        """Gateways would take a stop: the runner key alone stops nothing live."""
        return bool(self.stop_doc) or not self.asked.authority or self.asked.channel != "live"

    @property
    def leaving(self) -> float:
        """Seconds that may pass until the last of its orders has left, and the answers have come, when it is large."""
        return len(self.targets) // A_SECOND

    @property
    def over(self) -> bool:
        """Every loudspeaker has ended; nothing will sound any more."""
        return self.closed or self.targets.ended

    @property
    def settled(self) -> bool:
        """Over, and every gateway that was told has confirmed it: the machine may be forgotten."""
        return self.over and not any(t.ordered and not t.confirmed for t in self.targets.values())

    @property
    def proving(self) -> bool:
        """A proof of sound is still to come."""
        return any(target.proof_until is not None for target in self.targets.values())

    @property
    def state(self) -> BroadcastState:
        """One word for people."""
        if self.stopped_by is not None:
            return "stopped"
        sounded = {target.sounded for target in self.targets.values()}
        if not self.over:
            playing = any(t.state == "playing" for t in self.targets.values())
            return "playing" if playing else ("sending" if self.approved else "waiting")
        if sounded == {"whole"}:
            return "done"
        if {target.result for target in self.targets.values()} == {"undelivered"}:
            return "expired"
        return "failed" if sounded == {"not"} else "partly"

    @property
    def deadline(self) -> float | None:
        """Next moment at which something must happen without being told."""
        due = self.due if self.due > -math.inf else self._due_of(self.targets.values())
        due = due if self.announced else min(due, self.created)
        return due if due < math.inf else None

    def _due_of(self, targets: Iterable[Target]) -> float:
        """When the first of these wants something."""
        due = math.inf
        for target in targets:
            if not target.ended:
                due = min(due, self._ends_at(target))
            for at in (target.resend_at, target.restop_at, target.proof_until):
                if at is not None and at < due:
                    due = at
        return due

    def _ends_at(self, target: Target) -> float:
        """When a loudspeaker that says nothing more is given up."""
        if not target.ordered:
            return self.not_after
        moments = [target.give_up_at(self.asked.clip.seconds + self.leaving)]
        if self.stopped_at is not None:
            moments.append(self.stopped_at + STOP_ANSWER_LIMIT + self.leaving)
            if target.stop_accepted_at is not None:
                moments.append(target.stop_accepted_at + STOP_SETTLES)
        return min(moments)

    def objection(self, by: str, now: float, signed: bool = False) -> str:
        """Why `by` cannot approve it now, in words for him; empty when he can."""
        if self.stopped_by is not None:
            return f"it was stopped by {self.stopped_by}"
        if self.over or now >= self.not_after:
            return "its time is over"
        return consent.objection(self.asked, self.approvals, by, signed)

    def handle(self, event: object, now: float) -> tuple["Broadcast", Effects]:
        """The broadcast after `event` and what must be done."""
        after = replace(self, journal=())._take(event, now)
        if not after.announced:
            after = replace(after, announced=True)._keep("asked", after.asked.entry())
        touched = self._touched(event) if now < self.due else None
        lines = tuple(after.targets) if touched is None else touched
        after = after._end_silent(lines, now)
        after, commands = after._command(lines, now)
        due = after._due_of(after.targets[line] for line in lines)
        after = replace(after, due=due if touched is None else min(self.due, due))
        return after._conclude(self, commands)

    def _touched(self, event: object) -> tuple[str, ...] | None:
        """The loudspeakers that an event can concern; None: all of them."""
        match event:
            case ClipTold(gateway=gateway, fact=fact):
                line = f"{gateway}/{fact.line}"
                return (line,) if line in self.targets else ()
            case Result(gateway=gateway) | GatewayOnline(gateway=gateway) | GatewayOffline(gateway=gateway):
                return self.asked.lines_of.get(gateway, ())
        return None

    # -- what was told --

    def _take(self, event: object, now: float) -> "Broadcast":
        match event:
            case Approve(by=by, signature=signature):
                return self._approve(Approval(by, now, signature))
            case Stop(by=by, doc=doc):
                return self._stop(by, doc, now)
            case GatewayOnline(gateway=gateway):
                return replace(self, online=self.online | {gateway})._again(gateway, now)
            case GatewayOffline(gateway=gateway):
                return replace(self, online=self.online - {gateway})
            case Result(gateway=gateway, result=result):
                return self._receipt(gateway, result, now)
            case ClipTold(gateway=gateway, fact=fact):
                line = f"{gateway}/{fact.line}"
                target = self.targets.get(line)
                if target is None or target.play != fact.play:
                    return self
                if isinstance(fact, facts.ClipStarted):
                    return self._with(target.begun(fact, self.asked.clip.sha, now))
                if isinstance(fact, SoundProved):
                    return self._with(target.proved(fact))
                return self._with(target.finished(fact, self.asked.clip.seconds, now))
        return self

    def _approve(self, approval: Approval) -> "Broadcast":
        signed = approval.signature is not None
        objection = self.objection(approval.by, approval.at, signed)
        if objection:
            return self._keep("approval-refused", {"by": approval.by, "why": objection})
        approved = replace(self, approvals=(*self.approvals, approval))
        key = {"kid": approval.signature.kid} if approval.signature is not None else {}
        return approved._keep("approved", {"by": approval.by, **key})

    def _stop(self, by: str, doc: bytes, now: float) -> "Broadcast":
        if self.settled:
            return self._keep("stop-ignored", {"by": by, "why": "it is over"})
        stopped = replace(self, stop_doc=doc or self.stop_doc)
        if self.stopped_by is None:
            stopped = replace(stopped, stopped_by=by, stopped_at=now)
        for target in stopped.targets.values():
            if target.ordered and not target.confirmed:
                stopped = stopped._with(target.stopping(now))
        return stopped._keep("stopped", {"by": by})

    def _again(self, gateway: str, now: float) -> "Broadcast":
        """The gateway may have lost what it was told: order the clip again, or its stop."""
        broadcast = self
        for line in self.asked.lines_of.get(gateway, ()):
            target = self.targets[line]
            if not target.ordered or target.confirmed:
                continue
            renewed = replace(target, renewals=target.renewals + 1, stop_sends=0)
            stop = target.ended or self.stopped_by is not None
            broadcast = broadcast._with(renewed.stopping(now) if stop else replace(renewed, resend_at=now))
        return broadcast

    def _receipt(self, gateway: str, result: facts.CommandResult, now: float) -> "Broadcast":
        """Command ids are `<play>.<renewal>` and `<play>.stop.<renewal>`."""
        for line in self.asked.lines_of.get(gateway, ()):
            target = self.targets[line]
            if not result.id.startswith(f"{target.play}."):
                continue
            if result.id.startswith(f"{target.play}.stop."):
                return self._with(target.stop_receipt(result, now))
            return self._with(target.receipt(result, now))
        return self

    def _with(self, target: Target) -> "Broadcast":
        """The broadcast with this target; an end is kept in the journal."""
        before = self.targets[target.line]
        if target == before:
            return self
        broadcast = replace(self, targets=self.targets.having(target))
        told: dict[str, object] = {"line": target.line, "played": target.played, "why": target.why}
        if target.ended and not before.ended:
            return broadcast._keep("target-ended", {**told, "result": target.result})
        if target.late and not before.late:
            return broadcast._keep("target-late", {**told, "result": target.result, "late": target.late})
        return broadcast

    def _keep(self, kind: str, payload: dict[str, object]) -> "Broadcast":
        return replace(self, journal=(*self.journal, Keep(f"broadcast.{kind}", self.id, payload)))

    # -- what follows --

    def _end_silent(self, lines: tuple[str, ...], now: float) -> "Broadcast":
        """End each of these that can no longer be reached or has not answered in time."""
        broadcast = self
        for target in (self.targets[line] for line in lines):
            if target.ended:
                if target.proof_until is not None and now >= target.proof_until:
                    broadcast = broadcast._with(target.unproved())
                continue
            if not target.ordered and self.stopped_by is not None:
                ended = target.ending("stopped", "stopped before it was sent", now)
            elif now < self._ends_at(target):
                continue
            elif not target.ordered:
                why = "gateway offline" if self.approved else "not approved in time"
                ended = target.ending("undelivered", why, now)
            elif self.stopped_by is not None and target.stop_accepted_at is not None:
                ended = replace(target.ending("stopped", "the gateway took the stop", now), restop_at=None)
            else:
                ended = target.ending("unknown", "no answer", now)
            broadcast = broadcast._with(ended)
        return broadcast

    def _command(self, lines: tuple[str, ...], now: float) -> tuple["Broadcast", Effects]:
        """The orders that are due at these, and when they are due again."""
        left = int(self.not_after - now)  # whole seconds: the order's own limit must lie inside ours
        sending = self.approved and self.stopped_by is None and left >= 1
        moved: list[Target] = []
        effects: list[object] = []
        for target in (self.targets[line] for line in lines):
            after = target
            if not target.ended and sending and target.gateway in self.online:
                first = not target.ordered
                if first or (target.resend_at is not None and now >= target.resend_at):
                    after = target.sent(now, self.leaving)
                    effects.append(deliver(self.asked, self.approvals, after, min(ORDER_TTL, left)))
            elif target.resend_at is not None and (target.ended or not sending or now >= target.resend_at):
                after = replace(target, resend_at=None)
            if after.restop_at is not None and not self.may_stop:
                after = replace(after, restop_at=None)
            elif after.restop_at is not None and now >= after.restop_at:
                after = after.stop_sent(now, self.leaving)
                effects.append(cancel(self.asked, self.stop_doc, after))
            if after is not target:
                moved.append(after)
        return (replace(self, targets=self.targets.having(*moved)) if moved else self), tuple(effects)

    def _conclude(self, before: "Broadcast", commands: Effects) -> tuple["Broadcast", Effects]:
        """Put the effects in order: journal and view first, then the recording, then the orders."""
        after, effects = self, self.journal
        over = after.over
        if over and not after.closed:
            after = replace(after, closed=True)
            effects = (*effects, Keep("broadcast.over", after.id, {"state": after.state}))
        after = replace(after, journal=())
        if after.targets is not before.targets or after != before:
            effects = (*effects, Changed(after.id))
        if not after.recording and after.targets.under_way:
            after = replace(after, recording=True)
            effects = (*effects, RecordFrom(after.id, tuple(after.targets), after.asked.channel))
        effects = (*effects, *commands)
        if over and after.recording:
            after = replace(after, recording=False)
            effects = (*effects, RecordEnd(after.id))
        return after, effects
