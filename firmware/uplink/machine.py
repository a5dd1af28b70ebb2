"""Uplink: the gateway's end of the contract. Turns messages into orders and facts into messages; does no I/O.

Theory: a session begins with the bus and ends with it. In a session the gateway is born, tells its snapshot,
reports its lines at once on change and again while anything is true, and accepts talk-path frames only with
the session's key. Evidence told while the bus is down waits (bounded; the oldest is dropped and counted) and
is sent at the next session. Whatever does not decode is refused, counted and named once.

A talk-path frame carries no time. After this process stood still, frames of any age may wait in its sockets:
they are refused until the broker has given back a birth that was sent after the standstill, for what waited
comes before it.
"""

from dataclasses import dataclass, field, replace

from firmware.events import LinkChanged
from link.bus.port import BusDown, BusUp, Message
from link.contract import facts, orders
from link.contract.batch import BatchHead, decode_command, encode_batch
from link.contract.envelope import EnvelopeError, pack, unpack
from link.contract.realtime import REPEAT_EVERY, TalkFrame, TalkGate, encode_report
from link.contract.topics import Row, Topics
from link.contract.wire import Wire

WAITING = 500
"""Events kept while there is no link."""
BATCH = 50
LOOK_EVERY = 0.5
STOOD_STILL = 1.0
"""Seconds without a look at the clock: the process was stopped, or its loop hung."""
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
    """A talk-path frame that is genuine and new; its leases count from `at`, its arrival."""

    frame: TalkFrame
    at: float


@dataclass(frozen=True)
class Obey:
    """A command that was accepted."""

    command: orders.Command
    order: Wire


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
    looked_at: float = field(default=0.0, compare=False)
    births: int = 0
    births_back: int = 0
    births_wanted: int = 0
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
        """When a word to the centre or, while there is a talk-path key, a look at the clock is due."""
        if not self.up:
            return None
        return self._word_due if self.gate is None else min(self._word_due, self.looked_at + LOOK_EVERY)

    @property
    def _word_due(self) -> float:
        """When the report is due again (while something is true), else the heartbeat."""
        if any(r.carrier or r.ptt or r.leg for r in self.lines.values()):
            return self.reported_at + REPEAT_EVERY
        return max(self.reported_at, self.beat_at) + HEARTBEAT_EVERY

    @property
    def topics(self) -> Topics:
        """Topics of this realm."""
        return Topics(self.identity.realm)

    def handle(self, event: object, now: float) -> tuple["Uplink", tuple[object, ...]]:
        """The uplink after `event` and what must be done."""
        uplink, effects = replace(self, looked_at=now), ()  # type: tuple[Uplink, tuple[object, ...]]
        if self.gate is not None and now > self.looked_at + STOOD_STILL:
            uplink, effects = uplink._birth()
            uplink = replace(uplink, births_wanted=uplink.births)
        if isinstance(event, Arrived | FactTold):
            uplink = replace(uplink, wall_ahead=event.wall - now)
        uplink, more = uplink._take(event, now)
        return uplink, (*effects, *more)

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
        if not self.up or now < self._word_due:
            return self, ()
        if self._word_due == self.reported_at + REPEAT_EVERY:
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
        born = replace(self, session=session, gate=None, n=0, births=0, births_back=0, births_wanted=0)
        born, birth = born._birth()
        effects = (*birth, *born._snapshot())
        born, report = born._report(now)
        born, drained = born._drain()
        return born, (*effects, *report, *drained, LinkChanged(up=True))

    def _birth(self) -> tuple["Uplink", tuple[object, ...]]:
        me = self.identity
        birth = facts.Birth(sid=self.session or "", boot=me.boot, fw=me.fw)
        born = replace(self, births=self.births + 1)
        return born, self._publish(Row.LIVE, pack(birth.model_dump(mode="python")))

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
        told = replace(self, n=n, reported_at=now)
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
        for start in range(0, len(self.waiting), BATCH):
            events = self.waiting[start : start + BATCH]
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
                    return self._frame(message, event.at)
                case Row.COMMAND:
                    return self._command(message, wall)
                case Row.LIVE:
                    return self._own_presence(message)
                case Row.ACK | Row.DESIRED | Row.CENTRE | Row.GROUP_COMMAND:
                    return self, ()
                case _:
                    raise EnvelopeError("misaddressed", f"topic {message.topic[:80]}")
        except EnvelopeError as error:
            return self._refuse(row.name.lower() if row else "topic", error.reason, wall, now)

    def _own_presence(self, message: Message) -> tuple["Uplink", tuple[object, ...]]:
        """Our birth came back; or a death that is not ours stands there (a late will): say that we live."""
        value = unpack(message.payload)
        if not isinstance(value, dict):
            return self, ()
        ours = value.get("sid") == self.session
        if ours and value.get("on") == 1:
            return replace(self, births_back=self.births_back + 1), ()
        return self._birth() if value.get("on") == 0 and not ours else (self, ())

    def _refuse(
        self, where: str, reason: str, wall: float, now: float
    ) -> tuple["Uplink", tuple[object, ...]]:
        key = f"{where}:{reason}"
        count = self.refused.get(key, 0) + 1
        uplink = replace(self, refused={**self.refused, key: count})
        if count & (count - 1):  # told at the 1st, 2nd, 4th, 8th … of a kind
            return uplink, ()
        return uplink._told(facts.MessageRefused(where=where, reason=reason, count=count), wall, now)

    def _frame(self, message: Message, at: float) -> tuple["Uplink", tuple[object, ...]]:
        if message.retain:
            raise EnvelopeError("retained", "a talk-path frame must never be retained")
        if self.gate is None:
            raise EnvelopeError("no-session", "no talk-path key was opened in this session")
        if self.births_back < self.births_wanted:
            raise EnvelopeError("stale", "it may have waited while this process stood still")
        gate, frame = self.gate.accept(message.payload)
        return replace(self, gate=gate), (Talk(frame, at),)

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
            return uplink, uplink._result(command, "done", "", wall)
        return uplink, (*uplink._result(command, "accepted", "", wall), Obey(command, order))

    def _result(self, command: orders.Command, s: str, why: str, wall: float) -> tuple[object, ...]:
        fields = {"id": command.id, "s": s, "why": why, "t": int(wall * 1000)}
        return self._publish(Row.RESULT, pack(facts.CommandResult.model_validate(fields).model_dump()))
