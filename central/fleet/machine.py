"""Gateway: one gateway as the centre sees it. Decides what is believed and which legs to dial.

Theory: a birth makes a session, a death ends only the session it names (a late will is old news). Realtime
facts are believed as long as the profile of its link says; silence makes them false. Any message counts as heard:
a gateway not heard for LATE_AFTER heartbeats is late, for SILENT_AFTER it is offline, until it is heard again
(then its session goes on, with a fresh talk-path key). A line's voice leg stands when the voice
node says so and the gateway does not deny it; a missing leg of an online gateway is dialled with a fresh
token, again and again, with growing pauses. A line that wants no leg is never dialled. Performs nothing.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from central.fleet.messages import (
    BrokerLost,
    Heard,
    IssueLeg,
    LatenessChanged,
    LegFell,
    LegStands,
    LineBelieved,
    NodeGone,
    NodeUp,
    OpenTalk,
    PresenceChanged,
    TalkOffer,
    TalkStands,
)
from central.fleet.talk import TalkPath
from link.contract import facts
from link.contract.documents import Reported
from link.contract.profile import PROFILES, LinkProfile

LATE_AFTER, SILENT_AFTER = 2.5, 4.0
"""Heartbeat intervals of silence after which a gateway is late, and after which it is offline."""
DIAL_FIRST = 0.5
DIAL_MOST = 15.0
HEALTH_MOST = 64
"""Subjects of health kept of one gateway, the newest: what it invents must not fill the memory."""
DIAL_PATIENCE = 5.0
"""Seconds a dialled leg may take to stand before it is dialled again."""


HEARD = (Heard, facts.Heartbeat, facts.RealtimeReport)
"""What says that a gateway is there now. What the broker keeps (snapshot, reported document) may be old."""


@dataclass(frozen=True)
class LineKnown:
    """What is known of one line: what its gateway said, what the voice node said, and when it is dialled again."""

    kind: str = "radio"
    label: str = ""
    geo: bool = False
    wants_leg: bool = True
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
    profile: LinkProfile = PROFILES["4g"]
    reported: Reported | None = None
    late: bool = False
    silent: bool = False
    talk: TalkPath = TalkPath()

    @property
    def online(self) -> bool:
        """A session stands and is not silent."""
        return self.sid is not None and not self.silent

    @property
    def state(self) -> Literal["online", "late", "offline"]:
        """One word for people."""
        return ("late" if self.late else "online") if self.online else "offline"

    @property
    def _quiet_at(self) -> float | None:
        """When it is late, or after that silent, if nothing is heard."""
        if not self.online or self.heard_at is None:
            return None
        return self.heard_at + self.profile.heartbeat * (SILENT_AFTER if self.late else LATE_AFTER)

    @property
    def deadline(self) -> float | None:
        """When belief ends, the gateway is late or silent, or a leg is to be dialled."""
        moments = [] if self.reported_at is None else [self.reported_at + self.profile.true_for]
        moments += [at for at in (self._quiet_at, self._talk_due) if at is not None]
        if self.online and self.node:
            moments += [line.dial_at for line in self.lines.values() if line.dial_at is not None]
        return min(moments, default=None)

    @property
    def _talk_due(self) -> float | None:
        return self.talk.due if self.online else None

    def handle(self, event: object, now: float) -> tuple["Gateway", tuple[object, ...]]:
        """The gateway after `event` and what must be done."""
        heard, again = self._hear(event, now)
        gateway, effects = heard._take(event, now)
        if gateway.reported_at is not None and now >= gateway.reported_at + gateway.profile.true_for:
            gateway = gateway._forget()
        gateway, quiet = gateway._fall_quiet(now)
        gateway, renewed = gateway._renew(now)
        gateway, dials = gateway._dial(now)
        return gateway, (*again, *effects, *quiet, *renewed, *self._differences(gateway), *dials)

    def started_over(self) -> tuple["Gateway", tuple[object, ...]]:
        """After a crash: the session stands, with a fresh talk-path key; its next report is believed again."""
        gateway = self._forget()
        opened = (self._open_talk(self.sid),) if self.sid is not None else ()
        return gateway, (*opened, *(gateway.believed(name) for name in gateway.lines))

    def age_of(self, boot: str, mono_ms: int, now: float) -> float | None:
        """Seconds since the gateway's clock showed `mono_ms` in its start `boot`; None when it cannot be told."""
        if boot != self.boot or self.reported_at is None:
            return None
        return max(0.0, now - self.reported_at + (self.reported_mono_ms - mono_ms) / 1000)

    def _hear(self, event: object, now: float) -> tuple["Gateway", tuple[object, ...]]:
        """Any message of a session that is not over says that the gateway is there."""
        if self.sid is None or not isinstance(event, HEARD):
            return self, ()
        if isinstance(event, facts.Heartbeat) and event.s != self.sid:
            return self, ()
        heard = replace(self, heard_at=now, late=False, silent=False)
        if self.silent:
            came = PresenceChanged(self.gateway, True, "heard again")
            heard = replace(heard, reported_n=-1, talk=self.talk.answered().opened(now))
            return heard._dial_all(now), (came, self._open_talk(self.sid))
        return heard, (LatenessChanged(self.gateway, late=False),) if self.late else ()

    def _fall_quiet(self, now: float) -> tuple["Gateway", tuple[object, ...]]:
        if self._quiet_at is None or now < self._quiet_at:
            return self, ()
        if not self.late:
            late, more = replace(self, late=True)._fall_quiet(now)
            return late, (LatenessChanged(self.gateway, late=True), *more)
        return replace(self._forget(), silent=True), (PresenceChanged(self.gateway, False, "silent"),)

    def _take(self, event: object, now: float) -> tuple["Gateway", tuple[object, ...]]:
        match event:
            case facts.Birth(sid=sid) if (
                sid == self.sid and not self.silent
            ):  # said again because of a late will
                return self, ()
            case facts.Birth(sid=sid, boot=boot, fw=fw):
                born = replace(self._forget(), sid=sid, boot=boot, fw=fw, reported_n=-1, heard_at=now)
                born = replace(born, profile=PROFILES[event.profile or "4g"], late=False, silent=False)
                offer = TalkOffer(event.talk, event.cert, event.proof)
                born = replace(born, talk=TalkPath(offer).opened(now))
                came = (PresenceChanged(self.gateway, True, "birth"),) if not self.online else ()
                return born._dial_all(now), (*came, born._open_talk(sid))
            case facts.Death(sid=sid) if sid == self.sid:
                went = (PresenceChanged(self.gateway, False, "death"),) if self.online else ()
                return self._gone(), went
            case BrokerLost() if self.sid is not None:
                went = (PresenceChanged(self.gateway, False, "broker-lost"),) if self.online else ()
                return self._gone(), went
            case facts.Snapshot() if event.sid == self.sid:
                return self._described(event, now), ()
            case Reported():
                return replace(self, reported=event), ()
            case TalkStands():
                return replace(self, talk=self.talk.answered()), ()
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

    def _open_talk(self, sid: str) -> OpenTalk:
        return OpenTalk(self.gateway, sid, self.profile, self.talk.offer)

    def _renew(self, now: float) -> tuple["Gateway", tuple[object, ...]]:
        if self._talk_due is None or now < self._talk_due or self.sid is None:
            return self, ()
        return replace(self, talk=self.talk.opened(now)), (self._open_talk(self.sid),)

    def _with(self, name: str, line: LineKnown) -> "Gateway":
        return replace(self, lines={**self.lines, name: line})

    def _gone(self) -> "Gateway":
        return replace(self._forget(), sid=None, late=False, silent=False)

    def _forget(self) -> "Gateway":
        """Nothing the gateway said in the realtime lane is believed any more."""
        lines = {
            name: replace(line, carrier=False, ptt=False, gateway_leg=False)
            for name, line in self.lines.items()
        }
        return replace(self, lines=lines, reported_at=None)

    def _described(self, snapshot: facts.Snapshot, now: float) -> "Gateway":
        lines = {}
        for told in snapshot.lines:
            line = self.lines.get(told.line, LineKnown(dial_at=now))
            dial_at = now if told.leg and not line.wants_leg else line.dial_at
            described = replace(line, kind=told.kind, label=told.label, geo=told.geo)
            lines[told.line] = replace(described, wants_leg=told.leg, dial_at=dial_at)
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
        heard = replace(self, lines=lines, reported_at=now)
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
            if line.leg or not line.wants_leg:
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
