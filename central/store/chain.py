"""The arithmetic of the journal's chain: canonical JSON, payload hashes, entry hashes, ranges.

Pure: no files, no clock. Each entry's hash covers all its other columns and, through `prev_hash`,
everything before it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
_quote = json.encoder.encode_basestring_ascii

GENESIS = "0" * 64
ERASED = "journal.erased"
GAP = "journal.gap"


@dataclass(frozen=True)
class Link:
    """One row of the chain, as stored."""

    seq: int
    wall_ms: int
    kind: str
    subject: str
    payload_sha256: str
    prev_hash: str
    hash: str


def canonical(payload: Mapping[str, object]) -> str:
    """The one spelling of a payload. TypeError or ValueError for what JSON cannot carry (NaN included)."""
    text = _encode(payload)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair: legal in a str, not in a file
        text = json.dumps(payload, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text


def payload_hash(salt: bytes, body: str) -> str:
    """SHA-256 (hex) of salt and body."""
    return hashlib.sha256(salt + body.encode("utf-8", "surrogateescape")).hexdigest()


def entry_hash(seq: int, wall_ms: int, kind: str, subject: str, payload_sha256: str, prev_hash: str) -> str:
    """SHA-256 (hex) of an entry; a JSON list keeps column borders unambiguous."""
    texts = ", ".join(map(_quote, (kind, subject, payload_sha256, prev_hash)))
    return hashlib.sha256(f"[{seq}, {wall_ms}, {texts}]".encode()).hexdigest()


def add(last_seq: int, last_hash: str, wall_ms: int, kind: str, subject: str, payload_sha256: str) -> Link:
    """The link that follows (`last_seq`, `last_hash`)."""
    seq = last_seq + 1
    own = entry_hash(seq, wall_ms, kind, subject, payload_sha256, last_hash)
    return Link(seq, wall_ms, kind, subject, payload_sha256, last_hash, own)


def follows(link: Link, last_seq: int, last_hash: str) -> str:
    """Empty if `link` rightly follows (`last_seq`, `last_hash`), else what is wrong with it."""
    if link.seq != last_seq + 1:
        return f"entry {last_seq + 1} is missing, {link.seq} follows {last_seq}"
    if link.prev_hash != last_hash:
        return f"entry {link.seq} does not continue entry {last_seq}"
    columns = (link.seq, link.wall_ms, link.kind, link.subject, link.payload_sha256, link.prev_hash)
    if link.hash != entry_hash(*columns):
        return f"entry {link.seq} was changed"
    return ""


def to_ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Rising numbers as closed ranges: 1 2 3 7 -> [[1, 3], [7, 7]]."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges
