"""Writes the generation that is being shipped; the layout is that of `generations`.

What it has acknowledged is on the backup's disk (data, then its line, each with fsync). After an OSError the
same step may be tried again after `resume`, which cuts off what was half written. It never deletes what it
did not write, except by `prune`.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BufferedWriter
from pathlib import Path

from central.store.generations import (
    LINE,
    Base,
    Damaged,
    Follows,
    Generation,
    Head,
    document_of,
    first_chain,
    generations,
    piece_after,
    spelt,
)
from link.hosting.durable import sync_folder, write_whole

_CHUNK = 1024 * 1024
_DAY_MS = 86_400_000


class LostGround(Exception):
    """What was acknowledged is not there any more: this generation cannot go on."""


class GenerationWriter:
    """The end of the shipped log: where the next piece goes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.head: Head | None = None
        self.segment = 0
        self._chain = ""
        self._piece, self._size = 0, 0
        self._files: tuple[int, int] | None = None

    @property
    def generation(self) -> Generation:
        """The one being written."""
        assert self.head is not None
        return Generation(self._folder / f"{self.head.generation:06d}", self.head.generation)

    def begin(self, head: Head, *, continues: bool) -> None:
        """A new generation (its number is given here) with an empty first segment. OSError."""
        found = generations(self._folder)
        follows = None
        if continues and self.head is not None:
            follows = Follows(self.head.generation, self.segment, self._chain)
        head = replace(head, generation=found[-1].number + 1 if found else 1, follows=follows)
        path = self._folder / f"{head.generation:06d}"
        path.mkdir(0o700)
        try:
            write_whole(path / "generation.json", document_of(head))
            sync_folder(self._folder)
            self._open(Generation(path, head.generation), 1)
        except OSError:
            shutil.rmtree(path, ignore_errors=True)
            raise
        self.head, self.segment, self._chain = head, 1, first_chain(head)

    def next_segment(self) -> None:
        """What follows belongs to a log that SQLite began anew. OSError."""
        self._open(self.generation, self.segment + 1)
        self.segment += 1

    def _open(self, generation: Generation, segment: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        data = os.open(generation.data(segment), flags, 0o600)
        try:
            lines = os.open(generation.list(segment), flags, 0o600)
        except OSError:
            os.close(data)
            raise
        self.close()
        self._files = (data, lines)
        self._piece, self._size = 0, 0
        sync_folder(generation.path)

    def append(self, data: bytes, at_ms: int) -> None:
        """Ship some whole commits; on disk when it returns. OSError."""
        assert self._files is not None
        piece = piece_after(self._chain, self._piece + 1, self._size, data, at_ms)
        for file, raw in zip(self._files, (data, piece.line()), strict=True):
            _write_all(file, raw)
            os.fsync(file)
        self._chain, self._piece, self._size = piece.chain, piece.number, self._size + len(data)

    def resume(self) -> None:
        """Open the segment again behind the last piece. LostGround, OSError."""
        if self.head is None:
            return
        self.close()
        generation = self.generation
        try:
            data = os.open(generation.data(self.segment), os.O_WRONLY | os.O_CLOEXEC)
            try:
                lines = os.open(generation.list(self.segment), os.O_WRONLY | os.O_CLOEXEC)
            except OSError:
                os.close(data)
                raise
        except FileNotFoundError:
            raise LostGround(f"{generation.path} is gone") from None
        self._files = (data, lines)
        for file, size in ((data, self._size), (lines, self._piece * LINE)):
            if os.fstat(file).st_size < size:
                raise LostGround(f"{generation.path} has lost its end")
            os.ftruncate(file, size)
            os.lseek(file, size, os.SEEK_SET)

    def close(self) -> None:
        """Let go of the files."""
        files, self._files = self._files, None
        for file in files or ():
            os.close(file)


def base_copied(
    generation: Generation, source: int, size: int, at_ms: int, valid: Callable[[], bool]
) -> Iterator[int]:
    """Copy `size` bytes of the descriptor `source` into the generation, a chunk at each step.

    It becomes the base only if `valid()` still holds when all is copied. OSError. Yields the bytes copied so far.
    """
    part = generation.path / "base.part"
    digest, done = hashlib.sha256(), 0
    try:
        with _private(part) as file:
            while done < size and valid():
                data = os.pread(source, min(_CHUNK, size - done), done)
                if not data:
                    return
                digest.update(data)
                file.write(data)
                done += len(data)
                yield done
            file.flush()
            os.fsync(file.fileno())
        if done == size and valid():
            part.replace(generation.path / "base.db")
            write_whole(generation.path / "base.json", spelt(vars(Base(size, digest.hexdigest(), at_ms))))
    finally:
        part.unlink(missing_ok=True)


def prune(folder: Path, now_ms: int) -> list[int]:
    """Delete what nobody needs once the newest generation has its base; the numbers that went. OSError.

    Kept: the two newest with a base, the newest that is over a day old, and the oldest that is younger.
    """
    based = [(each, base) for each in generations(folder) if (base := _sound_base(each)) is not None]
    if not based:
        return []
    younger = [each for each, base in based if now_ms - base.at_ms < _DAY_MS]
    older = [each for each, base in based if now_ms - base.at_ms >= _DAY_MS]
    kept = {each.number for each in (*[each for each, _ in based[-2:]], *younger[:1], *older[-1:])}
    gone, holds = [], False
    for each in generations(folder):
        base = _sound_base(each)
        holds = each.number in kept if base else holds and _continues(each)
        if each.number < based[-1][0].number and not holds:
            shutil.rmtree(each.path)
            gone.append(each.number)
    return gone


def _continues(generation: Generation) -> bool:
    try:
        return generation.head().follows is not None
    except Damaged:
        return False


def _sound_base(generation: Generation) -> Base | None:
    try:
        generation.head()
        return generation.base()
    except Damaged:
        return None


def _private(path: Path) -> BufferedWriter:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
