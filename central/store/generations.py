"""What lies in a backup folder: generations, each a copy of the database and the log written after it.

    000007/generation.json   what it is, and what it continues
    000007/base.db .json     the database file as it was before segment 1
    000007/000001.wal .log   write-ahead log as SQLite wrote it; one line for each piece that was shipped
    clips/                   the clips, by their sha256

Every byte counts: documents and lines are accepted in their one spelling only, and each line's chain covers all
before it. A generation that continues another holds without a base of its own. Looks only; never writes.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

FORMAT = 1
CLIPS = "clips"
LOCK = "lock"
_NAME = re.compile(r"[0-9]{6,9}")
_LINE = re.compile(rb"([0-9]{8}) ([0-9]{12}) ([0-9]{12}) ([0-9]{14}) ([0-9a-f]{64}) ([0-9a-f]{64})\n")
LINE = 8 + 12 + 12 + 14 + 64 + 64 + 6
"""Bytes of one line of a segment's list."""
_DOCUMENT_LIMIT = 10_000
_UNCHAINED = "0" * 64


class Damaged(Exception):
    """Something in the backup is not as it was written; the text names file and place."""


@dataclass(frozen=True)
class Follows:
    """The end of the segment that a generation continues without a gap."""

    generation: int
    segment: int
    chain: str


@dataclass(frozen=True)
class Head:
    """What a generation is. `journal`: hash of the journal's first entry, which tells one centre from another."""

    generation: int
    begun_ms: int
    program: str
    schema: int
    journal: str
    follows: Follows | None


@dataclass(frozen=True)
class Base:
    """A complete copy of the database file, as it was at `at_ms` (Unix milliseconds)."""

    size: int
    sha256: str
    at_ms: int


@dataclass(frozen=True)
class Piece:
    """Some whole commits of a segment; `at_ms` is when they were taken, `size` and `offset` are bytes."""

    number: int
    offset: int
    size: int
    at_ms: int
    sha256: str
    chain: str

    def line(self) -> bytes:
        """Its line in the segment's list."""
        return (
            f"{self.number:08d} {self.offset:012d} {self.size:012d} {self.at_ms:014d} {self.sha256} {self.chain}\n"
        ).encode()


def piece_after(chain: str, number: int, offset: int, data: bytes, at_ms: int) -> Piece:
    """The piece that continues `chain`."""
    sha = hashlib.sha256(data).hexdigest()
    bare = Piece(number, offset, len(data), at_ms, sha, _UNCHAINED)
    return replace(bare, chain=_own_chain(chain, bare))


def _own_chain(chain: str, bare: Piece) -> str:
    return hashlib.sha256(chain.encode() + bare.line()).hexdigest()


def spelt(document: dict[str, Any]) -> bytes:
    """The one spelling of a document, with its own hash in it."""
    body = json.dumps(document, sort_keys=True)
    return json.dumps(
        {"is": document, "sha256": hashlib.sha256(body.encode()).hexdigest()}, indent=1
    ).encode()


def read_document(path: Path) -> dict[str, Any]:
    """A document as it was written. Damaged; FileNotFoundError."""
    with path.open("rb") as file:
        raw = file.read(_DOCUMENT_LIMIT)
    try:
        document = dict(json.loads(raw)["is"])
    except (ValueError, KeyError, TypeError):
        raise Damaged(f"{path} cannot be read") from None
    if spelt(document) != raw:
        raise Damaged(f"{path} was changed")
    return document


@dataclass(frozen=True)
class Generation:
    """One folder of a backup."""

    path: Path
    number: int

    def head(self) -> Head:
        """Damaged, also when it is missing."""
        try:
            document = read_document(self.path / "generation.json")
            if document.pop("format") != FORMAT:
                raise Damaged(f"{self.path} was written by a newer Spillway; install that one")
            follows = document.pop("follows")
            head = Head(**document, follows=Follows(**follows) if follows else None)
        except FileNotFoundError:
            raise Damaged(f"{self.path / 'generation.json'} is missing") from None
        except (KeyError, TypeError):
            raise Damaged(f"{self.path / 'generation.json'} says something else") from None
        if head.generation != self.number:
            raise Damaged(f"{self.path} holds generation {head.generation}")
        return head

    def base(self) -> Base | None:
        """Its copy of the database, None while there is none. Damaged."""
        try:
            return Base(**read_document(self.path / "base.json"))
        except FileNotFoundError:
            return None
        except TypeError:
            raise Damaged(f"{self.path / 'base.json'} says something else") from None

    def segments(self) -> list[int]:
        """The numbers of its segments."""
        return sorted(int(each.stem) for each in self.path.glob("*.log") if _NAME.fullmatch(each.stem))

    def data(self, segment: int) -> Path:
        """The file with a segment's log."""
        return self.path / f"{segment:06d}.wal"

    def list(self, segment: int) -> Path:
        """The file with the segment's list of pieces."""
        return self.path / f"{segment:06d}.log"


def document_of(head: Head) -> bytes:
    """generation.json for this head."""
    return spelt({"format": FORMAT, **asdict(head)})


def first_chain(head: Head) -> str:
    """What the first line of a generation continues."""
    return hashlib.sha256(document_of(head)).hexdigest()


def generations(folder: Path) -> list[Generation]:
    """All in the folder, oldest first. OSError when it cannot be listed."""
    return sorted(
        (Generation(each, int(each.name)) for each in folder.iterdir() if _NAME.fullmatch(each.name)),
        key=lambda each: each.number,
    )


def pieces(generation: Generation, segment: int, chain: str) -> Iterator[Piece]:
    """The pieces of a segment's list, each checked against `chain`. Damaged names the line.

    A torn last line (the write was cut off) is not told; any other change is.
    """
    path = generation.list(segment)
    offset = 0
    with path.open("rb") as file:
        for number in range(1, 10**8):
            raw = file.read(LINE)
            if len(raw) < LINE:
                return
            found = _LINE.fullmatch(raw)
            if found is None:
                raise Damaged(f"{path}: line {number} was changed")
            count, start, size, at_ms = (int(found[n]) for n in range(1, 5))
            piece = Piece(count, start, size, at_ms, found[5].decode(), found[6].decode())
            own = _own_chain(chain, replace(piece, chain=_UNCHAINED))
            if piece.chain != own or (piece.number, piece.offset) != (number, offset):
                raise Damaged(
                    f"{path}: line {number} was changed, or does not continue what stands before it"
                )
            yield piece
            chain, offset = piece.chain, offset + piece.size


def checked_data(generation: Generation, segment: int, piece: Piece) -> bytes:
    """The bytes of a piece. Damaged if they are not those that were shipped."""
    path = generation.data(segment)
    try:
        with path.open("rb") as file:
            file.seek(piece.offset)
            data = file.read(piece.size)
    except FileNotFoundError:
        raise Damaged(f"{path} is missing") from None
    if hashlib.sha256(data).hexdigest() != piece.sha256:
        where = f"bytes {piece.offset} to {piece.offset + piece.size}"
        raise Damaged(f"{path}: {where} (piece {piece.number}) are not what was shipped")
    return data
