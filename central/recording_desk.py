"""The desk of the recordings: what the API may ask of them. See central.api.recording_desk.RecordingDesk."""

from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from central.api.desk import DeskError
from central.gateway_tapes import GatewayTapes
from central.ports import Ledger
from central.readmodels import RecordingView
from central.store.database import StoreError
from central.store.journal import JournalError
from central.store.recording_rows import Kind
from central.store.recordings import Recordings
from central.views import recording_view

T = TypeVar("T")

KINDS: dict[str, Kind] = {"leg": "leg", "group": "group", "broadcast": "broadcast", "gateway": "gateway"}


class CoreRecordingDesk:
    """Implements central.api.recording_desk.RecordingDesk."""

    def __init__(self, recordings: Recordings, gateway_tapes: GatewayTapes, journal: Ledger) -> None:
        self._recordings, self._gateway_tapes, self._journal = recordings, gateway_tapes, journal

    @staticmethod
    async def _asked(work: Awaitable[T]) -> T:
        try:
            return await work
        except (StoreError, JournalError) as error:
            raise DeskError(503, error.reason, error.advice) from None

    async def recordings(
        self, kind: str | None, subject: str | None, limit: int
    ) -> tuple[RecordingView, ...]:
        """See RecordingDesk."""
        found = self._recordings.list(kind=KINDS.get(kind or ""), subject=subject, limit=limit)
        rows = await self._asked(found)
        return tuple(recording_view(row) for row in rows)

    async def recording(self, id: str) -> RecordingView | None:
        """See RecordingDesk."""
        row = await self._asked(self._recordings.find(id))
        return None if row is None else recording_view(row)

    async def recording_audio(self, id: str) -> Path | None:
        """See RecordingDesk."""
        row = await self._asked(self._recordings.find(id))
        path = None if row is None else self._recordings.path_of(row)
        return path if path is not None and path.is_file() else None

    async def want_recording(self, id: str, by: str) -> RecordingView:
        """See RecordingDesk."""
        row = await self._asked(self._recordings.find(id))
        if row is None:
            raise DeskError(404, f"there is no recording {id!r}", "see: spillway recording list")
        objection = await self._asked(self._gateway_tapes.want(row))
        if objection:
            raise DeskError(409, objection, "only one that still lies on its gateway can be brought")
        self._journal.append("recording.wanted", id, {"by": by})
        return recording_view(replace(row, wanted=True))
