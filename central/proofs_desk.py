"""The desk of recordings as evidence. See central.api.proofs_desk.ProofsDesk."""

import asyncio
import secrets
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from central.api.desk import DeskError
from central.api.recording_requests import ExportAsked, MixAsked
from central.ports import Ledger
from central.recording_models import HoldView, SealVerdictView, SealView
from central.store.database import StoreError
from central.store.exporting import Exporting, ExportRefused
from central.store.mixing import MixRefused, mix
from central.store.recording_keeping import Hold, Keeping
from central.store.recording_rows import WHOLE, Recording
from central.store.recording_search import Wanted
from central.store.recordings import Recordings
from central.store.seal_book import SealBook, verify_seals
from central.store.side_process import SideFailed, run_aside
from link.hosting.clock import Clock

T = TypeVar("T")

SAME_HEARING = 60.0
"""Seconds in which parts of one recording that one person fetches are one hearing."""
MOST_FILES = 1_000_000


@dataclass(frozen=True)
class Sealed:
    """What the desk works with. `work`: a folder for files on their way out."""

    recordings: Recordings
    seals: SealBook
    keeping: Keeping
    exporting: Exporting
    database: Path
    folder: Path
    work: Path


class CoreProofsDesk:
    """Implements central.api.proofs_desk.ProofsDesk."""

    def __init__(self, parts: Sealed, ledger: Ledger, clock: Clock) -> None:
        self._parts, self._ledger, self._clock = parts, ledger, clock
        self._heard: dict[tuple[str, str], float] = {}

    def played(self, id: str, by: str) -> None:
        """See ProofsDesk."""
        now = self._clock.now()
        self._heard = {key: at for key, at in self._heard.items() if now - at < SAME_HEARING}
        if (id, by) not in self._heard:
            self._heard[id, by] = now
            self._ledger.append("recording.played", id, {"by": by})

    async def mix(self, asked: MixAsked, by: str) -> tuple[Path, float]:
        """See ProofsDesk."""
        rows = await self._rows(asked.recordings)
        told = {"by": by, "shape": asked.shape, "since": asked.since, "until": asked.until}
        for row in rows:
            self._ledger.append("recording.played", row.id, told)
        target = self._new(".wav")
        try:
            parts = (self._parts.folder, rows, target, asked.shape, asked.since, asked.until)
            return target, await mix(*parts)
        except MixRefused as error:
            raise DeskError(422, error.reason, error.advice) from None

    async def export(self, asked: ExportAsked, by: str) -> Path:
        """See ProofsDesk."""
        rows, target = await self._rows(asked.recordings), self._new(".zip")
        making = self._parts.exporting.make(target, rows, by, asked.why, self._clock.wall())
        try:
            made = await self._asked(making)
        except ExportRefused as error:
            raise DeskError(409, error.reason, error.advice) from None
        told = {"by": by, "why": asked.why, "recordings": [row.id for row in rows], "sha": made.sha256}
        self._ledger.append("recording.exported", rows[0].id, told)
        return made.path

    async def seal(self) -> SealView:
        """See ProofsDesk."""
        head, key = await self._asked(self._parts.seals.head()), self._parts.seals.key
        if head is None:
            raise DeskError(503, "the chain of recordings has not begun", "try again in a moment")
        shown = {"entries": head.seq, "head": head.head, "signature": head.signature}
        return SealView.model_validate({**shown, "public_pem": key.pem, "fingerprint": key.fingerprint})

    async def verify_seals(self) -> SealVerdictView:
        """See ProofsDesk."""
        verdict = await verify_seals(self._parts.database, self._parts.seals.key.public)
        rows = [row for row in await self._asked(self._whole()) if row.sha256 is not None]
        request = {"folder": str(self._parts.folder), "digests": [row.path for row in rows]}
        try:
            found, _ = await run_aside("central.store.export_worker", request, patience=3600)
        except SideFailed as error:
            raise DeskError(503, str(error), "try again; look at the log of the centre") from None
        damaged = tuple(row.id for row in rows if found[row.path] != row.sha256)
        return SealVerdictView(
            ok=verdict.ok and not damaged,
            entries=verdict.entries,
            files=len(rows) - len(damaged),
            reason=verdict.reason,
            damaged=damaged[:1000],
        )

    async def _whole(self) -> list[Recording]:
        """Every recording that has a file, page by page."""
        found: list[Recording] = []
        before: tuple[int, str] | None = None
        while len(found) < MOST_FILES:
            page = await self._parts.recordings.list(Wanted(before=before), limit=1000)
            found += [row for row in page if row.state in WHOLE]
            if not page:
                break
            before = (page[-1].started_wall_ms, page[-1].id)
        return found

    async def holds(self, standing: bool) -> tuple[HoldView, ...]:
        """See ProofsDesk."""
        found = await self._asked(self._parts.keeping.holds(standing=standing))
        return tuple(hold_view(each) for each in found)

    async def hold(self, id: str, why: str, by: str) -> HoldView:
        """See ProofsDesk."""
        (row,) = await self._rows((id,), with_file=False)
        if row.state == "erased":
            raise DeskError(409, f"recording {id!r} is erased", "nothing is left to keep")
        made = await self._asked(self._parts.keeping.hold(row.talk or row.id, why, by))
        self._ledger.append("recording.held", made.recording, {"by": by, "why": why, "number": made.number})
        return hold_view(made)

    async def release(self, number: int, why: str, by: str) -> HoldView:
        """See ProofsDesk."""
        made = await self._asked(self._parts.keeping.release(number, why, by))
        if made is None:
            raise DeskError(404, f"there is no hold {number} that stands", "see: spillway recording holds")
        self._ledger.append("recording.released", made.recording, {"by": by, "why": why, "number": number})
        return hold_view(made)

    async def _rows(self, ids: tuple[str, ...], *, with_file: bool = True) -> list[Recording]:
        found = []
        for id in dict.fromkeys(ids):
            row = await self._asked(self._parts.recordings.find(id))
            if row is None:
                raise DeskError(404, f"there is no recording {id!r}", "see: spillway recording list")
            path = self._parts.recordings.path_of(row)
            if with_file and (row.state == "open" or not await asyncio.to_thread(path.is_file)):
                raise DeskError(
                    409, f"recording {id!r} has no file that is closed", "wait for its end, or fetch it"
                )
            found.append(row)
        return found

    def _new(self, suffix: str) -> Path:
        self._parts.work.mkdir(parents=True, exist_ok=True)
        return self._parts.work / f"{secrets.token_hex(8)}{suffix}"

    @staticmethod
    async def _asked(work: Awaitable[T]) -> T:
        try:
            return await work
        except StoreError as error:
            raise DeskError(503, error.reason, error.advice) from None


def hold_view(hold: Hold) -> HoldView:
    """A hold, for screens."""
    wall = None if hold.released_wall_ms is None else hold.released_wall_ms / 1000
    return HoldView(
        number=hold.number,
        recording=hold.recording,
        why=hold.why,
        placed_by=hold.placed_by,
        placed_wall=hold.placed_wall_ms / 1000,
        released_by=hold.released_by,
        released_wall=wall,
        released_why=hold.released_why,
    )
