"""The arithmetic of the chain of recordings: one entry for each file that was closed, came, was encoded or erased.

Pure. An entry's body is canonical JSON with a salt; the chain holds the digest of the body, so that a proof may show
one entry in full and of the others only that they stand between. The export's verify.py does the same sums.
"""

import hashlib
from dataclasses import dataclass

GENESIS = "0" * 64
_LINK, _HEAD = "spillway recording chain v1", "spillway recording head v1"


@dataclass(frozen=True)
class Seal:
    """One entry. `head` is the text that was signed with it; `signature` hex."""

    seq: int
    body: str
    recording: str
    hash: str
    head: str
    signature: str


def digest_of(body: str) -> str:
    """SHA-256 (hex) of an entry's body."""
    return hashlib.sha256(body.encode()).hexdigest()


def link(seq: int, before: str, digest: str) -> str:
    """The hash of entry `seq`, whose predecessor's is `before`."""
    return hashlib.sha256(f"{_LINK}\n{seq}\n{before}\n{digest}\n".encode()).hexdigest()


def head_text(seq: int, hash: str, at_ms: int, public: str) -> str:
    """What is signed: so many entries, the hash of the last, when, by which key (hex)."""
    return f"{_HEAD}\nentries {seq}\nhash {hash}\nat_ms {at_ms}\nkey {public}\n"
