"""The chain of recordings in the database: entries are added in the transaction that changes the list.

Each entry is signed with the chain's head as it then is. The book never changes or removes an entry.
"""

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from central.store.chain import canonical
from central.store.database import Database, Sql, SqlError, read_only
from central.store.recording_keys import RecordingKey
from central.store.seal_chain import GENESIS, Seal, digest_of, head_text, link
from central.store.side_process import SideFailed, run_aside, serve
from link.sealing.signing import verify as genuine

_SLICE = 2000


@dataclass(frozen=True)
class SealVerdict:
    """`entries` found sound; of the rest, what is wrong first."""

    entries: int
    ok: bool
    reason: str = ""


class SealBook:
    """`key` signs; `wall` is Unix seconds."""

    def __init__(self, database: Database, key: RecordingKey, wall: Callable[[], float]) -> None:
        self._database, self.key, self._wall = database, key, wall

    def add(self, sql: Sql, kind: str, recording: str, details: Mapping[str, object]) -> Seal:
        """One entry more, within a transaction of the writer."""
        last = _last(sql)
        before, seq = (last.hash, last.seq + 1) if last is not None else (GENESIS, 1)
        at_ms = int(self._wall() * 1000)
        head = {"at_ms": at_ms, "kind": kind, "recording": recording, "salt": secrets.token_hex(16)}
        body = canonical({**details, **head})
        hash = link(seq, before, digest_of(body))
        text = head_text(seq, hash, at_ms, self.key.public)
        seal = Seal(seq, body, recording, hash, text, self.key.sign(text.encode()))
        sql.conn.execute("insert into recording_seals values (?, ?, ?, ?, ?, ?)", tuple(vars(seal).values()))
        return seal

    async def resume(self) -> str:
        """Say in the chain which key signs, when that is news. The key before, if another signed. StoreError."""

        def note(sql: Sql) -> str:
            last = _last(sql)
            before = last.head.rpartition("key ")[2].strip() if last is not None else ""
            if before != self.key.public:
                self.add(sql, "key", "", {"public": self.key.public, "before": before})
            return before

        before = await self._database.write(note)
        return "" if before == self.key.public else before

    async def head(self) -> Seal | None:
        """The newest entry."""
        return await self._database.read(_last)

    async def of(self, recordings: Iterable[str]) -> list[Seal]:
        """All entries of these recordings, in order."""
        wanted = tuple(recordings)
        marks = ", ".join("?" * len(wanted))
        where = f"recording in ({marks})"
        return await self._database.read(lambda sql: _seals(sql, where, wanted))

    async def between(self, first: int, last: int) -> list[Seal]:
        """Entries `first` to `last`."""
        return await self._database.read(lambda sql: _seals(sql, "seq between ? and ?", (first, last)))


def _seals(sql: Sql, where: str, values: tuple[object, ...]) -> list[Seal]:
    text = (
        f"select seq, body, recording, hash, head, signature from recording_seals where {where} order by seq"
    )
    return [Seal(*row) for row in sql.conn.execute(text, values)]


def _last(sql: Sql) -> Seal | None:
    found = _seals(sql, "seq = (select max(seq) from recording_seals)", ())
    return found[0] if found else None


async def verify_seals(path: Path, public: str, patience: float = 3600.0) -> SealVerdict:
    """Check the whole chain in the database `path`, in a worker process; `public` signed its end."""
    try:
        request = {"path": str(path), "public": public}
        answer, _ = await run_aside("central.store.seal_book", request, patience=patience)
    except SideFailed as error:
        return SealVerdict(0, False, str(error))
    return SealVerdict(**answer)  # type: ignore[arg-type]


def verify_file(path: Path, public: str) -> SealVerdict:
    """As above, at once. Every link and every signature; a key may only change by an entry that the old one signed."""
    at, before, key, ever = 0, GENESIS, "", 0
    try:
        sql = read_only(path)
        try:
            while True:
                row = sql.conn.execute(
                    "select seq from sqlite_sequence where name = 'recording_seals'"
                ).fetchone()
                ever = int(row[0]) if row else 0
                slice_ = _seals(sql, "seq > ? and seq <= ?", (at, at + _SLICE))
                if not slice_:
                    break
                for seal in slice_:
                    fault, key = _fault(seal, at, before, key)
                    if fault:
                        return SealVerdict(at, False, fault)
                    at, before = seal.seq, seal.hash
        finally:
            sql.close()
    except SqlError as error:
        return SealVerdict(at, False, f"SQLite cannot read on: {error}")
    if ever > at:
        return SealVerdict(at, False, f"the end is missing: entry {ever} was once written")
    if at and key != public:
        return SealVerdict(at, False, "the end is signed by another key than the centre's present one")
    return SealVerdict(at, True)


def _fault(seal: Seal, at: int, before: str, key: str) -> tuple[str, str]:
    """What is wrong with an entry (or nothing), and the key that signs from here on."""
    if seal.seq != at + 1:
        return f"entry {at + 1} is missing, {seal.seq} follows {at}", key
    if seal.hash != link(seal.seq, before, digest_of(seal.body)):
        return f"entry {seal.seq} was changed", key
    body = json.loads(seal.body)
    if body["kind"] == "key":
        if body["before"] != key:
            return f"entry {seal.seq} begins a key that does not follow the one before", key
        key = str(body["public"])
    if body["recording"] != seal.recording or seal.head != head_text(seal.seq, seal.hash, body["at_ms"], key):
        return f"the head of entry {seal.seq} was changed", key
    if not genuine(bytes.fromhex(key), seal.head.encode(), bytes.fromhex(seal.signature)):
        return f"the signature of entry {seal.seq} is wrong", key
    return "", key


def _work(request: dict[str, object]) -> tuple[dict[str, object], bytes]:
    return vars(verify_file(Path(str(request["path"])), str(request["public"]))), b""


if __name__ == "__main__":
    serve(_work)
