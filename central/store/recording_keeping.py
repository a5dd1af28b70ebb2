"""How long recordings stay: holds by persons, erasure by age or for room. The chain remembers what was erased.

A hold is on a whole talk, with all its segments; nothing that is held is ever erased, also not in the last moment. The
row says erased before the file goes; `resume` takes what a crash left of that.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from central.store.database import Database, Sql
from central.store.recording_rows import Recording, rows
from central.store.seal_book import SealBook

log = logging.getLogger(__name__)

DAY_MS = 86_400_000
_FREE = "talk not in (select recording from recording_holds where released_wall_ms is null)"
_OVER = f"state in ('closed', 'repaired', 'failed') and {_FREE}"


@dataclass(frozen=True)
class Hold:
    """Somebody wants a talk kept, and says why."""

    number: int
    recording: str
    why: str
    placed_by: str
    placed_wall_ms: int
    released_by: str = ""
    released_wall_ms: int | None = None
    released_why: str = ""


class Keeping:
    """Files below `folder`; `wall` is Unix seconds, `days_of` says how long a kind is kept."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        seals: SealBook,
        wall: Callable[[], float],
        days_of: Callable[[str], int],
    ) -> None:
        self._database, self._folder, self._seals = database, folder.resolve(), seals
        self._wall, self._days_of = wall, days_of

    async def hold(self, talk: str, why: str, by: str) -> Hold:
        """Keep this talk until it is released. StoreError."""
        values = (talk, why, by, int(self._wall() * 1000))
        text = "insert into recording_holds (recording, why, placed_by, placed_wall_ms) values (?, ?, ?, ?)"

        def write(sql: Sql) -> int:
            return int(sql.conn.execute(text, values).lastrowid or 0)

        return Hold(await self._database.write(write), *values)

    async def release(self, number: int, why: str, by: str) -> Hold | None:
        """End a hold; None: there is no such hold that stands. StoreError."""
        at = int(self._wall() * 1000)
        text = (
            "update recording_holds set released_by = ?, released_wall_ms = ?, released_why = ?"
            " where number = ? and released_wall_ms is null"
        )
        changed = await self._database.write(
            lambda sql: sql.conn.execute(text, (by, at, why, number)).rowcount
        )
        found = await self.holds(standing=False) if changed else ()
        return next((each for each in found if each.number == number), None)

    async def holds(self, *, standing: bool = True) -> tuple[Hold, ...]:
        """All holds (that stand), the newest first. StoreError."""
        where = "where released_wall_ms is null" if standing else ""
        text = f"select * from recording_holds {where} order by number desc limit 1000"
        return await self._database.read(lambda sql: tuple(Hold(*row) for row in sql.conn.execute(text)))

    async def due(self) -> list[Recording]:
        """What has been kept as long as it was to be, the oldest first. StoreError."""
        now_ms = int(self._wall() * 1000)
        found: list[Recording] = []
        for kind in ("leg", "group", "broadcast", "gateway"):
            before = now_ms - self._days_of(kind) * DAY_MS
            where, values = (
                f"kind = :kind and started_wall_ms < :before and {_OVER}",
                {"kind": kind, "before": before},
            )
            found += await self._rows(where, values)
        return sorted(found, key=lambda each: each.started_wall_ms)

    async def oldest(self) -> Recording | None:
        """What goes first when there is no room. StoreError."""
        first = f"id = (select id from recordings where {_OVER} order by started_wall_ms, id limit 1)"
        found = await self._rows(first, {})
        return found[0] if found else None

    async def erase(self, recording: Recording, why: str, by: str = "") -> bool:
        """Erase its file; whether it was done: not what is held by now. StoreError."""
        head = {
            "why": why,
            "by": by,
            "sha256": recording.sha256,
            "file": recording.path,
            "talk": recording.talk,
        }

        def write(sql: Sql) -> bool:
            text = f"update recordings set state = 'erased', why = :why where id = :id and {_OVER}"
            done = bool(sql.conn.execute(text, {"id": recording.id, "why": why[:200]}).rowcount)
            if done:
                self._seals.add(sql, "erased", recording.id, head)
            return done

        if not await self._database.write(write):
            return False
        await asyncio.to_thread((self._folder / recording.path).unlink, missing_ok=True)
        return True

    async def resume(self) -> None:
        """Take files of what is erased that a crash left. StoreError."""
        gone = [self._folder / each.path for each in await self._rows("state = 'erased'", {})]
        for path in await asyncio.to_thread(lambda: [each for each in gone if each.exists()]):
            log.warning("file=%s goes: its recording is erased", path)
            await asyncio.to_thread(path.unlink)

    async def _rows(self, where: str, values: Mapping[str, object]) -> list[Recording]:
        return await self._database.read(lambda sql: rows(sql, where, {"limit": -1, **values}))
