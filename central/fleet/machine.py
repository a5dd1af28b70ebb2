"""Gateway: one gateway as the centre sees it. Decides what is believed and which legs to dial.

Theory: a birth makes a session, a death ends only the session it names (a late will is old news). Realtime
facts are believed for TRUE_FOR seconds; silence makes them false. A line's voice leg stands when the voice
node says so and the gateway does not deny it; a missing leg of an online gateway is dialled with a fresh
token, again and again, with growing pauses. Performs nothing.
"""

from dataclasses import dataclass, field, replace

from link.contract import facts
from link.contract.realtime import TRUE_FOR

DIAL_FIRST = 0.5
DIAL_MOST = 15.0
HEALTH_MOST = 64
"""Subjects of health kept of one gateway, the newest: what it invents must not fill the memory."""
DIAL_PATIENCE = 5.0
"""Seconds a dialled leg may take to stand before it is dialled again."""


@dataclass(frozen=True)
class NodeUp:
    """The voice node is there with these legs standing."""

    legs: tuple[str, ...]


@dataclass(frozen=True)
class NodeGone:
    """The voice node is gone, and every leg with it."""


@dataclass(frozen=True)
class LegStands:
    """The voice node answered this line's leg."""

    line: str


@dataclass(frozen=True)
class LegFell:
    """The voice node lost this line's leg."""

    line: str


@dataclass(frozen=True)
class BrokerLost:
    """The centre itself is off the bus: nothing is known any more."""


@dataclass(frozen=True)
class OpenTalk:
    """Effect: give the gateway a talk-path key for session `sid`."""

    gateway: str
    sid: str


@dataclass(frozen=True)
class IssueLeg:
    """Effect: make a token, tell the voice node to expect it and the gateway to dial."""

    gateway: str
    line: str


@dataclass(frozen=True)
class LineBelieved:
    """Effect: what is believed of a line changed."""

    gateway: str
    line: str
    carrier: bool
    ptt: bool
    leg: bool
    online: bool
    talker: str


@dataclass(frozen=True)
class PresenceChanged:
    """Effect: the gateway came or went."""

    gateway: str
    online: bool
    why: str


@dataclass(frozen=True)
class LineKnown:
    """What is known of one line: what its gateway said, what the voice node said, and when it is dialled again."""

    kind: str = "radio"
    label: str = ""
    geo: bool = False
    carrier: bool = False
    ptt: bool = False
    gateway_leg: bool = False
    node_leg: bool = False
    talker: str = ""
    dial_at: float | None = None
    pause: float = DIAL_FIRST

    @property
    def leg(self) -> bool:
        """Both ends agree that the leg stands."""
        return self.node_leg and self.gateway_leg


