"""The desk: what the API may ask of core, answered by core's own parts. See central.api.desk.Desk.

It orders by posting to machines and answers with what they are afterwards; it keeps no state of its own.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

from central.api.changes import (
    Announcer,
    BroadcastNow,
    CentreNow,
    Change,
    GatewayNow,
    GroupNow,
    NodeNow,
    NoticeNow,
    OrderNow,
    RecordingNow,
    SiteNow,
    TextNow,
)
from central.api.desk import DeskError
from central.api.enrolment_desk import EnrolmentDesk
from central.api.events_desk import EventsDesk
from central.api.people_desk import PeopleDesk
from central.api.proofs_desk import ProofsDesk
from central.api.requests import GroupChange
from central.api.updates_desk import UpdatesDesk
from central.api.upload_desk import UploadDesk
from central.broadcasting import Broadcasting
from central.field_desk import CoreFieldDesk
from central.field_views import FieldViews
from central.journal_models import EntryView, VerdictView
from central.key_desk import CoreKeyDesk
from central.readmodels import (
    ClipView,
    GroupView,
    TownView,
)
from central.recording_desk import CoreRecordingDesk
from central.store.broadcasts import Broadcasts
from central.store.clips import ClipError, Clips
from central.store.database import StoreError
from central.store.journal import Journal
from central.studio import Studio
from central.switchboard import Switchboard
from central.views import Views, clip_view, entry_view, verdict_view
from central.warning_desk import WarningDesk
from link.contract.neighbour import MOST_LEGS
from link.floor.messages import GroupSet, Member
from link.hosting.clock import Clock

T = TypeVar("T")


def centre_version() -> str:
    """Version of this program."""
    try:
        return version("spillway")
    except PackageNotFoundError:
        return "0"


class CoreDesk(WarningDesk):
    """Implements central.api.desk.Desk."""

    def __init__(
        self,
        board: Switchboard,
        views: Views,
        clock: Clock,
        journal: Journal,
        broadcasting: Broadcasting,
        studio: Studio,
        clips: Clips,
        tapes: CoreRecordingDesk,
        broadcasts: Broadcasts,
        uploads: Path,
        events: EventsDesk,
        incoming: UploadDesk,
        enrolment: EnrolmentDesk,
        people: PeopleDesk,
        keys: CoreKeyDesk,
        updates: UpdatesDesk,
    ) -> None:
        self.events, self.enrolment, self.updates = events, enrolment, updates
        self.people, self.places = people, views.settings.places
        self._field_views = FieldViews(board, views, clock)
        self.field = CoreFieldDesk(board, self._field_views, clock)
        self.announcer = Announcer()
        self.uploads, self.incoming, self.tapes = uploads, incoming, tapes
        self.other_blobs: Callable[[str], Path | None] = lambda sha: None
        self.journal_ok = True
        self.proofs: ProofsDesk  # given by who builds
        super().__init__(board, views, clock, broadcasting, studio, broadcasts, keys.book)
        self.keys = keys
        self._journal, self._clips = journal, clips

    # -- looks --

    def view(self) -> TownView:
        """See Desk."""
        return self._views.town(centre_version(), self.journal_ok, self._broadcasting.recent.values())

    def counters(self) -> Mapping[str, float]:
        """See Desk."""
        refused = {f"refused_{reason}_total": 0.0 for _, reason in self._board.mail.refused}
        for (_, reason), count in self._board.mail.refused.items():
            refused[f"refused_{reason}_total"] += count
        dropped = {
            f"bus_{kind.replace('-', '_')}_total": float(n) for kind, n in self._board.bus.dropped().items()
        }
        mail, machines = self._board.mail, [runner.machine for runner in self._board.gateways.values()]
        inboxes = {"mail_dropped_total": float(mail.inbox.dropped), **self.events.counters()}
        inboxes["mail_waiting"] = float(len(mail.inbox))
        out = self._board.outgoing
        inboxes |= {"outgoing_waiting": len(out), "outgoing_expired_total": out.expired}
        inboxes["outgoing_refused_total"] = out.refused
        inboxes["mail_lag_ms"] = round(mail.lag * 1000, 2)
        inboxes["gateways_online"] = float(sum(machine.online for machine in machines))
        inboxes["calls_refused_total"] = float(self._board.calls_refused)
        return {"commands_total": float(self._board.sender.sent), **refused, **dropped, **inboxes}

    # -- groups --

    async def set_group(self, group: str, change: GroupChange, by: str) -> GroupView:
        """See Desk."""
        runner = self._board.groups.get(group)
        if runner is None:
            raise DeskError(404, f"there is no group {group!r}", "see: spillway group list")
        old = runner.machine.settings
        members = {member.line: member for member in old.members if member.line not in change.remove}
        for wanted in change.members:
            self._check_free(wanted.line, group)
            known = members.get(wanted.line, Member(wanted.line))
            label = known.label if wanted.label is None else wanted.label
            members[wanted.line] = Member(wanted.line, wanted.priority, label)
        if len(members) > MOST_LEGS:
            raise DeskError(409, f"a group has {MOST_LEGS} members at most", "make a second group")
        settings = replace(
            old,
            members=tuple(members.values()),
            hang=old.hang if change.hang is None else change.hang,
            timeout=old.timeout if change.timeout is None else change.timeout,
        )
        self._journal.append("group.set", group, {"by": by, **change.model_dump(mode="json")})
        runner.inbox.post(GroupSet(settings))
        for gateway in self._board.gateways.values():
            for line in gateway.machine.lines:
                self._board.perform_gateway(gateway.machine.believed(line))
        await asyncio.sleep(0.01)
        self.changed("group", group)
        return self._views.group(group)

    def _check_free(self, line: str, group: str) -> None:
        gateway, _, name = line.partition("/")
        runner = self._board.gateways.get(gateway)
        if runner is None or (runner.machine.lines and name not in runner.machine.lines):
            raise DeskError(404, f"there is no line {line!r}", "see: spillway status")
        for other, held in self._board.groups.items():
            if other != group and any(member.line == line for member in held.machine.settings.members):
                advice = f"take it out there first: spillway group set {other} --remove {line}"
                raise DeskError(409, f"{line} is in group {other!r}", advice)

    # -- clips --

    async def add_clip(self, name: str | None, wav: Path, by: str) -> ClipView:
        """See Desk."""
        try:
            clip = await self._clips.add(name or f"wav-{secrets.token_hex(4)}", wav)
        except ClipError as error:
            raise DeskError(422, error.reason, error.advice) from None
        except StoreError as error:
            raise DeskError(503, error.reason, error.advice) from None
        self._journal.append("clip.added", clip.name, {"by": by, "sha": clip.sha256, "seconds": clip.seconds})
        self._board.changed("clip", clip.name)
        return clip_view(clip)

    async def clips(self) -> tuple[ClipView, ...]:
        """See Desk."""
        return tuple(clip_view(clip) for clip in await self._asked(self._clips.list()))

    async def blob(self, sha: str) -> Path | None:
        """See Desk."""
        try:
            return self._clips.path_of(sha)
        except ClipError:
            return self.other_blobs(sha)

    # -- evidence --

    async def journal_tail(self, n: int, kind: str | None) -> tuple[EntryView, ...]:
        """See Desk."""
        return tuple(entry_view(entry) for entry in await self._asked(self._journal.tail(n, kind)))

    async def journal_verify(self) -> VerdictView:
        """See Desk."""
        return verdict_view(await self._asked(self._journal.verify()))

    # -- news --

    def changed(self, kind: str, name: str) -> None:
        """Announce a part that has changed, as it is now. Nothing is looked up while nobody listens."""
        change = self._change(kind, name) if self.announcer.listeners else None
        if change is not None:
            self.announcer.announce(change)

    def _change(self, kind: str, name: str) -> Change | None:
        match kind:
            case "gateway" if name in self._board.gateways:
                return GatewayNow(gateway=self._views.gateway(name))
            case "group" if name in self._board.groups:
                return GroupNow(group=self._views.group(name))
            case "broadcast" if name in self._broadcasting.recent:
                return BroadcastNow(broadcast=self._broadcasting.recent[name])
            case "site" if name in self._board.gateways:
                return SiteNow(site=self._field_views.site(name))
            case "text" if name in self._board.field.texts.rows:
                return TextNow(text=self._field_views.text(self._board.field.texts.rows[name]))
            case "order":
                order = self._field_views.order(name)
                return None if order is None else OrderNow(order=order)
            case "notice":
                found = [each for each in self._views.notices() if str(each.number) == name]
                return NoticeNow(notice=found[0]) if found else None
            case "node":
                return NodeNow(node=self._views.node())
            case "centre":
                figures, backup = self._board.figures.views(), self._views.backup()
                told = CentreNow(bus=self._board.bus_up, journal_ok=self.journal_ok, figures=figures)
                trouble = self._views.bus_trouble()
                return told.model_copy(update={"backup": backup, "bus_trouble": trouble})
        return None

    async def announce_recording(self, name: str) -> None:
        """Announce a recording once the store knows it."""
        seen = await self.tapes.recording(name)
        if seen is not None:
            self.announcer.announce(RecordingNow(recording=seen))
