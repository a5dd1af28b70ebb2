"""Turns closed WAVs into FLAC or Opus, one after the other, so that a crash at any moment loses nothing.

The worker writes and proves a file beside the WAV; then the list and the chain say so in one transaction; then the WAV
goes. Whatever dies between two of these steps is put right by the next round.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from pathlib import Path

from central.store.database import Database, Sql
from central.store.recording_rows import WHOLE, Recording, rows, sha256_of
from central.store.seal_book import SealBook
from central.store.side_process import SideFailed, SideRefused, run_aside
from link.hosting.durable import sync_folder

log = logging.getLogger(__name__)

MODULE = "central.store.encode_worker"
PATIENCE = 3600.0
AT_ONCE = 20


@dataclass(frozen=True)
class Encoded:
    """What a round did; `trouble` is why one stays a WAV."""

    done: tuple[str, ...] = ()
    trouble: str = ""


class Encoding:
    """Files below `folder`; `codec` flac, opus or wav (nothing is done)."""

    def __init__(self, database: Database, folder: Path, seals: SealBook, codec: str) -> None:
        self._database, self._folder, self._seals, self.codec = database, folder.resolve(), seals, codec
        self._refused: dict[str, str] = {}

    async def waiting(self) -> list[Recording]:
        """Closed WAVs of the centre, the oldest first. StoreError."""
        if self.codec == "wav":
            return []
        states = " or ".join(f"state = '{state}'" for state in WHOLE)
        where = f"codec = 'wav' and kind <> 'gateway' and ({states})"
        found = await self._database.read(lambda sql: rows(sql, where, {"limit": -1}))
        return [each for each in reversed(found) if each.id not in self._refused]

    async def round(self) -> Encoded:
        """Encode what waits, some at a time. StoreError."""
        done, trouble = [], ""
        for each in (await self.waiting())[:AT_ONCE]:
            try:
                await self._one(each)
                done.append(each.id)
            except SideRefused as error:
                trouble = f"{each.id}: {error.reason}: {error.advice}"
                if "missing" not in error.reason:
                    self._refused[each.id] = trouble  # not again in this life: it would be the same
            except (SideFailed, OSError) as error:
                trouble = f"{each.id}: {error}"
            if trouble:
                log.error("recording stays a WAV: %s", trouble)
                break
        return Encoded(tuple(done), trouble)

    async def _one(self, recording: Recording) -> None:
        wav = self._folder / recording.path
        if await asyncio.to_thread(sha256_of, wav) != recording.sha256:
            raise SideRefused(f"{wav.name} is not the file that was sealed", "see: spillway recording verify")
        target = wav.with_suffix(f".{self.codec}")
        part = wav.with_name(f"{wav.stem}.part.{self.codec}")
        request = {"wav": str(wav), "target": str(part), "codec": self.codec}
        try:
            answer, _ = await run_aside(MODULE, request, patience=PATIENCE)
            await asyncio.to_thread(_named, part, target)
        finally:
            part.unlink(missing_ok=True)
        row = replace(
            recording,
            path=str(target.relative_to(self._folder)),
            codec=self.codec,
            sha256=str(answer["sha256"]),
            pcm_sha256=str(answer["pcm_sha256"]),
            samples=int(str(answer["samples"])),
            rate_hz=int(str(answer["rate_hz"])),
        )
        await self._database.write(lambda sql: self._noted(sql, row, recording))
        await asyncio.to_thread(wav.unlink, missing_ok=True)

    def _noted(self, sql: Sql, row: Recording, before: Recording) -> None:
        """List and chain, together. A row that changed meanwhile is left alone."""
        names = ("path", "codec", "sha256", "pcm_sha256", "samples", "rate_hz")
        values = {name: getattr(row, name) for name in names} | {"id": row.id, "old": before.sha256}
        assignments = ", ".join(f"{name} = :{name}" for name in names)
        changed = sql.conn.execute(
            f"update recordings set {assignments} where id = :id and sha256 = :old and codec = 'wav'", values
        ).rowcount
        if not changed:
            raise SideRefused(f"{row.id} changed while it was encoded", "it is taken up again")
        self._seals.add(
            sql, "encoded", row.id, {**row.sealed(), "from_sha256": before.sha256, "from": before.path}
        )

    async def resume(self) -> None:
        """After a crash: WAVs whose encoded file is in the list go, half-made files go. StoreError."""
        where = "codec in ('flac', 'opus') and kind <> 'gateway' and state in ('closed', 'repaired')"
        known = await self._database.read(lambda sql: rows(sql, where, {"limit": -1}))
        await asyncio.to_thread(_tidied, self._folder, {each.path: each for each in known})


def _named(part: Path, target: Path) -> None:
    part.replace(target)
    sync_folder(target.parent)


def _tidied(folder: Path, known: dict[str, Recording]) -> None:
    for part in folder.rglob("*.part.*"):
        part.unlink()
    for wav in sorted(folder.rglob("*.wav")):
        for suffix in (".flac", ".opus"):
            made = wav.with_suffix(suffix)
            row = known.get(str(made.relative_to(folder)))
            if row is not None and made.is_file() and sha256_of(made) == row.sha256:
                log.warning("recording=%s its WAV goes: the encoded file is whole", row.id)
                wav.unlink(missing_ok=True)
