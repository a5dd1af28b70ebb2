"""Restores a centre's database (and clips) from a backup folder, and verifies what came out.

It takes the newest copy of the database that is sound, lets SQLite itself take over one segment after the other,
and stops in front of anything damaged, which it names. It writes into a new folder only; the database gets its
name when it is whole. Blocks; a program of its own, never core.
"""

import hashlib
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from central.store.clip_mirror import DamagedClip, mirrored, names_in
from central.store.database import SqlError, StoreError, faults_in, read_only, take_over_log
from central.store.generations import (
    CLIPS,
    Base,
    Damaged,
    Generation,
    Head,
    checked_data,
    first_chain,
    generations,
    pieces,
)
from central.store.verify import Verdict, verify_file
from central.store.write_ahead import head_of
from link.hosting.durable import sync_folder

DATABASE = "spillway.db"
_CHUNK = 1024 * 1024


class CannotRestore(Exception):
    """Nothing was restored: `reason` and `advice` for people."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason} ({advice})")
        self.reason, self.advice = reason, advice


@dataclass
class Restored:
    """What came out. Moments in Unix milliseconds; `damage`: everything that was found not to be as written."""

    generation: int = 0
    program: str = ""
    base_ms: int = 0
    upto_ms: int = 0
    last_generation: int = 0
    segments: int = 0
    pieces: int = 0
    entries: int = 0
    size: int = 0
    clips: int = 0
    clips_missing: tuple[str, ...] = ()
    verdict: Verdict = Verdict(0, 0, False)
    faults: tuple[str, ...] = ()
    seconds: float = 0.0
    damage: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """The database is whole and the journal verifies."""
        return self.verdict.ok and not self.faults

    @property
    def complete(self) -> bool:
        """And nothing in the backup was damaged or missing."""
        return self.sound and not self.damage and not self.clips_missing


def restore(folder: Path, target: Path, until_ms: int | None = None) -> Restored:
    """Restore `folder` into `target`, a new or empty folder, up to `until_ms`. CannotRestore."""
    begun = time.monotonic()
    restored = Restored()
    try:
        if not folder.is_dir():
            raise CannotRestore(f"there is no backup folder {folder}", "is its disk mounted?")
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise CannotRestore(f"{target} is not empty", "restore into a new folder; nothing is overwritten")
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        workshop = target / "restoring"
        workshop.mkdir()
        path = workshop / DATABASE
        generation, head = _base_brought(folder, path, until_ms, restored)
        _Replay(folder, path, until_ms, restored).run(generation, head)
        _synced(path)
        named = _examine(path, restored)
        path.replace(target / DATABASE)
        shutil.rmtree(workshop)
        _clips(folder, target, named, restored)
        sync_folder(target)
    except StoreError as error:
        raise CannotRestore(error.reason, error.advice) from None
    except OSError as error:
        raise CannotRestore(f"it stopped: {error}", "look at both disks, then try again") from None
    restored.seconds = time.monotonic() - begun
    return restored


def _base_brought(
    folder: Path, path: Path, until_ms: int | None, restored: Restored
) -> tuple[Generation, Head]:
    """Copy the newest sound base to `path`."""
    for generation in reversed(generations(folder)):
        try:
            head, base = generation.head(), generation.base()
            if base is None or (until_ms is not None and base.at_ms > until_ms):
                continue
            _copied(generation.path / "base.db", path, base)
        except Damaged as found:
            restored.damage.append(str(found))
            continue
        restored.generation = restored.last_generation = generation.number
        restored.base_ms = restored.upto_ms = base.at_ms
        restored.program = head.program
        return generation, head
    for damage in restored.damage[:1]:
        raise CannotRestore(
            f"{folder} holds no sound copy of a database: {damage}", "look for another backup"
        )
    when = "" if until_ms is None else " of that time or before"
    raise CannotRestore(f"{folder} holds no copy of a database{when}", "see: central backup status")


def _copied(source: Path, path: Path, base: Base) -> None:
    digest, size = hashlib.sha256(), 0
    try:
        with source.open("rb") as file, path.open("wb") as copy:
            while data := file.read(_CHUNK):
                digest.update(data)
                size += len(data)
                copy.write(data)
    except FileNotFoundError:
        raise Damaged(f"{source} is missing") from None
    if (size, digest.hexdigest()) != (base.size, base.sha256):
        raise Damaged(f"{source} is not what was copied ({size} bytes of {base.size})")


class _Replay:
    """Segment by segment behind a base, across generations that continue each other."""

    def __init__(self, folder: Path, path: Path, until_ms: int | None, restored: Restored) -> None:
        self._folder, self._path, self._until_ms, self._restored = folder, path, until_ms, restored

    def run(self, generation: Generation, head: Head) -> None:
        try:
            while True:
                chain, segment, on = self._generation(generation, head)
                self._restored.last_generation = generation.number
                following = self._following(generation)
                if not on or following is None:
                    return
                generation, head = following
                said = head.follows
                if said is None or said.generation != generation.number - 1:
                    return  # core was started anew: what it shipped then stands on a base of its own
                if (said.segment, said.chain) != (segment, chain):
                    raise Damaged(
                        f"{generation.path} continues what is not there: the end of the one before is missing"
                    )
        except Damaged as damage:
            self._restored.damage.append(str(damage))

    def _following(self, generation: Generation) -> tuple[Generation, Head] | None:
        found = [each for each in generations(self._folder) if each.number > generation.number]
        return (found[0], found[0].head()) if found else None

    def _generation(self, generation: Generation, head: Head) -> tuple[str, int, bool]:
        """Its chain's end, its last segment, and whether to go on behind it."""
        chain, numbers = first_chain(head), generation.segments()
        if numbers != list(range(1, len(numbers) + 1)) or not numbers:
            raise Damaged(f"{generation.path}: a segment is missing; there are {numbers}")
        for segment in numbers:
            chain, on = self._segment(generation, segment, chain)
            if not on:
                return chain, segment, False
        return chain, numbers[-1], True

    def _segment(self, generation: Generation, segment: int, chain: str) -> tuple[str, bool]:
        log = self._path.with_name(DATABASE + "-wal")
        damage: Damaged | None = None
        on, size, upto_ms, count = True, 0, 0, 0
        with log.open("wb") as copy:
            try:
                for piece in pieces(generation, segment, chain):
                    if self._until_ms is not None and piece.at_ms > self._until_ms:
                        on = False
                        break
                    copy.write(checked_data(generation, segment, piece))
                    chain, size, upto_ms, count = piece.chain, size + piece.size, piece.at_ms, count + 1
            except Damaged as found:
                damage = found
        if size:
            self._taken_over(generation, segment, log, size)
            self._restored.upto_ms = upto_ms
            self._restored.segments += 1
            self._restored.pieces += count
        log.unlink(missing_ok=True)
        if damage is not None:
            raise damage
        return chain, on

    def _taken_over(self, generation: Generation, segment: int, log: Path, size: int) -> None:
        with log.open("rb") as file:
            head = head_of(file.read(32))
        frames = take_over_log(self._path)
        if head is None or head.end_of(frames) != size:
            raise Damaged(f"{generation.data(segment)}: SQLite took {frames} frames of {size} bytes")


def _synced(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _examine(path: Path, restored: Restored) -> list[str]:
    """Check all of it; the clips that the database names."""
    restored.size = path.stat().st_size
    restored.faults = tuple(faults_in(path))
    restored.verdict = verify_file(path)
    restored.entries = restored.verdict.entries
    return _clips_named(path)


def _clips(folder: Path, target: Path, named: list[str], restored: Restored) -> None:
    """Bring the clips along; say which of those that the database names are not there."""
    source, kept = folder / CLIPS, target / CLIPS
    try:
        for _ in mirrored(source, kept):
            pass
    except DamagedClip as damage:
        restored.damage.append(str(damage))
    found = names_in(kept)
    restored.clips = len(found)
    restored.clips_missing = tuple(sha for sha in named if f"{sha}.wav" not in found)


def _clips_named(path: Path) -> list[str]:
    try:
        sql = read_only(path)
        try:
            return [str(sha) for (sha,) in sql.conn.execute("select sha256 from clips order by sha256")]
        finally:
            sql.close()
    except SqlError:
        return []
