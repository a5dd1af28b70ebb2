"""The desk: what the API may ask of core, answered by core's own parts. See central.api.desk.Desk.

It orders by posting to machines and answers with what they are afterwards; it keeps no state of its own.
"""

import secrets
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

from central.api.changes import (
    Announcer,
    BroadcastNow,
    CallNow,
    CentreNow,
    Change,
    GatewayNow,
    GroupNow,
    NodeNow,
    NoticeNow,
    OrderNow,
    PatchNow,
    RecordingNow,
    SiteNow,
    TextNow,
)
from central.api.desk import DeskError
from central.api.enrolment_desk import EnrolmentDesk
from central.api.events_desk import EventsDesk
from central.api.people_desk import PeopleDesk
from central.api.phones_desk import PhonesDesk
from central.api.proofs_desk import ProofsDesk
from central.api.requests import GroupChange
from central.api.updates_desk import UpdatesDesk
from central.api.upload_desk import UploadDesk
from central.broadcasting import Broadcasting
from central.call_desk import CoreCallDesk
from central.field_desk import CoreFieldDesk
from central.field_views import FieldViews
from central.group_desk import CoreGroupDesk
from central.group_views import patch_view
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
        patches: CoreGroupDesk,
        phones: PhonesDesk,
    ) -> None:
        self.events, self.enrolment, self.updates = events, enrolment, updates
        self.patches, self.phones = patches, phones
        self.people, self.places = people, views.settings.places
        self._field_views = FieldViews(board, views, clock)
        self.field = CoreFieldDesk(board, self._field_views, clock)
        self.telephony = CoreCallDesk(board.telephones, clock)
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
        await self.patches.set_group(group, change, by)
        self.changed("group", group)
        return self._views.group(group)

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
            case "group" if name in self._board.table.names:
                return GroupNow(group=self._views.group(name))
            case "patch":
                table = self._board.table
                patch, over = table.patches.get(name) or table.ended.get(name), name not in table.patches
                return None if patch is None else PatchNow(patch=patch_view(patch, over))
            case "broadcast" if name in self._broadcasting.recent:
                return BroadcastNow(broadcast=self._broadcasting.recent[name])
            case "call" if name in self._board.telephones.seen:
                return CallNow(call=self.telephony.call(name))
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
