"""Clips: sounds that can be broadcast, kept under their SHA-256 and found by name.

A name points to one content; giving it another content keeps the old one, because orders and records name
clips by hash. Nothing is evicted here. Checking and converting happen in a worker process.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from central.store.database import Database, Sql
from central.store.side_process import SideFailed, SideRefused, run_aside

MOST_BYTES = 40 * 1024 * 1024
_NAME_LIMIT = 80
_PATIENCE = 60.0


class ClipError(Exception):
    """The clip was refused: `reason` in people's words, `advice` perhaps empty."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(f"{reason} ({advice})" if advice else reason)
        self.reason = reason
        self.advice = advice


@dataclass(frozen=True)
class Clip:
    """A clip under one of its names. `size` in bytes; `replaced` is the sha the name had before `add`."""

    sha256: str
    name: str
    seconds: float
    rate_hz: int
    size: int
    loudness_dbfs: float
    replaced: str | None = None


class Clips:
    """The clip store in `folder` (files) and `database` (names)."""

    def __init__(self, database: Database, folder: Path, wall: Callable[[], float] = time.time) -> None:
        self._database = database
        self._folder = folder
        self._wall = wall
        folder.mkdir(parents=True, exist_ok=True)
        for part in folder.glob("*.part"):  # left by a crash: never referred to
            part.unlink(missing_ok=True)

    async def add(self, name: str, source: Path | bytes, *, replace: bool = True) -> Clip:
        """Check, convert and keep a WAV under `name`. ClipError if it cannot be, and nothing is kept."""
        name = _checked(name)
        if not replace and await self.find(name) is not None:
            raise ClipError(f"there is a clip named {name} already", "choose another name, or replace it")
        with tempfile.TemporaryDirectory(prefix="clip-") as folder:
            path = source if isinstance(source, Path) else Path(folder) / "brought.wav"
            await asyncio.to_thread(_brought, path, source)
            request: dict[str, object] = {"source": str(path), "folder": str(self._folder)}
            try:
                answer, _ = await run_aside("central.store.clip_worker", request, patience=_PATIENCE)
            except SideRefused as refusal:
                raise ClipError(refusal.reason, refusal.advice) from None
            except SideFailed as error:
                raise ClipError(f"the clip could not be converted: {error}", "report this") from None
        clip = Clip(name=name, **answer)  # type: ignore[arg-type]
        now_ms = int(self._wall() * 1000)
        return await self._database.write(lambda sql: _keep(sql, clip, now_ms))

    async def list(self) -> "list[Clip]":
        """Every named clip, by name."""
        return await self._database.read(lambda sql: _rows(sql, "", ()))

    async def find(self, name: str) -> Clip | None:
        """The clip that `name` stands for now."""
        found = await self._database.read(lambda sql: _rows(sql, "where n.name = ?", (name,)))
        return found[0] if found else None

    def path_of(self, sha256: str) -> Path:
        """Where the file with this content is. ClipError if it is not here."""
        path = self._folder / f"{sha256}.wav"
        if len(sha256) != 64 or set(sha256) - set("0123456789abcdef") or not path.is_file():
            raise ClipError(f"there is no clip with sha256 {sha256[:64]}")
        return path


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _NAME_LIMIT or not name.isprintable():
        raise ClipError(f"a clip's name has 1 to {_NAME_LIMIT} printable characters")
    return name


def _brought(path: Path, source: Path | bytes) -> None:
    try:
        size = len(source) if isinstance(source, bytes) else path.stat().st_size
    except OSError as error:
        raise ClipError(f"{path.name} cannot be read: {error.strerror}") from None
    if size > MOST_BYTES:
        raise ClipError(f"the file has {size / 2**20:.1f} MiB; a clip may have {MOST_BYTES // 2**20}")
    if isinstance(source, bytes):
        path.write_bytes(source)


def _keep(sql: Sql, clip: Clip, now_ms: int) -> Clip:
    old = sql.conn.execute("select sha256 from clip_names where name = ?", (clip.name,)).fetchone()
    sql.conn.execute(
        "insert into clips (sha256, seconds, rate_hz, size, loudness_dbfs, added_wall_ms)"
        " values (?, ?, ?, ?, ?, ?) on conflict do nothing",
        (clip.sha256, clip.seconds, clip.rate_hz, clip.size, clip.loudness_dbfs, now_ms),
    )
    sql.conn.execute(
        "insert into clip_names (name, sha256, set_wall_ms) values (?, ?, ?)"
        " on conflict (name) do update set sha256 = excluded.sha256, set_wall_ms = excluded.set_wall_ms",
        (clip.name, clip.sha256, now_ms),
    )
    replaced = old[0] if old and old[0] != clip.sha256 else None
    return Clip(**{**asdict(clip), "replaced": replaced})


def _rows(sql: Sql, where: str, values: tuple[str, ...]) -> list[Clip]:
    rows = sql.query(
        "select c.sha256, n.name, c.seconds, c.rate_hz, c.size, c.loudness_dbfs"
        f" from clip_names n join clips c using (sha256) {where} order by n.name",
        values,
    )
    return [Clip(**row) for row in rows]
