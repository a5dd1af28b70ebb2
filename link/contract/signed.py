"""Signed bytes: what was signed travels as it was signed, with the signatures beside it.

`[raw, [[kid, sig], …]]`. A signature is Ed25519 over a word for its purpose, a zero octet and `raw`, so that none
holds for anything else. Nothing is verified here: the checks stand in firmware and centre, where keys are known.
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from link.contract.envelope import EnvelopeError, pack, unpack
from link.contract.wire import Wire, validated

Purpose = Literal["sw-cmd-v1", "sw-auth-v1", "sw-stop-v1", "sw-keys-v1", "sw-doc-v1", "sw-talk-v1"]
"""Commands, authorities, stops, key rings, documents (rows 10 and 12), talk-path keys."""
Kid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
"""Name of a key: see `kid_of`."""
KEY_BYTES, SIGNATURE_BYTES = 32, 64
MOST_SIGNATURES = 8


class Signature(Wire):
    """Who signed, and the 64 octets."""

    kid: Kid
    sig: bytes = Field(min_length=SIGNATURE_BYTES, max_length=SIGNATURE_BYTES)


@dataclass(frozen=True)
class Signed:
    """`raw` and the signatures that came with it."""

    raw: bytes
    signatures: tuple[Signature, ...] = ()


def kid_of(public: bytes) -> str:
    """Name of a public key: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:16]


def to_sign(purpose: Purpose, raw: bytes) -> bytes:
    """The octets that a signature for `purpose` covers."""
    return purpose.encode() + b"\0" + raw


def encode_signed(signed: Signed) -> bytes:
    """`[raw, [[kid, sig], …]]`."""
    return pack([signed.raw, signature_rows(signed.signatures)])


def decode_signed(payload: bytes) -> Signed:
    """EnvelopeError only."""
    value = unpack(payload)
    if not (isinstance(value, list) and len(value) >= 2 and isinstance(value[0], bytes)):
        raise EnvelopeError("invalid", "what is signed is [raw, signatures]")
    return Signed(value[0], read_signatures(value[1]))


def signature_rows(signatures: tuple[Signature, ...]) -> list[list[str | bytes]]:
    """Signatures as they stand on the wire."""
    return [[each.kid, each.sig] for each in signatures]


def read_signatures(rows: object) -> tuple[Signature, ...]:
    """Signatures of a payload. EnvelopeError only."""
    if not isinstance(rows, list) or len(rows) > MOST_SIGNATURES:
        raise EnvelopeError("invalid", f"signatures are a list of at most {MOST_SIGNATURES}")
    for row in rows:
        if not (isinstance(row, list) and len(row) == 2):
            raise EnvelopeError("invalid", "a signature is [kid, sig]")
    return tuple(validated(Signature, {"kid": row[0], "sig": row[1]}) for row in rows)
