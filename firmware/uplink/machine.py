"""Uplink: the gateway's end of the contract. Turns messages into orders and facts into messages; does no I/O.

Theory: a session begins with the bus and ends with it. In a session the gateway is born, tells its snapshot,
reports its lines at once on change and again while anything is true, and accepts talk-path frames only with
the session's key. Evidence told while the bus is down waits (bounded; the oldest is dropped and counted) and
is sent at the next session. Whatever does not decode is refused, counted and named once.

No clock is shared with the centre. A talk-path frame names the newest report that its sender had heard, and
keys nothing longer than ORDER_WORTH after that report was sent: however long it waited, in a stalled link, a
frozen broker or the sockets of a process that stood still.
"""

import math
from dataclasses import dataclass, field, replace

from firmware.events import LinkChanged, TalkOpened
from link.bus.port import BusDown, BusUp, Message
from link.contract import facts, orders
from link.contract.batch import BatchHead, batches, decode_command, encode_batch
from link.contract.envelope import EnvelopeError, pack, unpack
from link.contract.realtime import REPEAT_EVERY, TalkFrame, TalkGate, encode_report
from link.contract.topics import Row, Topics
from link.contract.wire import Wire

WAITING = 500
"""Events kept while there is no link."""
ORDER_WORTH = 2.0
"""Seconds from a report to the end of every lease that was given on its strength."""
HEARTBEAT_EVERY = 60.0
"""Seconds; any other message counts as a heartbeat, so this one is sent only in silence."""
REMEMBERED = 256
"""Command ids remembered, so that a repeated command is answered and not carried out again."""


@dataclass(frozen=True)
class Identity:
    """Who this gateway is; `boot` names this start of the process, `epoch` its run of event numbers."""

    gateway: str
    realm: str
    fw: str
    boot: str
    epoch: int
    lines: tuple[facts.LineDescription, ...]


# ---- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Arrived:
    """A message from the bus, with the wall clock (Unix s) and the monotonic clock at its arrival."""

    message: Message
    wall: float
    at: float


@dataclass(frozen=True)
class LineTold:
    """A line's realtime facts as they are now."""

    report: facts.LineReport


@dataclass(frozen=True)
class FactTold:
    """A fact for the evidence lane, with the wall clock (Unix s)."""

    fact: Wire
    wall: float


@dataclass(frozen=True)
class CommandEnded:
    """What became of an accepted command."""

    result: facts.CommandResult


# ---- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Publish:
    """Hand a message to the bus."""

    row: Row
    topic: str
    payload: bytes


@dataclass(frozen=True)
class Talk:
    """A genuine and new talk-path frame. Its leases count from `at`, its arrival, and end by `until`."""

    frame: TalkFrame
    at: float
    until: float = math.inf


@dataclass(frozen=True)
class Obey:
    """A command that was accepted."""

    command: orders.Command
    order: Wire


