"""Read models made from the machines as they stand now. Looks only; changes nothing.

The only place where the shape of a machine meets the shape that screens are shown.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from central.backup_models import BackupView
from central.broadcasts.machine import Broadcast
from central.broadcasts.view import view as broadcast_view
from central.config import CentralSettings
from central.desired_models import ReportedView, TriggerReadyView
from central.fleet.machine import Gateway
from central.group_views import GroupViews
from central.journal_models import EntryView, VerdictView
from central.link_models import LinkView
from central.notice_models import NoticeView
from central.readmodels import (
    BroadcastView,
    ClipView,
    GatewayView,
    GroupView,
    HealthView,
    LineView,
    NodeView,
    TownView,
    ZoneView,
)
from central.recording_models import RecordingStatusView, RecordingView
from central.store.clips import Clip
from central.store.entries import Entry
from central.store.recording_rows import Recording
from central.store.verify import Verdict
from central.switchboard import NODE_PEER, Switchboard
from central.update_models import UpdateView
from link.contract.documents import Reported
from link.contract.firmware_job import FirmwareReport
from link.hosting.clock import Clock

_PLACE = ("talk", "segment", "samples", "rate_hz", "epoch", "tick", "mono_ns", "wall_ns", "sure", "hole_ms")


@dataclass
class Views:
    """Looks at the parts of core and says what is there."""

    settings: CentralSettings
    board: Switchboard
    clock: Clock
    link: Callable[[str], LinkView | None] = lambda gateway: None
    changed_wall: dict[str, float] = field(default_factory=dict)
    was_online: dict[str, bool] = field(default_factory=dict)
    backup: Callable[[], BackupView | None] = lambda: None
    bus_trouble: Callable[[], str] = lambda: ""
    recording: Callable[[], RecordingStatusView | None] = lambda: None

    def note_presence(self, name: str) -> None:
        """Remember when a gateway came or went."""
        online = self.board.gateways[name].machine.online
        if self.was_online.get(name) != online:
            self.was_online[name] = online
            self.changed_wall[name] = round(self.clock.wall(), 3)

    @cached_property
    def _zones(self) -> Mapping[str, tuple[str, ...]]:
        """Line to the zones it is in."""
        found: dict[str, tuple[str, ...]] = {}
        for zone in self.settings.zone:
            for line in zone.lines:
                found[line] = (*found.get(line, ()), zone.id)
        return found

    def _wall(self, moment: float | None) -> float | None:
        return None if moment is None else round(self.clock.wall() - self.clock.now() + moment, 3)

    def _labels(self) -> Mapping[str, str]:
        members = (member for group in self.board.table.own.values() for member in group.members)
        return {member.line: member.label for member in members if member.label}

    def _label(self, line: str | None) -> str:
        """Name of a line for people: its member's, else the gateway's own."""
        if line is None:
            return ""
        gateway, _, name = line.partition("/")
        runner = self.board.gateways.get(gateway)  # none for a telephone
        known = runner.machine.lines.get(name) if runner is not None else None
        return self._labels().get(line, known.label if known else "")

    def notices(self) -> tuple[NoticeView, ...]:
        """What people should see, newest first."""
        return tuple(NoticeView.model_validate(vars(each)) for each in reversed(self.board.field.notices))

    def gateway(self, name: str) -> GatewayView:
        """One gateway and its lines."""
        machine = self.board.gateways[name].machine
        health = tuple(
            HealthView(subject=h.subject, ok=h.ok, what=h.what, advice=h.advice)
            for h in machine.health.values()
        )
        return GatewayView(
            gateway=name,
            online=machine.online,
            state=machine.state,
            firmware=machine.fw,
            changed_wall=self.changed_wall.get(name),
            heard_wall=self._wall(machine.heard_at),
            reported=reported_view(machine.reported, *self.board.documents.standing_of(name)),
            health=health,
            lines=tuple(self._line(machine, line) for line in machine.lines),
            link=self.link(name),
        )

    def _line(self, machine: Gateway, line: str) -> LineView:
        known, name = machine.lines[line], f"{machine.gateway}/{line}"
        group = self.board.table.borrowed().get(name) or self.board.table.home_of(name)
        return LineView.model_validate(
            {
                "line": name,
                "kind": known.kind,
                "label": self._labels().get(name, known.label),
                "geo": known.geo,
                "group": group,
                "zones": self._zones.get(name, ()),
                "online": machine.online,
                "carrier": known.carrier,
                "ptt": known.ptt,
                "leg": known.leg,
                "talker": self.board.field.talker_name(known.talker),
                "talker_id": known.talker,
                "playing": self._playing(name),
            }
        )

    def _playing(self, line: str) -> str | None:
        for name, runner in self.board.broadcasts.items():
            target = runner.machine.targets.get(line)
            if target is not None and target.state == "playing":
                return name
        return None

    def group(self, name: str) -> GroupView:
        """One talk group, temporary group or patch."""
        return GroupViews(self.board, self._wall, self._label).group(name)

    def broadcast(self, name: str) -> BroadcastView:
        """One broadcast that is under way."""
        machine: Broadcast = self.board.broadcasts[name].machine
        return broadcast_view(machine)

    def node(self) -> NodeView:
        """The voice node."""
        said = self.board.node_said
        if said is None:
            return NodeView(node=NODE_PEER, up=False)
        machines = (runner.machine for runner in self.board.gateways.values())
        legs = sum(line.node_leg for machine in machines for line in machine.lines.values())
        return NodeView(
            node=NODE_PEER,
            up=True,
            sip=f"sip:{said.sip}",
            calls=said.calls,
            legs=legs,
            version=said.version,
            lag_ms=self.board.node_lag_ms,
        )

    def town(self, version: str, journal_ok: bool, recent: Iterable[BroadcastView]) -> TownView:
        """Everything at a glance."""
        running = [self.broadcast(name) for name in self.board.broadcasts]
        seen = {each.id for each in running}
        broadcasts = [*running, *(each for each in recent if each.id not in seen)]
        broadcasts.sort(key=lambda each: -each.created_wall)
        return TownView(
            at_wall=round(self.clock.wall(), 3),
            version=version,
            plain=self.settings.plain,
            bus=self.board.bus_up,
            bus_trouble=self.bus_trouble(),
            journal_ok=journal_ok,
            backup=self.backup(),
            recording=self.recording(),
            gateways=tuple(self.gateway(name) for name in self.board.gateways),
            groups=tuple(self.group(name) for name in self.board.table.names),
            zones=tuple(ZoneView(zone=zone.id, lines=zone.lines) for zone in self.settings.zone),
            broadcasts=tuple(broadcasts[:50]),
            nodes=(self.node(),),
            figures=self.board.figures.views(),
            notices=self.notices(),
        )


def reported_view(told: Reported | None, rev: int, left_out: tuple[str, ...]) -> ReportedView:
    """What a gateway has taken in of its document of revision `rev`."""
    if told is None:
        return ReportedView(rev_wanted=rev, left_out=left_out)
    return ReportedView(
        rev_wanted=rev,
        rev_seen=told.rev_seen,
        rev_applied=told.rev_applied,
        error=told.err,
        triggers=tuple(TriggerReadyView(trigger=t.trigger, ready=t.ready) for t in told.triggers),
        missing=len(told.missing),
        disk_free=told.disk_free,
        waiting=told.waiting,
        profile=told.profile,
        update=update_view(told.fw),
        left_out=left_out,
    )


def update_view(told: FirmwareReport | None) -> UpdateView | None:
    """What a gateway tells of its firmware job."""
    if told is None:
        return None
    head = {"job": told.job, "version": told.ver, "phase": told.phase}
    return UpdateView.model_validate({**head, "pct": told.pct, "why": told.why, "slot": told.slot})


def clip_view(clip: Clip) -> ClipView:
    """A clip of the store."""
    return ClipView(
        sha=clip.sha256,
        name=clip.name,
        seconds=clip.seconds,
        size=clip.size,
        rate_hz=clip.rate_hz,
        loudness_dbfs=clip.loudness_dbfs,
    )


def recording_view(recording: Recording) -> RecordingView:
    """A recording of the store."""
    return RecordingView(
        id=recording.id,
        kind=recording.kind,
        subject=recording.subject,
        channel=recording.channel,
        started_wall=recording.started_wall_ms / 1000,
        seconds=recording.seconds,
        sha=recording.sha256,
        path=recording.path,
        state=recording.state,
        gateway=recording.gateway,
        codec=recording.codec,
        ended_wall=None if recording.ended_wall_ms is None else recording.ended_wall_ms / 1000,
        cut=recording.cut,
        wanted=recording.wanted,
        why=recording.why,
        **placed_view(recording),
    )


def placed_view(row: Recording) -> dict[str, object]:
    """Parties, and its place in time."""
    lines, parties = (tuple(each for each in text.split("|") if each) for text in (row.legs, row.parties))
    place = {name: getattr(row, name) for name in _PLACE}
    return {"lines": lines, "parties": parties, **place, "group": row.talk_group, "first_sample": row.first}


def entry_view(entry: Entry) -> EntryView:
    """An entry of the journal."""
    return EntryView(
        seq=entry.seq,
        at_wall=entry.wall_ms / 1000,
        kind=entry.kind,
        subject=entry.subject,
        payload=entry.payload,
        hash=entry.hash,
    )


def verdict_view(verdict: Verdict) -> VerdictView:
    """What a check of the journal found."""
    return VerdictView(
        ok=verdict.ok,
        entries=verdict.entries,
        erased=verdict.erased,
        first_bad=verdict.first_bad,
        reason=verdict.reason,
    )
