"""What a shown token is worth, and what may be decided of a request. Pure: rows come in, a verdict goes out.

A token is good once: with the first key that is shown with it. The same key with the same token is the same request,
whose answer was lost; another key with a spent token is somebody else, and is told to the journal.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["pending", "refused", "approved"]
Verdict = Literal["new", "same", "unknown", "over", "spent"]


@dataclass(frozen=True)
class TokenRow:
    """A token as it is kept: `hash` is the SHA-256 of it, hex; `key` the fingerprint it was spent with, if it was."""

    id: int
    gateway: str
    hash: str
    until_ms: int
    key: str = ""


@dataclass(frozen=True)
class Enrolment:
    """The latest request of a gateway. Times in Unix ms; `certificate` is PEM once it is approved."""

    gateway: str
    token: int
    fingerprint: str
    csr: bytes
    state: State
    asked_ms: int
    decided_ms: int | None = None
    decided_by: str = ""
    certificate: bytes | None = None


def shown(tokens: Iterable[TokenRow], hash_shown: str) -> TokenRow | None:
    """The token with this hash, compared without telling by the time it takes how near one came."""
    found = None
    for row in tokens:
        if hmac.compare_digest(row.hash, hash_shown):
            found = row
    return found


def judge(token: TokenRow | None, latest: Enrolment | None, fingerprint: str, now_ms: int) -> Verdict:
    """What a request with this token and the key of this fingerprint is."""
    if token is None:
        return "unknown"
    if token.key:
        mine = latest is not None and latest.token == token.id and latest.fingerprint == fingerprint
        return "same" if token.key == fingerprint and mine else "spent"
    return "over" if now_ms > token.until_ms else "new"
