"""The desk: what the API may ask of core, answered by core's own parts. See central.api.desk.Desk.

It orders by posting to machines and answers with what they are afterwards; it keeps no state of its own.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
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
from central.api.requests import BroadcastRequest, GroupChange
from central.api.upload_desk import UploadDesk
from central.broadcasting import Broadcasting, read_back
from central.broadcasts import messages as warn
from central.broadcasts.asked import Asked
from central.broadcasts.machine import Broadcast
from central.field_desk import CoreFieldDesk
from central.field_views import FieldViews
from central.journal_models import EntryView, VerdictView
from central.readmodels import (
    BroadcastView,
    ClipView,
    GroupView,
    TownView,
)
from central.recording_desk import CoreRecordingDesk
from central.store.broadcasts import Broadcasts
from central.store.clips import ClipError, Clips
from central.store.database import StoreError
from central.store.journal import Journal, JournalError
from central.studio import Studio
from central.switchboard import Switchboard
from central.views import Views, clip_view, entry_view, verdict_view
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


class CoreDesk:
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
    ) -> None:
        self.events, self.enrolment = events, enrolment
        self.people, self.places = people, views.settings.places
        self._field_views = FieldViews(board, views, clock)
        self.field = CoreFieldDesk(board, self._field_views, clock)
        self.announcer = Announcer()
        self.uploads, self.incoming, self.tapes = uploads, incoming, tapes
        self.other_blobs: Callable[[str], Path | None] = lambda sha: None
        self.journal_ok = True
        self._board, self._views, self._clock, self._journal = board, views, clock, journal
        self._broadcasting, self._studio = broadcasting, studio
        self._clips, self._broadcasts = clips, broadcasts

    @staticmethod
    async def _asked(work: Awaitable[T]) -> T:
        """The answer of the store, or what is wrong with it in the API's words."""
        try:
            return await work
        except (StoreError, JournalError) as error:
            raise DeskError(503, error.reason, error.advice) from None

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
        return {"commands_total": float(self._board.commands), **refused, **dropped, **inboxes}

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

    # -- broadcasts --

    async def start_broadcast(self, request: BroadcastRequest, by: str) -> BroadcastView:
        """See Desk."""
        targets = self._targets(request.zones)
        clip = await self._asked(self._studio.clip_for(request))
        try:
            asked = Asked(
                id=f"b-{secrets.token_hex(4)}",
                channel=request.channel,
                clip=clip,
                targets=targets,
                by=by,
                zones=request.zones,
                priority=request.priority,
                text=request.text or "",
                window=request.window,
            )
        except ValueError as error:
            raise DeskError(422, f"this cannot be asked: {error}") from None
        online = frozenset(name for name, runner in self._board.gateways.items() if runner.machine.online)
        machine = Broadcast.ask(asked, self._clock.now(), self._clock.wall(), online)
        self._broadcasting.begin(machine)
        return await self._settled_view(asked.id)

    def _targets(self, zones: tuple[str, ...]) -> tuple[str, ...]:
        known = {zone.id: zone.lines for zone in self._views.settings.zone}
        unknown = [zone for zone in zones if zone not in known]
        if unknown:
            names = ", ".join(sorted(known)) or "none"
            raise DeskError(404, f"there is no zone {unknown[0]!r}", f"zones: {names}")
        targets = tuple(dict.fromkeys(line for zone in zones for line in known[zone]))
        if not targets:
            raise DeskError(409, "there is no loudspeaker in these zones", "see: spillway status")
        return targets

    async def _settled_view(self, name: str) -> BroadcastView:
        """The broadcast after what was posted to it has been taken."""
        await asyncio.sleep(0.01)
        found = await self.broadcast(name)
        assert found is not None
        return found

    async def broadcasts(self, limit: int) -> tuple[BroadcastView, ...]:
        """See Desk."""
        rows = await self._asked(self._broadcasts.list(limit=limit))
        read = {row.id: read_back(row) for row in rows}
        stored = {name: seen for name, seen in read.items() if seen is not None}
        stored |= self._broadcasting.recent
        newest = sorted(stored.values(), key=lambda each: -each.created_wall)
        return tuple(newest[:limit])

    async def broadcast(self, id: str) -> BroadcastView | None:
        """See Desk."""
        if id in self._board.broadcasts:
            return self._views.broadcast(id)
        if id in self._broadcasting.recent:
            return self._broadcasting.recent[id]
        row = await self._asked(self._broadcasts.get(id))
        return None if row is None else read_back(row)

    async def approve(self, id: str, by: str) -> BroadcastView:
        """See Desk."""
        runner = self._board.broadcasts.get(id)
        if runner is None:
            raise await self._not_running(id)
        objection = runner.machine.objection(by, self._clock.now())
        runner.inbox.post(warn.Approve(by))
        if objection:
            raise DeskError(409, objection)
        return await self._settled_view(id)

    async def stop(self, id: str, by: str) -> BroadcastView:
        """See Desk."""
        runner = self._board.broadcasts.get(id)
        if runner is None:
            seen = await self.broadcast(id)
            if seen is None:
                raise await self._not_running(id)
            return seen
        runner.inbox.post(warn.Stop(by))
        return await self._settled_view(id)

    async def _not_running(self, id: str) -> DeskError:
        if await self.broadcast(id) is None:
            return DeskError(404, f"there is no broadcast {id!r}", "see: spillway status")
        return DeskError(409, f"broadcast {id} is over")

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
