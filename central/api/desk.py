"""What the API may ask of core, and nothing more. Core implements it; the API never sees a machine.

Everything runs on core's event loop. `by` is the name of the person who asks; the API has checked
that he may.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from central.api.calls_desk import CallsDesk
from central.api.changes import Announcer
from central.api.enrolment_desk import EnrolmentDesk
from central.api.events_desk import EventsDesk
from central.api.field_desk import FieldDesk
from central.api.key_requests import SignatureShown, StopShown
from central.api.keys_desk import KeysDesk
from central.api.patch_desk import PatchDesk
from central.api.people_desk import PeopleDesk
from central.api.phones_desk import PhonesDesk
from central.api.proofs_desk import ProofsDesk
from central.api.recording_desk import RecordingDesk
from central.api.refusal import DeskError as DeskError
from central.api.requests import BroadcastRequest, GroupChange
from central.api.updates_desk import UpdatesDesk
from central.api.upload_desk import UploadDesk
from central.journal_models import EntryView, VerdictView
from central.people.places import Places
from central.readmodels import (
    BroadcastView,
    ClipView,
    GroupView,
    TownView,
)


class Desk(Protocol):
    """What may be asked. Every method may raise DeskError, and no other exception."""

    @property
    def announcer(self) -> Announcer:
        """Where changes are heard."""

    @property
    def uploads(self) -> Path:
        """A folder for files on their way in, on the same disk as the clips; emptied at start."""

    @property
    def field(self) -> FieldDesk:
        """Lines with their terminals, inputs, texts, and orders to them."""

    @property
    def telephony(self) -> CallsDesk:
        """Telephone calls."""

    @property
    def events(self) -> EventsDesk:
        """Events of gateways, and the quarantine."""

    @property
    def enrolment(self) -> EnrolmentDesk:
        """Certificates of gateways."""

    @property
    def tapes(self) -> RecordingDesk:
        """Recordings: their list and their sound."""

    @property
    def proofs(self) -> ProofsDesk:
        """Recordings as evidence: exports, the chain, holds."""

    @property
    def people(self) -> PeopleDesk:
        """People, their sessions and tokens."""

    @property
    def places(self) -> Places:
        """The areas, and which of them things belong to."""

    @property
    def incoming(self) -> UploadDesk:
        """Files that gateways send up."""

    @property
    def updates(self) -> UpdatesDesk:
        """Firmware bundles and their roll-outs."""

    @property
    def patches(self) -> PatchDesk:
        """Patches and temporary groups."""

    def view(self) -> TownView:
        """Everything at a glance, at once, without waiting."""

    def counters(self) -> Mapping[str, float]:
        """Plain counters since the start, by name (`bus_messages_total`)."""

    async def set_group(self, group: str, change: GroupChange, by: str) -> GroupView:
        """Change a talk group and say what it is now. 404 unknown group or line, 409 refused."""

    @property
    def phones(self) -> PhonesDesk:
        """Telephones at the edge."""

    @property
    def keys(self) -> KeysDesk:
        """Public keys, and standing authorities of local triggers."""

    async def start_broadcast(self, request: BroadcastRequest, by: str) -> BroadcastView:
        """Begin a broadcast. 404 unknown zone or clip, 409 no loudspeaker there, 503 speech not to be had."""

    async def broadcasts(self, limit: int) -> tuple[BroadcastView, ...]:
        """The newest broadcasts, newest first."""

    async def broadcast(self, id: str) -> BroadcastView | None:
        """One broadcast, or None."""

    async def approve(self, id: str, by: str) -> BroadcastView:
        """Say yes as the second person. 404 unknown, 409 with the reason when `by` cannot."""

    async def sign(self, id: str, shown: SignatureShown, by: str) -> BroadcastView:
        """Say yes by a signature: the asker first. 404 unknown, 409 with the reason when it does not count."""

    async def stop(self, id: str, by: str, shown: StopShown | None = None) -> BroadcastView:
        """Stop it; a live one takes his signature, unless the mode is plain (409, 422).

        404 unknown; one that is over is returned as it is."""

    async def add_clip(self, name: str | None, wav: Path, by: str) -> ClipView:
        """Check and keep the WAV at `wav` (which stays the caller's). 422 not a sound that can be played."""

    async def clips(self) -> tuple[ClipView, ...]:
        """Every named clip, by name."""

    async def blob(self, sha: str) -> Path | None:
        """The file with this content, for gateways and persons, or None."""

    async def journal_tail(self, n: int, kind: str | None) -> tuple[EntryView, ...]:
        """The last `n` entries (of one kind), oldest first."""

    async def journal_verify(self) -> VerdictView:
        """Check the whole chain, in a worker process."""
