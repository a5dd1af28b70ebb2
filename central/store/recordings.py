"""The list of recordings: what was recorded, where the file is, how long, its hash, and whether it is whole.

Files are written by the voice node; this list is kept by core from its facts. After a crash `reconcile`
brings the list and the folder back together. Nothing here ever deletes a file.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from central.store.database import Database, Sql
from central.store.recording_rows import (
    LIST_LIMIT,
    WHOLE,
    Kind,
    Recording,
    State,
    is_sound,
    rows,
    samples_of,
    seconds_of,
    sha256_of,
)
from central.store.recording_search import Wanted
from central.store.seal_book import SealBook
from link.contract.tape_orders import RecordingBegan, RecordingClosed
from link.voice.repair import Repaired, repair_unclosed

log = logging.getLogger(__name__)

SECOND_NS = 1_000_000_000
_SEGMENT = re.compile(r"^(.+)\.(\d{3,})$")


@dataclass(frozen=True)
class Reconciled:
    """Ids that changed to each state, and files (relative) that no recording names."""

    repaired: tuple[str, ...]
    closed: tuple[str, ...]
    missing: tuple[str, ...]
    strangers: tuple[str, ...]


class RecordingError(Exception):
    """No such recording, or its path leads out of the folder."""


class Recordings:
    """The recordings in `folder` (files) and `database` (the list)."""

    def __init__(self, database: Database, folder: Path, seals: SealBook | None = None) -> None:
        self._database = database
        self._folder = folder.resolve()
        self._seals = seals

    async def begin(
        self,
        id: str,
        kind: Kind,
        subject: str,
        path: Path,
        started_wall_ms: int,
        channel: str = "live",
        legs: str = "",
        talk_group: str = "",
        parties: str = "",
    ) -> Recording:
        """Note a recording that has just begun in the file `path` (absolute, or relative to the folder). The texts
        are those of Recording."""
        inside = self._relative(path)
        row = Recording(id, kind, subject, channel, started_wall_ms, None, inside, None, "open", talk=id)
        recording = replace(row, legs=legs, talk_group=talk_group, parties=parties)
        await self._database.write(lambda sql: sql.table("recordings").insert(vars(recording)))
        return recording

    async def began(self, fact: RecordingBegan) -> None:
        """The voice node says what the first sample is in time."""
        values = fact.model_dump()
        await self._database.write(
            lambda sql: sql.conn.execute(
                "update recordings set epoch = :epoch, rate_hz = :rate_hz, tick = :tick, mono_ns = :mono_ns,"
                " wall_ns = :wall_ns, sure = :sure where id = :recording",
                values,
            )
        )

    async def add_parties(self, ids: tuple[str, ...], names: str) -> None:
        """Who was heard in recordings that run; `names` as in Recording."""
        marks = ", ".join("?" * len(ids))
        await self._database.write(
            lambda sql: sql.conn.execute(
                f"update recordings set parties = case parties when '' then ? else parties || substr(?, 2) end"
                f" where id in ({marks}) and instr(parties, ?) = 0",
                (names, names, *ids, names),
            )
        )

    async def closed(self, fact: RecordingClosed) -> Recording:
        """The voice node closed a file: the recording itself, or a segment, which gets a row of its own.

        RecordingError if unknown.
        """
        base = await self._known(fact.recording)
        row = self._of_segment(base, fact) if fact.segment else replace(base, samples=fact.samples or None)
        row = replace(
            row,
            seconds=fact.seconds,
            path=self._relative(Path(fact.path)),
            sha256=fact.sha,
            pcm_sha256=fact.pcm_sha or None,
            state="repaired" if fact.state == "repaired" else "closed",
            codec="wav",
            hole_ms=fact.hole_ms,
        )
        await self._database.write(lambda sql: self._put(sql, row))
        return row

    @staticmethod
    def _of_segment(base: Recording, fact: RecordingClosed) -> Recording:
        """The row of a segment: the last keeps the id of the recording."""
        started, wall_ns, mono_ns, tick = base.started_wall_ms, base.wall_ns, base.mono_ns, base.tick
        if base.rate_hz:  # the row of the recording may be that of its last segment by now
            later = (fact.first - base.first) * SECOND_NS // base.rate_hz
            started += later // 1_000_000
            wall_ns = fact.wall_ns or (None if wall_ns is None else wall_ns + later)
            mono_ns = fact.mono_ns or (None if mono_ns is None else mono_ns + later)
            tick = None if tick is None else tick + (fact.first - base.first) * 50 // base.rate_hz
        place = {"segment": fact.segment, "first": fact.first, "samples": fact.samples}
        times = {"started_wall_ms": started, "wall_ns": wall_ns, "mono_ns": mono_ns, "tick": tick}
        id = f"{base.id}.{fact.segment:03}" if fact.more else base.id
        return replace(base, id=id, talk=base.talk, **place, **times)  # type: ignore[arg-type]

    async def finish(
        self, id: str, seconds: float | None = None, sha256: str | None = None, *, repaired: bool = False
    ) -> Recording:
        """Note its end; length and hash are taken from the file when not given. RecordingError if unknown.

        `repaired`: the voice node found it unclosed and repaired it. A file that is gone makes it `missing`.
        """
        recording = await self._known(id)
        path = self._folder / recording.path
        try:
            if seconds is None:
                seconds = await asyncio.to_thread(seconds_of, path)
            sha256 = sha256 or await asyncio.to_thread(sha256_of, path)
            state: State = "repaired" if repaired else "closed"
        except OSError:
            state = "missing"
        row = replace(recording, state=state, seconds=seconds, sha256=sha256)
        await self._database.write(lambda sql: self._put(sql, row))
        return await self._known(id)

    def _put(self, sql: Sql, row: Recording) -> None:
        """Write a row and its entry in the chain, in one transaction."""
        sql.table("recordings").upsert(vars(row), pk="id")
        if self._seals is not None:
            self._seals.add(sql, row.state, row.id, row.sealed())

    async def find(self, id: str) -> Recording | None:
        """The recording with this id."""
        found = await self._database.read(lambda sql: rows(sql, "id = :id", {"id": id}))
        return found[0] if found else None

    async def list(
        self, wanted: Wanted | None = None, *, limit: int = 100, **filters: object
    ) -> "list[Recording]":
        """Recordings that meet every filter given (of Wanted), newest first."""
        where, values = (wanted or Wanted(**filters)).where()  # type: ignore[arg-type]
        values["limit"] = max(0, min(limit, LIST_LIMIT))
        return await self._database.read(lambda sql: rows(sql, where, values))

    def path_of(self, recording: Recording) -> Path:
        """Where its file is, whether or not it exists."""
        return self._folder / recording.path

    async def reconcile(
        self,
        still_open: frozenset[str] = frozenset(),
        repair: Callable[[Path], Iterable[Repaired]] = repair_unclosed,
    ) -> Reconciled:
        """Put list and folder right after a crash. Call it while nothing is being recorded.

        If the voice node lived on, name the recordings it still writes in `still_open`: then no file is
        repaired, and those stay open.
        """
        repaired: dict[str, float] = {}
        if not still_open:
            found = await asyncio.to_thread(_repair_below, self._folder, repair)
            repaired = {self._relative(each.path): each.seconds for each in found}
        known = await self._database.read(lambda sql: rows(sql, "1", {"limit": -1}))
        files = await asyncio.to_thread(
            lambda: {
                str(path.relative_to(self._folder)) for path in self._folder.rglob("*") if is_sound(path)
            }
        )
        changed: list[Recording] = []
        listed = await self._adopted(known, files, still_open)
        for each in listed:
            state = _verdict(each, files, repaired, still_open)
            if state is not None:
                now = await self._put_right(each, state, repaired.get(each.path))
                if now != each:
                    changed.append(now)
        return Reconciled(
            tuple(each.id for each in changed if each.state == "repaired"),
            tuple(each.id for each in changed if each.state == "closed"),
            tuple(each.id for each in changed if each.state == "missing"),
            tuple(sorted(files - {each.path for each in listed})),
        )

    async def _put_right(self, recording: Recording, state: State, seconds: float | None) -> Recording:
        path = self._folder / recording.path
        now = replace(recording, state="missing")
        if state != "missing":
            try:
                if recording.kind == "gateway":
                    seconds = recording.seconds
                elif seconds is None:
                    seconds = await asyncio.to_thread(seconds_of, path)
                sha256 = await asyncio.to_thread(sha256_of, path)
                now = replace(recording, state=state, seconds=seconds, sha256=sha256)
            except OSError:
                log.warning("recording=%s path=%s file=unreadable", recording.id, recording.path)
        if now != recording:
            await self._database.write(lambda sql: self._put(sql, now))
        return now

    async def _adopted(
        self, known: Sequence[Recording], files: set[str], still_open: frozenset[str]
    ) -> Sequence[Recording]:
        """Take in segments whose closing was never heard of: the centre or the way to it was down then."""
        by_path, by_id = {each.path for each in known}, {each.id: each for each in known}
        found: dict[str, list[tuple[int, str]]] = {}
        for path in sorted(files - by_path):
            match = _SEGMENT.match(Path(path).stem)
            base = by_id.get(match[1]) if match else None
            if match is None or base is None or not path.endswith(".wav") or Path(path).stem in by_id:
                continue
            if base.state not in WHOLE or int(match[2]) < base.segment:
                found.setdefault(base.id, []).append((int(match[2]), path))
        for id, segments in found.items():
            base = by_id[id]
            over = id not in still_open and base.path not in files and base.state not in WHOLE
            for number, path in segments:
                more = not (over and number == segments[-1][0])
                await self.closed(await asyncio.to_thread(_fact_of, self._folder, id, number, path, more))
        return await self._database.read(lambda sql: rows(sql, "1", {"limit": -1})) if found else known

    async def _known(self, id: str) -> Recording:
        recording = await self.find(id)
        if recording is None:
            raise RecordingError(f"there is no recording {id}")
        return recording

    def _relative(self, path: Path) -> str:
        try:
            return str((self._folder / path).resolve().relative_to(self._folder))
        except ValueError:
            raise RecordingError(f"{path} is not inside {self._folder}") from None


def _repair_below(folder: Path, repair: Callable[[Path], Iterable[Repaired]]) -> list[Repaired]:
    folders = [folder, *(each for each in folder.rglob("*") if each.is_dir())]
    return [repaired for each in folders for repaired in repair(each)]


def _verdict(
    recording: Recording, files: set[str], repaired: dict[str, float], still_open: frozenset[str]
) -> State | None:
    """The state a recording must change to, or None if it is right as it is."""
    if recording.id in still_open or recording.state in ("announced", "failed", "erased"):
        return None
    if recording.path not in files:
        return "missing" if recording.state != "missing" else None
    if recording.path in repaired:
        return "repaired"
    return "closed" if recording.state in ("open", "missing") else None


def _fact_of(folder: Path, id: str, number: int, path: str, more: bool) -> RecordingClosed:
    """What the voice node would have said of a segment; the first one says how long they are."""
    samples, pcm_sha = samples_of(folder / path)
    length = samples
    if number > 1:
        one = folder / Path(path).with_name(f"{id}.001.wav")
        length = samples_of(one)[0] if one.is_file() else samples
    return RecordingClosed(
        recording=id,
        path=path,
        seconds=round(seconds_of(folder / path), 3),
        sha=sha256_of(folder / path),
        first=(number - 1) * length,
        samples=samples,
        segment=number,
        more=more,
        pcm_sha=pcm_sha,
    )