@dataclass(frozen=True)
class Refused:
    """The first message of this kind that was dropped, for the log; more are only counted."""

    where: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Uplink:
    """See the module. All times are monotonic seconds."""

    identity: Identity
    session: str | None = None
    gate: TalkGate | None = None
    lines: dict[str, facts.LineReport] = field(default_factory=dict)
    health: dict[str, facts.HealthChanged] = field(default_factory=dict)
    n: int = 0
    reported_at: float = 0.0
    beat_at: float = 0.0
    told: tuple[tuple[int, float], ...] = ()
    wall_ahead: float = field(default=0.0, compare=False)
    seq: int = 0
    waiting: tuple[facts.Event, ...] = ()
    lost: int = 0
    seen: tuple[str, ...] = ()
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
        if any(r.carrier or r.ptt or r.leg for r in self.lines.values()):
            return self.reported_at + REPEAT_EVERY
        return max(self.reported_at, self.beat_at) + HEARTBEAT_EVERY

    @property
    def topics(self) -> Topics:
        """Topics of this realm."""
        return Topics(self.identity.realm)

    def handle(self, event: object, now: float) -> tuple["Uplink", tuple[object, ...]]:
        """The uplink after `event` and what must be done."""
        if isinstance(event, Arrived | FactTold):
            return replace(self, wall_ahead=event.wall - now)._take(event, now)
        return self._take(event, now)

    def _take(self, event: object, now: float) -> tuple["Uplink", tuple[object, ...]]:
        match event:
            case BusUp(session_id=session):
                return self._begin(session, now)
            case BusDown() if self.up:
                return replace(self, session=None, gate=None), (LinkChanged(up=False),)
            case Arrived() if self.up:
                return self._arrived(event, now)
            case LineTold(report=report):
                told = replace(self, lines={**self.lines, report.line: report})
                return told._report(now)
            case FactTold(fact=fact, wall=wall):
                return self._told(fact, wall, now)
            case CommandEnded(result=result):
                return self, self._publish(Row.RESULT, pack(result.model_dump(mode="python")))
        if self.deadline is None or now < self.deadline:
            return self, ()
        if self.deadline == self.reported_at + REPEAT_EVERY:
            return self._report(now)
        beat = facts.Heartbeat(s=self.session or "", t=int((now + self.wall_ahead) * 1000))
        told = replace(self, beat_at=now)
        return told, self._publish(Row.HEARTBEAT, pack(beat.model_dump(mode="python")))

    # -- up --

    def _publish(self, row: Row, payload: bytes) -> tuple[object, ...]:
        if not self.up:
            return ()
        return (Publish(row, self.topics.of(row, self.identity.gateway), payload),)

    def _begin(self, session: str, now: float) -> tuple["Uplink", tuple[object, ...]]:
        born = replace(self, session=session, gate=None, n=0, told=())
        effects = (*born._birth(), *born._snapshot())
        born, report = born._report(now)
        born, drained = born._drain()
        return born, (*effects, *report, *drained, LinkChanged(up=True))

    def _birth(self) -> tuple[object, ...]:
        me = self.identity
        birth = facts.Birth(sid=self.session or "", boot=me.boot, fw=me.fw)
        return self._publish(Row.LIVE, pack(birth.model_dump(mode="python")))

    def _snapshot(self) -> tuple[object, ...]:
        me = self.identity
        health = tuple(self.health.values())
        told = facts.Snapshot(sid=self.session or "", fw=me.fw, lines=me.lines, health=health)
        return self._publish(Row.STATE, pack(told.model_dump(mode="python")))

    def _report(self, now: float) -> tuple["Uplink", tuple[object, ...]]:
        if not self.up:
            return self, ()
        n = self.n + 1
        report = facts.RealtimeReport(n=n, mono_ms=int(now * 1000), lines=tuple(self.lines.values()))
        recent = tuple((n, at) for n, at in self.told if at > now - ORDER_WORTH)
        told = replace(self, n=n, reported_at=now, told=(*recent, (n, now)))
        return told, self._publish(Row.REALTIME_UP, encode_report(report))

    def _told(self, fact: Wire, wall: float, now: float) -> tuple["Uplink", tuple[object, ...]]:
        uplink, effects = self, ()  # type: tuple[Uplink, tuple[object, ...]]
        if isinstance(fact, facts.HealthChanged):
            uplink = replace(self, health={**self.health, fact.subject: fact})
            effects = uplink._snapshot()
        seq = self.seq + 1
        event = facts.Event(seq=seq, wall_ms=int(wall * 1000), mono_ms=int(now * 1000), fact=fact)
        waiting = (*self.waiting, event)
        lost = self.lost + max(0, len(waiting) - WAITING)
        uplink = replace(uplink, seq=seq, waiting=waiting[-WAITING:], lost=lost)
        uplink, drained = uplink._drain()
        return uplink, (*effects, *drained)

    def _drain(self) -> tuple["Uplink", tuple[object, ...]]:
        if not self.up or not self.waiting:
            return self, ()
        effects: tuple[object, ...] = ()
        for events in batches(self.waiting):
            first = events[0]
            head = BatchHead(
                epoch=self.identity.epoch,
                first_seq=first.seq,
                boot=self.identity.boot,
                t0_ms=first.wall_ms,
                mono0_ms=first.mono_ms,
            )
            effects = (*effects, *self._publish(Row.EVENTS, encode_batch(head, events)))
        return replace(self, waiting=()), effects

    # -- down --

    def _arrived(self, event: Arrived, now: float) -> tuple["Uplink", tuple[object, ...]]:
        message, wall = event.message, event.wall
        known = self.topics.parse(message.topic)
        row = known[0] if known and known[1] in ("", self.identity.gateway) else None
        try:
            match row:
                case Row.REALTIME_DOWN:
                    return self._frame(message, event.at, wall, now)
                case Row.COMMAND:
                    return self._command(message, wall)
                case Row.LIVE:
                    return self, self._still_alive(message)
                case Row.ACK | Row.DESIRED | Row.CENTRE | Row.GROUP_COMMAND:
                    return self, ()
                case _:
                    raise EnvelopeError("misaddressed", f"topic {message.topic[:80]}")
        except EnvelopeError as error:
            return self._refuse(row.name.lower() if row else "topic", error, wall, now)

    def _still_alive(self, message: Message) -> tuple[object, ...]:
        """A death that is not ours stands on our topic (a late will): say again that we live."""
        value = unpack(message.payload)
        foreign = isinstance(value, dict) and value.get("on") == 0 and value.get("sid") != self.session
        return self._birth() if foreign else ()

    def _refuse(
        self, where: str, error: EnvelopeError, wall: float, now: float
    ) -> tuple["Uplink", tuple[object, ...]]:
        key = f"{where}:{error.reason}"
        count = self.refused.get(key, 0) + 1
        uplink = replace(self, refused={**self.refused, key: count})
        if count & (count - 1):  # told at the 1st, 2nd, 4th, 8th … of a kind
            return uplink, ()
        fact = facts.MessageRefused(where=where, reason=error.reason, count=count)
        uplink, effects = uplink._told(fact, wall, now)
        named = (Refused(where, error.reason, str(error)[:200]),) if count == 1 else ()
        return uplink, (*named, *effects)

    def _frame(
        self, message: Message, at: float, wall: float, now: float
    ) -> tuple["Uplink", tuple[object, ...]]:
        if message.retain:
            raise EnvelopeError("retained", "a talk-path frame must never be retained")
        if self.gate is None:
            raise EnvelopeError("no-session", "no talk-path key was opened in this session")
        gate, frame = self.gate.accept(message.payload)
        uplink, until = replace(self, gate=gate), math.inf
        if frame.heard:
            until = next((sent + ORDER_WORTH for n, sent in self.told if n == frame.heard), -math.inf)
        talk = Talk(frame, at, until)
        if not frame.keep or until > now:
            return uplink, (talk,)
        old = EnvelopeError(
            "stale", f"it rests on report {frame.heard}, which is too old; the last is {self.n}"
        )
        uplink, effects = uplink._refuse("realtime_down", old, wall, now)
        return uplink, (talk, *effects)  # its keys are worth nothing, its releases hold

    def _command(self, message: Message, wall: float) -> tuple["Uplink", tuple[object, ...]]:
        if message.retain:
            raise EnvelopeError("retained", "a command must never be retained")
        command, order, _ = decode_command(message.payload)
        if command.to != self.identity.gateway:
            raise EnvelopeError("misaddressed", f"to {command.to}")
        if command.id in self.seen:
            return self, self._result(command, "dup", "", wall)
        uplink = replace(self, seen=(*self.seen, command.id)[-REMEMBERED:])
        if wall > command.exp or wall < command.iat - 30:
            return uplink, uplink._result(command, "expired", "outside its time", wall)
        if isinstance(order, orders.OpenSession):
            if order.sid != self.session:
                return uplink, uplink._result(command, "rejected", "another session", wall)
            uplink = replace(uplink, gate=TalkGate(bytes.fromhex(order.key)))
            return uplink, (*uplink._result(command, "done", "", wall), TalkOpened())
        return uplink, (*uplink._result(command, "accepted", "", wall), Obey(command, order))

    def _result(self, command: orders.Command, s: str, why: str, wall: float) -> tuple[object, ...]:
        fields = {"id": command.id, "s": s, "why": why, "t": int(wall * 1000)}
        return self._publish(Row.RESULT, pack(facts.CommandResult.model_validate(fields).model_dump()))
