"""Checks a journal from its first entry to its last, reading only; also while central core is writing it.

Every hash is computed again, every payload compared with its hash; a payload that is gone must be named by
a `journal.erased` entry. `python -m central.store.verify` is the worker process behind `verify`.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from central.store.chain import ERASED, GENESIS, Link, follows, payload_hash
from central.store.database import Sql, SqlError, read_only
from central.store.entries import links_after
from central.store.side_process import SideFailed, run_aside, serve

_SLICE = 2000


@dataclass(frozen=True)
class Verdict:
    """`entries` found sound, `erased` payloads among them; `first_bad` is the first unsound one."""

    entries: int
    erased: int
    ok: bool
    first_bad: int | None = None
    reason: str = ""


async def verify(path: Path, patience: float = 3600.0) -> Verdict:
    """Verify the journal in the database `path` in a worker process."""
    try:
        answer, _ = await run_aside("central.store.verify", {"path": str(path)}, patience=patience)
    except SideFailed as error:
        return Verdict(0, 0, False, None, str(error))
    return Verdict(**answer)  # type: ignore[arg-type]


def verify_file(path: Path) -> Verdict:
    """Verify the journal in the database `path`; blocks as long as it takes."""
    if not path.is_file():
        return Verdict(0, 0, False, None, f"{path} does not exist")
    state = _Walk()
    try:
        sql = read_only(path)
        try:
            return state.walk(sql)
        finally:
            sql.close()
    except SqlError as error:
        return Verdict(state.at, len(state.gone), False, state.at + 1, f"SQLite cannot read on: {error}")


class _Walk:
    def __init__(self) -> None:
        self.at = 0
        self.last_hash = GENESIS
        self.gone: list[int] = []
        self.explained: list[tuple[int, int]] = []

    def walk(self, sql: Sql) -> Verdict:
        # Slices, not one long read: a reader that never ends keeps the write-ahead log from shrinking. How many were
        # ever written is asked before each slice: what comes in meanwhile must not pass for a missing end.
        while True:
            ever = _ever_written(sql)
            slice_ = links_after(sql, self.at, _SLICE)
            if not slice_:
                return self._ending(ever)
            bodies = self._bodies(sql, slice_)
            for link in slice_:
                fault = follows(link, self.at, self.last_hash)
                if fault := fault or self._payload_fault(link, bodies.get(link.seq)):
                    return self._bad(self.at + 1, fault)
                self.at, self.last_hash = link.seq, link.hash

    def _bodies(self, sql: Sql, slice_: list[Link]) -> dict[int, tuple[bytes, str]]:
        rows = sql.conn.execute(
            "select seq, salt, body from payloads where seq between ? and ?", (slice_[0].seq, slice_[-1].seq)
        )
        return {seq: (salt, body) for seq, salt, body in rows}

    def _payload_fault(self, link: Link, found: tuple[bytes, str] | None) -> str:
        if found is None:
            self.gone.append(link.seq)
            return ""
        if payload_hash(*found) != link.payload_sha256:
            return f"the payload of entry {link.seq} was changed"
        if link.kind == ERASED:
            self.explained.extend((first, last) for first, last in json.loads(found[1])["ranges"])
        return ""

    def _ending(self, ever: int) -> Verdict:
        if ever > self.at:
            return self._bad(self.at + 1, f"the end is missing: entry {ever} was once written")
        unexplained = first_outside(self.gone, self.explained)
        if unexplained is not None:
            reason = f"the payload of entry {unexplained} is gone and no erasure names it"
            return self._bad(unexplained, reason)
        return Verdict(self.at, len(self.gone), True)

    def _bad(self, seq: int, reason: str) -> Verdict:
        return Verdict(self.at, len(self.gone), False, seq, reason)


def _ever_written(sql: Sql) -> int:
    row = sql.conn.execute("select seq from sqlite_sequence where name = 'entries'").fetchone()
    return int(row[0]) if row else 0


def first_outside(numbers: Iterable[int], ranges: Iterable[tuple[int, int]]) -> int | None:
    """The first of the rising `numbers` that no closed range holds, or None."""
    rising = iter(sorted(ranges))
    current = next(rising, None)
    for number in numbers:
        while current is not None and current[1] < number:
            current = next(rising, None)
        if current is None or current[0] > number:
            return number
    return None


def _work(request: dict[str, object]) -> tuple[dict[str, object], bytes]:
    return asdict(verify_file(Path(str(request["path"])))), b""


if __name__ == "__main__":
    serve(_work)
