"""The desk of the recordings: what the API may ask of them. See central.api.recording_desk.RecordingDesk."""

from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from central.api.desk import DeskError
from central.api.recording_desk import RecordingSearch
from central.gateway_tapes import GatewayTapes
from central.ports import Ledger
from central.recording_models import RecordingView
from central.store.database import StoreError
from central.store.journal import JournalError
from central.store.recording_search import Wanted
from central.store.recordings import Recordings
from central.views import recording_view

T = TypeVar("T")


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

    async def recordings(self, search: RecordingSearch, limit: int) -> tuple[RecordingView, ...]:
        """See RecordingDesk."""
        before: tuple[int, str] | None = None
        if search.before is not None:
            last = await self._asked(self._recordings.find(search.before))
            if last is None:
                raise DeskError(
                    404, f"there is no recording {search.before!r}", "begin again without `before`"
                )
            before = (last.started_wall_ms, last.id)
        given = {
            name: value for name, value in vars(search).items() if name not in ("since", "until", "before")
        }
        since, until = (None if at is None else int(at * 1000) for at in (search.since, search.until))
        wanted = Wanted(**given, since_ms=since, until_ms=until, before=before)
        rows = await self._asked(self._recordings.list(wanted, limit=limit))
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
