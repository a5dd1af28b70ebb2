"""Recordings made at gateways, in the centre's list: announced, asked for, come, given up.

Rows of the one table of recordings (recordings.py). An announcement that is told again changes nothing. What a gateway
tells is bounded here: names become file names, times and sizes numbers that the database holds.
"""

import re
from datetime import UTC, datetime
from pathlib import Path

from central.store.database import Database, Sql
from central.store.recording_rows import Recording, around, rows
from central.store.seal_book import SealBook
from link.contract.link_facts import RecordingReady

SUFFIXES = {"opus": ".opus"}
"""Codec -> ending of its file."""
_NAME_MOST = 100
_PLAIN = re.compile(r"[^A-Za-z0-9._-]")
_MOST = 2**62


class GatewayRecordings:
    """The list in `database`; files below `folder` (recordings)."""

    def __init__(self, database: Database, folder: Path, seals: SealBook | None = None) -> None:
        self._database = database
        self._folder = folder.resolve()
        self._seals = seals

    async def announce(self, gateway: str, fact: RecordingReady) -> str:
        """Put it on the list unless it is there; its id."""
        row = _row(gateway, fact)
        names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
        statement = f"insert into recordings ({names}) values ({places}) on conflict do nothing"

        def write(sql: Sql) -> None:
            sql.conn.execute(statement, row)

        await self._database.write(write)
        return str(row["id"])

    async def given_up(self, gateway: str, origin: str, why: str) -> str | None:
        """It will not come any more. Its id, or None when it is not expected."""
        found = await self._rows("gateway = :gateway and origin = :origin", gateway=gateway, origin=origin)
        waiting = [each for each in found if each.state == "announced"]
        for each in waiting:
            await self._set(each.id, state="missing", wanted=0, why=f"given up at the gateway: {why}"[:200])
        return waiting[0].id if waiting else None

    async def announced(self) -> list[Recording]:
        """All that are still to come, the newest first."""
        return await self._rows("state = 'announced'")

    async def want(self, id: str) -> None:
        """Have it brought."""
        await self._set(id, wanted=1)

    async def opened(self, id: str, sha256: str, cut: bool) -> None:
        """It has come and was unsealed into its file."""
        await self._set(id, sealed_as="came", state="closed", sha256=sha256, cut=int(cut), wanted=0)

    async def failed(self, id: str, why: str) -> None:
        """It has come and cannot be unsealed; the sealed file stays."""
        await self._set(id, state="failed", why=why[:200], wanted=0)

    async def dealt_with(self, sealed_sha256: str) -> int | None:
        """Octets of a sealed file that has come and is not needed again, or None."""
        found = await self._rows("sealed_sha256 = :sha and state = 'closed'", sha=sealed_sha256)
        return found[0].sealed_size if found else None

    def path_of(self, recording: Recording) -> Path:
        """Where its sound is, or will be."""
        return self._folder / recording.path

    async def _rows(self, where: str, **values: object) -> list[Recording]:
        return await self._database.read(lambda sql: rows(sql, where, {"limit": -1, **values}))

    async def _set(self, id: str, sealed_as: str = "", **values: object) -> None:
        names = ", ".join(f"{name} = :{name}" for name in values)

        def write(sql: Sql) -> None:
            sql.conn.execute(f"update recordings set {names} where id = :id", {**values, "id": id})
            if sealed_as and self._seals is not None:
                for row in rows(sql, "id = :id", {"id": id}):
                    self._seals.add(sql, sealed_as, id, row.sealed())

        await self._database.write(write)


def _row(gateway: str, fact: RecordingReady) -> dict[str, object]:
    plain = _PLAIN.sub("-", fact.recording)[:_NAME_MOST]
    name = f"{gateway}.{plain}" + ("" if plain == fact.recording else f"-{fact.sha[:12]}")
    started = max(0, min(_MOST, fact.started_ms))
    try:
        day = f"{datetime.fromtimestamp(started / 1000, UTC):%Y/%m/%d}"
    except (ValueError, OverflowError, OSError):
        day = "undated"
    return {
        "id": name,
        "kind": "gateway",
        "subject": f"{gateway}/{fact.line}",
        "channel": "live",
        "started_wall_ms": started,
        "seconds": fact.seconds,
        "path": f"{day}/{name}{SUFFIXES.get(fact.codec, '.bin')}",
        "state": "announced",
        "gateway": gateway,
        "codec": fact.codec,
        "ended_wall_ms": max(0, min(_MOST, fact.ended_ms)),
        "cut": int(fact.cut),
        "origin": fact.recording,
        "talk": name,
        "legs": around((f"{gateway}/{fact.line}",)),
        "talk_group": fact.group,
        "sealed_sha256": fact.sha,
        "sealed_size": min(_MOST, fact.size),
    }
