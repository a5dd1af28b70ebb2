"""Uplink: the gateway's end of the contract. Turns messages into orders and facts into messages; does no I/O.

Theory: a session begins with the bus and ends with it. In a session the gateway is born, tells its snapshot,
reports its lines at once on change and again while anything is true, and accepts talk-path frames only with
the session's key. Evidence does not pass here: it goes to the outbox, which hears of acknowledgements and of
the centre from here. Whatever does not decode is refused, counted and named once.

No clock is shared with the centre. A talk-path frame names the newest report that its sender had heard, and
keys nothing longer than its profile's `worth` after that report was sent: however long it waited, in a stalled link,
a frozen broker or the sockets of a process that stood still.
"""

import math
from dataclasses import dataclass, field, replace

from firmware.authority import messages as authority
from firmware.authority.machine import Check
from firmware.effects import Record
from firmware.events import (
    CentreChanged,
    ConfigurationChanged,
    DesiredArrived,
    EventsAcked,
    LinkChanged,
    OutboxStood,
    ProfileChosen,
    TalkOpened,
)
from firmware.stamp import Stamp
from firmware.uplink.messages import (
    Arrived,
    CommandEnded,
    Connected,
    HealthTold,
    Identity,
    LineTold,
    Obey,
    Publish,
    Refused,
    Talk,
)
from firmware.uplink.talk import TalkEnd
from link.bus.port import BusDown, Message
from link.contract import facts, orders
from link.contract.authority import CLASS_OF
from link.contract.batch import decode_ack, decode_command, sender_of
from link.contract.documents import decode_state
from link.contract.envelope import EnvelopeError, pack, unpack
from link.contract.link_facts import CommandAnswered
from link.contract.profile import PROFILES, LinkProfile
from link.contract.realtime import encode_report
from link.contract.topics import Row, Topics
from link.contract.wire import Wire

SNAPSHOT_EVERY = 1.0
"""Seconds between two snapshots of a session."""


