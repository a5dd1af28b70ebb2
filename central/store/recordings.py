"""The list of recordings: what was recorded, where the file is, how long, its hash, and whether it is whole.

Files are written by the voice node; this list is kept by core from its facts. After a crash `reconcile`
brings the list and the folder back together. Nothing here ever deletes a file.
"""

import asyncio
import hashlib
import json
import logging
import wave
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from central.store.database import Database, Sql
from link.voice.repair import Repaired, repair_unclosed

log = logging.getLogger(__name__)

Kind = Literal["leg", "group", "broadcast", "gateway"]
State = Literal["open", "closed", "repaired", "missing", "announced", "failed"]
_LIST_LIMIT = 1000


@dataclass(frozen=True)
class Recording:
    """One recording. `path` is relative to the recordings folder; `seconds` and `sha256` come at its end.

    The rest is of recordings made at a gateway (central/store/gateway_recordings.py): `origin` is its name there.
    """

    id: str
    kind: Kind
    subject: str
    channel: str
    started_wall_ms: int
    seconds: float | None
    path: str
    sha256: str | None
    state: State
    gateway: str = ""
    codec: str = "wav"
    ended_wall_ms: int | None = None
    cut: bool = False
    wanted: bool = False
    why: str = ""
    origin: str = ""
    sealed_sha256: str | None = None
    sealed_size: int | None = None
    talkers: str = "[]"
    """JSON: who talked in it, in the order of their first words."""


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

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder.resolve()

    async def begin(
        self, id: str, kind: Kind, subject: str, path: Path, started_wall_ms: int, channel: str = "live"
    ) -> Recording:
        """Note a recording that has just begun in the file `path` (absolute, or relative to the folder)."""
        inside = self._relative(path)
        recording = Recording(id, kind, subject, channel, started_wall_ms, None, inside, None, "open")
        await self._database.write(lambda sql: sql.table("recordings").insert(vars(recording)))
        return recording

    async def finish(
        self, id: str, seconds: float | None = None, sha256: str | None = None, *, repaired: bool = False
    ) -> Recording:
        """Note its end; length and hash are taken from the file when not given. RecordingError if unknown.

        `repaired`: the voice node found it unclosed and repaired it. A file that is gone makes it `missing`.
        """
        recording = await self.find(id)
        if recording is None:
            raise RecordingError(f"there is no recording {id}")
        path = self._folder / recording.path
        try:
            if seconds is None:
                seconds = await asyncio.to_thread(seconds_of, path)
            sha256 = sha256 or await asyncio.to_thread(sha256_of, path)
            state: State = "repaired" if repaired else "closed"
        except OSError:
            state = "missing"
        await self._database.write(lambda sql: _set(sql, id, state, seconds, sha256))
        return await self._known(id)

    async def name_talkers(self, id: str, talkers: tuple[str, ...]) -> None:
        """Note who talks in a recording."""
        told = json.dumps(talkers, ensure_ascii=False)
        order = "update recordings set talkers = ? where id = ?"
        await self._database.write(lambda sql: sql.conn.execute(order, (told, id)))

    async def find(self, id: str) -> Recording | None:
        """The recording with this id."""
        found = await self._database.read(lambda sql: rows(sql, "id = :id", {"id": id}))
        return found[0] if found else None

    async def list(
        self,
        *,
        kind: Kind | None = None,
        subject: str | None = None,
        state: State | None = None,
        channel: str | None = None,
        since_ms: int | None = None,
        until_ms: int | None = None,
        limit: int = 100,
    ) -> "list[Recording]":
        """Recordings that meet every filter given, newest first; the times bound their start."""
        wanted: dict[str, object] = {
            "kind = :kind": kind,
            "subject = :subject": subject,
            "state = :state": state,
            "channel = :channel": channel,
            "started_wall_ms >= :since_ms": since_ms,
            "started_wall_ms < :until_ms": until_ms,
        }
        given = {condition: value for condition, value in wanted.items() if value is not None}
        values = {condition.rpartition(":")[2]: value for condition, value in given.items()}
        values["limit"] = max(0, min(limit, _LIST_LIMIT))
        return await self._database.read(lambda sql: rows(sql, " and ".join(given) or "1", values))

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
        for each in known:
            state = _verdict(each, files, repaired, still_open)
            if state is not None:
                now = await self._put_right(each, state, repaired.get(each.path))
                if now != each:
                    changed.append(now)
        return Reconciled(
            tuple(each.id for each in changed if each.state == "repaired"),
            tuple(each.id for each in changed if each.state == "closed"),
            tuple(each.id for each in changed if each.state == "missing"),
            tuple(sorted(files - {each.path for each in known})),
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
        await self._database.write(lambda sql: _set(sql, now.id, now.state, now.seconds, now.sha256))
        return now

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
    if recording.id in still_open or recording.state in ("announced", "failed"):
        return None
    if recording.path not in files:
        return "missing" if recording.state != "missing" else None
    if recording.path in repaired:
        return "repaired"
    return "closed" if recording.state in ("open", "missing") else None


def is_sound(path: Path) -> bool:
    """A file that a recording of the list may have."""
    return path.suffix in (".wav", ".opus") and path.is_file()


def seconds_of(path: Path) -> float:
    """How long the WAV at `path` sounds. OSError if it cannot be read as one."""
    try:
        with wave.open(str(path), "rb") as file:
            return file.getnframes() / file.getframerate()
    except (wave.Error, EOFError, ZeroDivisionError) as error:
        raise OSError(f"{path} is not a sound file: {error}") from error


def sha256_of(path: Path) -> str:
    """SHA-256 (hex) of the file at `path`. OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _set(sql: Sql, id: str, state: State, seconds: float | None, sha256: str | None) -> None:
    sql.conn.execute(
        "update recordings set state = ?, seconds = ?, sha256 = ? where id = ?", (state, seconds, sha256, id)
    )


def rows(sql: Sql, where: str, values: dict[str, object]) -> list[Recording]:
    """Recordings for which `where` holds, newest first."""
    found = sql.query(
        f"select * from recordings where {where} order by started_wall_ms desc, id desc limit :limit",
        {"limit": _LIST_LIMIT, **values},
    )
    return [Recording(**{**row, "cut": bool(row["cut"]), "wanted": bool(row["wanted"])}) for row in found]