@dataclass(frozen=True)
class Gateway:
    """See the module. All times are monotonic seconds."""

    gateway: str
    sid: str | None = None
    boot: str = ""
    fw: str = ""
    lines: dict[str, LineKnown] = field(default_factory=dict)
    health: dict[str, facts.HealthChanged] = field(default_factory=dict)
    node: bool = False
    reported_n: int = -1
    reported_at: float | None = None
    reported_mono_ms: int = 0
    heard_at: float | None = field(default=None, compare=False)

    @property
    def online(self) -> bool:
        """A session stands."""
        return self.sid is not None

    @property
    def state(self) -> str:
        """One word for people."""
        return "online" if self.online else "offline"

    @property
    def deadline(self) -> float | None:
        """When belief ends or a leg is to be dialled."""
        moments = [self.reported_at + TRUE_FOR] if self.reported_at is not None else []
        if self.online and self.node:
            moments += [line.dial_at for line in self.lines.values() if line.dial_at is not None]
        return min(moments, default=None)

    def handle(self, event: object, now: float) -> tuple["Gateway", tuple[object, ...]]:
        """The gateway after `event` and what must be done."""
        gateway, effects = self._take(event, now)
        if gateway.reported_at is not None and now >= gateway.reported_at + TRUE_FOR:
            gateway = gateway._forget()
        gateway, dials = gateway._dial(now)
        return gateway, (*effects, *self._differences(gateway), *dials)

    def started_over(self) -> tuple["Gateway", tuple[object, ...]]:
        """After a crash: the session stands, with a fresh talk-path key; its next report is believed again."""
        gateway = self._forget()
        opened = (OpenTalk(self.gateway, self.sid),) if self.sid is not None else ()
        return gateway, (*opened, *(gateway.believed(name) for name in gateway.lines))

    def age_of(self, boot: str, mono_ms: int, now: float) -> float | None:
        """Seconds since the gateway's clock showed `mono_ms` in its start `boot`; None when it cannot be told."""
        if boot != self.boot or self.reported_at is None:
            return None
        return max(0.0, now - self.reported_at + (self.reported_mono_ms - mono_ms) / 1000)

    def _take(self, event: object, now: float) -> tuple["Gateway", tuple[object, ...]]:
        match event:
            case facts.Birth(sid=sid) if sid == self.sid:  # said again because of a late will: nothing is new
                return self, ()
            case facts.Birth(sid=sid, boot=boot, fw=fw):
                born = replace(self._forget(), sid=sid, boot=boot, fw=fw, reported_n=-1, heard_at=now)
                came = (PresenceChanged(self.gateway, True, "birth"),) if not self.online else ()
                return born._dial_all(now), (*came, OpenTalk(self.gateway, sid))
            case facts.Death(sid=sid) if sid == self.sid:
                return self._gone(), (PresenceChanged(self.gateway, False, "death"),)
            case BrokerLost() if self.online:
                return self._gone(), (PresenceChanged(self.gateway, False, "broker-lost"),)
            case facts.Snapshot() if event.sid == self.sid:
                return self._described(event, now), ()
            case facts.Heartbeat(s=sid) if sid == self.sid:
                return replace(self, heard_at=now), ()
            case facts.RealtimeReport() if self.online and event.n > self.reported_n:
                return self._reported(event, now), ()
            case facts.HealthChanged(subject=subject):
                known = {name: fact for name, fact in self.health.items() if name != subject}
                newest = dict(list(known.items())[-(HEALTH_MOST - 1) :])
                return replace(self, health={**newest, subject: event}), ()
            case NodeUp(legs=legs):
                return self._node_up(legs, now), ()
            case NodeGone():
                lines = {name: replace(line, node_leg=False) for name, line in self.lines.items()}
                return replace(self, node=False, lines=lines), ()
            case LegStands(line=name) if name in self.lines:
                stands = replace(self.lines[name], node_leg=True, dial_at=None, pause=DIAL_FIRST)
                return self._with(name, stands), ()
            case LegFell(line=name) if name in self.lines:
                return self._with(name, self._redial(replace(self.lines[name], node_leg=False), now)), ()
        return self, ()

    def _with(self, name: str, line: LineKnown) -> "Gateway":
        return replace(self, lines={**self.lines, name: line})

    def _gone(self) -> "Gateway":
        return replace(self._forget(), sid=None)

    def _forget(self) -> "Gateway":
        """Nothing the gateway said in the realtime lane is believed any more."""
        lines = {
            name: replace(line, carrier=False, ptt=False, gateway_leg=False)
            for name, line in self.lines.items()
        }
        return replace(self, lines=lines, reported_at=None)

    def _described(self, snapshot: facts.Snapshot, now: float) -> "Gateway":
        lines = {
            told.line: replace(
                self.lines.get(told.line, LineKnown(dial_at=now)),
                kind=told.kind,
                label=told.label,
                geo=told.geo,
            )
            for told in snapshot.lines
        }
        health = {fact.subject: fact for fact in snapshot.health}
        return replace(self, lines=lines, health=health)

    def _reported(self, report: facts.RealtimeReport, now: float) -> "Gateway":
        told = {line.line: line for line in report.lines}
        lines = dict(self.lines)
        for name, line in self.lines.items():
            row = told.get(name)
            if row is None:
                lines[name] = replace(line, carrier=False, ptt=False, gateway_leg=False)
                continue
            lost = line.gateway_leg and not row.leg
            line = replace(
                line, carrier=row.carrier, ptt=row.ptt, gateway_leg=row.leg, talker=row.talker or ""
            )
            lines[name] = self._redial(line, now) if lost and line.dial_at is None else line
        heard = replace(self, lines=lines, reported_at=now, heard_at=now)
        return replace(heard, reported_n=report.n, reported_mono_ms=report.mono_ms)

    def _node_up(self, legs: tuple[str, ...], now: float) -> "Gateway":
        lines = {
            name: replace(line, node_leg=f"{self.gateway}/{name}" in legs, dial_at=now, pause=DIAL_FIRST)
            for name, line in self.lines.items()
        }
        return replace(self, node=True, lines=lines)

    def _dial_all(self, now: float) -> "Gateway":
        lines = {name: replace(line, dial_at=now, pause=DIAL_FIRST) for name, line in self.lines.items()}
        return replace(self, lines=lines)

    @staticmethod
    def _redial(line: LineKnown, now: float) -> LineKnown:
        return replace(line, dial_at=now + line.pause, pause=min(DIAL_MOST, line.pause * 2))

    def _dial(self, now: float) -> tuple["Gateway", tuple[object, ...]]:
        if not (self.online and self.node):
            return self, ()
        lines, effects = dict(self.lines), []
        for name, line in self.lines.items():
            if line.dial_at is None or now < line.dial_at:
                continue
            if line.leg:
                lines[name] = replace(line, dial_at=None, pause=DIAL_FIRST)
                continue
            lines[name] = replace(
                line,
                dial_at=now + max(DIAL_PATIENCE, line.pause),
                pause=min(DIAL_MOST, line.pause * 2),
            )
            effects.append(IssueLeg(self.gateway, name))
        return replace(self, lines=lines), tuple(effects)

    def _differences(self, after: "Gateway") -> tuple[LineBelieved, ...]:
        """One LineBelieved for each line of which something else is believed now."""
        return tuple(
            after.believed(name)
            for name in after.lines
            if name not in self.lines or self.believed(name) != after.believed(name)
        )

    def believed(self, name: str) -> LineBelieved:
        """What is believed of a line."""
        line = self.lines[name]
        return LineBelieved(
            gateway=self.gateway,
            line=name,
            carrier=line.carrier,
            ptt=line.ptt,
            leg=line.leg,
            online=self.online,
            talker=line.talker,
        )