@dataclass(frozen=True)
class Uplink:
    """See the module. All times are monotonic seconds."""

    identity: Identity
    check: Check
    profile: LinkProfile = PROFILES["4g"]
    next_profile: LinkProfile | None = None
    session: str | None = None
    talk: TalkEnd = TalkEnd()
    lines: dict[str, facts.LineReport] = field(default_factory=dict)
    health: dict[str, facts.HealthChanged] = field(default_factory=dict)
    snapshot_at: float = 0.0
    snapshot_due: bool = False
    outbox: OutboxStood = OutboxStood(())
    centre: tuple[str, CentreChanged] | None = None
    n: int = 0
    reported_at: float = 0.0
    beat_at: float = 0.0
    told: tuple[tuple[int, float], ...] = ()
    stamp: Stamp = field(default=Stamp(0, 0, "none"), compare=False)
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def up(self) -> bool:
        """A session stands."""
        return self.session is not None

    @property
    def state(self) -> str:
        """One word for people."""
        return "up" if self.up else "down"

    @property
    def deadline(self) -> float | None:
        """When the report is due again (while something is true), else the heartbeat."""
        if not self.up:
            return None
        return min(
            self._report_at,
            self._beat_at,
            self.snapshot_at + SNAPSHOT_EVERY if self.snapshot_due else math.inf,
        )

    @property
    def _report_at(self) -> float:
        told = any(line.carrier or line.ptt or line.leg for line in self.lines.values())
        return self.reported_at + self.profile.repeat if told else math.inf

    @property
    def _beat_at(self) -> float:
        return max(self.reported_at, self.beat_at) + self.profile.heartbeat

    @property
    def topics(self) -> Topics:
        """Topics of this realm."""
        return Topics(self.identity.realm)

    def handle(self, event: object, now: float) -> tuple["Uplink", tuple[object, ...]]:
        """The uplink after `event` and what must be done."""
        uplink, effects = self._take(event, now)
        if uplink.up and uplink.snapshot_due and now >= uplink.snapshot_at + SNAPSHOT_EVERY:
            return replace(uplink, snapshot_due=False, snapshot_at=now), (*effects, *uplink._snapshot())
        return uplink, effects

    def _take(self, event: object, now: float) -> tuple["Uplink", tuple[object, ...]]:
        match event:
            case Connected(session=session, stamp=stamp, offer=offer):
                return replace(self, stamp=stamp, talk=TalkEnd(offer))._begin(session, now)
            case BusDown() if self.up:
                return replace(self, session=None, talk=TalkEnd()), (LinkChanged(up=False),)
            case Arrived() if self.up:
                return self._arrived(event, now)
            case LineTold(report=report):
                told = replace(self, lines={**self.lines, report.line: report})
                return told._report(now)
            case HealthTold(fact=fact):
                return replace(self, health={**self.health, fact.subject: fact}, snapshot_due=True), ()
            case ProfileChosen(profile=profile):
                return replace(self, next_profile=profile), ()
            case OutboxStood():
                return replace(self, outbox=event), ()
            case CommandEnded(result=result):
                return self, self._answered(result)
            case (
                authority.StoreLoaded()
                | authority.Committed()
                | authority.TrustChanged()
                | authority.PlayEnded()
                | ConfigurationChanged()
            ):
                return self._checked(event, now)
        return self._due(now)

    def _due(self, now: float) -> tuple["Uplink", tuple[object, ...]]:
        """What its time has come for."""
        if not self.up or now < min(self._report_at, self._beat_at):
            return self, ()
        if now >= self._report_at:
            return self._report(now)
        oldest = self.outbox.oldest_at
        age = 0.0 if oldest is None else round(max(0.0, now - oldest), 1)
        beat = {"s": self.session or "", "t": self._wall_ms(now), "q": age, "n": self.outbox.waiting}
        told = facts.Heartbeat.model_validate(beat | {"tq": self.stamp.tq, "mono_ms": int(now * 1000)})
        return replace(self, beat_at=now), self._publish(Row.HEARTBEAT, pack(told.model_dump(mode="python")))

    def _wall_ms(self, now: float) -> int:
        """The wall clock, as it stood at the beginning of the session and ran on since."""
        return self.stamp.wall_ms + int(now * 1000) - self.stamp.mono_ms

    # -- up --

    def _publish(self, row: Row, payload: bytes) -> tuple[object, ...]:
        if not self.up:
            return ()
        return (Publish(row, self.topics.of(row, self.identity.gateway), payload),)

    def _begin(self, session: str, now: float) -> tuple["Uplink", tuple[object, ...]]:
        born = replace(self, session=session, n=0, told=(), snapshot_at=now, snapshot_due=False)
        born = replace(born, check=self.check.begun(session, now))
        born = replace(born, profile=self.next_profile or PROFILES[self.identity.profile])
        effects = (*born._birth(now), *born._snapshot())
        born, report = born._report(now)
        return born, (*effects, *report, LinkChanged(up=True))

    def _birth(self, now: float) -> tuple[object, ...]:
        me = self.identity
        birth = facts.Birth(
            sid=self.session or "",
            boot=me.boot,
            fw=me.fw,
            lanes=self.outbox.lanes,
            t=self._wall_ms(now),
            mono_ms=int(now * 1000),
            tq=self.stamp.tq,
            profile=self.profile.name,
            nonce=self.check.nonce,
            **self.talk.in_birth(),
        )
        return self._publish(Row.LIVE, pack(birth.model_dump(mode="python")))

    def _snapshot(self) -> tuple[object, ...]:
        me = self.identity
        health = tuple(self.health.values())
        told = facts.Snapshot(sid=self.session or "", fw=me.fw, lines=me.lines, health=health)
        return self._publish(Row.STATE, pack(told.model_dump(mode="python")))

    def _report(self, now: float) -> tuple["Uplink", tuple[object, ...]]:
        if not self.up:
            return self, ()
        if self.talk.waits:
            return replace(self, reported_at=now), ()
        n = self.n + 1
        report = facts.RealtimeReport(n=n, mono_ms=int(now * 1000), lines=tuple(self.lines.values()))
        recent = tuple((n, at) for n, at in self.told if at > now - self.profile.worth)
        told = replace(self, n=n, reported_at=now, told=(*recent, (n, now)))
        return told, self._publish(Row.REALTIME_UP, encode_report(report, self.talk.seal))

    # -- down --

    def _arrived(self, event: Arrived, now: float) -> tuple["Uplink", tuple[object, ...]]:
        message = event.message
        known = self.topics.parse(message.topic)
        row = known[0] if known and known[1] in ("", self.identity.gateway) else None
        try:
            match row:
                case Row.REALTIME_DOWN:
                    return self._frame(message, event.at, now)
                case Row.COMMAND:
                    return self._command(event, now)
                case Row.LIVE:
                    return self, self._still_alive(message, now)
                case Row.ACK:
                    return self, (EventsAcked(decode_ack(message.payload)),)
                case Row.CENTRE:
                    return self._centre_says(event)
                case Row.DESIRED:
                    return self, (
                        DesiredArrived(message.payload, event.wall, event.trusted, self.check.floor),
                    )
                case Row.GROUP_COMMAND if message.retain:
                    raise EnvelopeError("retained", "a command must never be retained")
                case Row.GROUP_COMMAND:
                    return self, ()
                case _:
                    raise EnvelopeError("misaddressed", f"topic {message.topic[:80]}")
        except EnvelopeError as error:
            return self._refuse(row.name.lower() if row else "topic", error)

    def _centre_says(self, event: Arrived) -> tuple["Uplink", tuple[object, ...]]:
        """News of the centre. The will of a connection that is not its last is old, and its time says nothing."""
        when = self.check.when(event.wall, event.trusted)
        state = decode_state(self.check.trust.document(event.message.payload, when))
        told = CentreChanged(state.on, state.ingest)
        check, lifted = self.check.told(state.t / 1000)
        uplink = replace(self, check=check)
        old_will = self.centre is not None and not state.on and state.cid != self.centre[0]
        if old_will or self.centre == (state.cid, told):
            return uplink, lifted
        return replace(uplink, centre=(state.cid, told)), (*lifted, told)

    def _still_alive(self, message: Message, now: float) -> tuple[object, ...]:
        """A death that is not ours stands on our topic (a late will): say again that we live."""
        value = unpack(message.payload)
        foreign = isinstance(value, dict) and value.get("on") == 0 and value.get("sid") != self.session
        return self._birth(now) if foreign else ()

    def _refuse(self, where: str, error: EnvelopeError) -> tuple["Uplink", tuple[object, ...]]:
        key = f"{where}:{error.reason}"
        count = self.refused.get(key, 0) + 1
        uplink = replace(self, refused={**self.refused, key: count})
        if count & (count - 1):  # told at the 1st, 2nd, 4th, 8th … of a kind
            return uplink, ()
        fact = facts.MessageRefused(where=where, reason=error.reason, count=count)
        named = (Refused(where, error.reason, str(error)[:200]),) if count == 1 else ()
        return uplink, (*named, Record(fact))

    def _frame(self, message: Message, at: float, now: float) -> tuple["Uplink", tuple[object, ...]]:
        if message.retain:
            raise EnvelopeError("retained", "a talk-path frame must never be retained")
        talking, frame = self.talk.accept(message.payload)
        uplink, until = replace(self, talk=talking), math.inf
        if frame.heard:
            until = next((sent + self.profile.worth for n, sent in self.told if n == frame.heard), -math.inf)
        talk = Talk(frame, at, until)
        if not frame.keep or until > now:
            return uplink, (talk,)
        old = EnvelopeError(
            "stale", f"it rests on report {frame.heard}, which is too old; the last is {self.n}"
        )
        uplink, effects = uplink._refuse("realtime_down", old)
        return uplink, (talk, *effects)  # its keys are worth nothing, its releases hold

    def _command(self, event: Arrived, now: float) -> tuple["Uplink", tuple[object, ...]]:
        """Format and address are looked at here; whether it is let through, the check says."""
        payload = event.message.payload
        if event.message.retain:
            raise EnvelopeError("retained", "a command must never be retained")
        command, order, signed = decode_command(payload)
        if command.to != self.identity.gateway:
            raise EnvelopeError("misaddressed", f"to {command.to}")
        kid = sender_of(payload)
        came = authority.CommandCame(command, order, kid, signed, event.wall, event.trusted)
        return self._checked(came, now)

    def _checked(self, event: object, now: float) -> tuple["Uplink", tuple[object, ...]]:
        check, wanted = self.check.handle(event, now)
        uplink, effects = replace(self, check=check), ()  # type: Uplink, tuple[object, ...]
        for effect in wanted:
            match effect:
                case authority.Answer(result=result):
                    more = uplink._answered(result)
                case authority.Begin(command=command, order=orders.OpenSession() as order):
                    uplink, more = uplink._open(command, order, now)
                case authority.Begin(command=command, order=order):
                    more = uplink._begun(command, order, now)
                case _:
                    more = (effect,)
            effects = (*effects, *more)
        return uplink, effects

    def _begun(self, command: orders.Command, order: Wire, now: float) -> tuple[object, ...]:
        """What it does; a session command is answered here, what is kept on disk was answered by the check."""
        answered = CLASS_OF.get(command.op) != "session"
        return (*(() if answered else self._result(command, "accepted", "", now)), Obey(command, order))

    def _open(
        self, command: orders.Command, order: orders.OpenSession, now: float
    ) -> tuple["Uplink", tuple[object, ...]]:
        if order.sid != self.session:
            return self, self._result(command, "rejected", "another session", now)
        try:
            uplink = replace(self, talk=self.talk.opened(order, self.check.trust.plain))
        except ValueError as error:
            return self, self._result(command, "rejected", str(error), now)
        report: tuple[object, ...] = ()
        if uplink.talk.seal:  # the first that the centre can believe, or the first under a new key
            uplink, report = uplink._report(now)
        return uplink, (*uplink._result(command, "done", "", now), *report, TalkOpened())

    def _result(self, command: orders.Command, s: str, why: str, now: float) -> tuple[object, ...]:
        fields = {"id": command.id, "s": s, "why": why, "t": self._wall_ms(now)}
        return self._answered(facts.CommandResult.model_validate(fields))

    def _answered(self, result: facts.CommandResult) -> tuple[object, ...]:
        """Row 6, and the same as evidence."""
        told = CommandAnswered(id=result.id, s=result.s, why=result.why)
        return (*self._publish(Row.RESULT, pack(result.model_dump(mode="python"))), Record(told))
