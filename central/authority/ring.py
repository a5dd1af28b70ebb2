"""The signed key ring: read, checked and followed. The centre cannot make one: it has no root key.

A ring holds when its root signed it, its `rev` does not fall, and a change of the root is signed by both roots.
"""

from dataclasses import dataclass

from link.contract.envelope import EnvelopeError
from link.contract.keyring import KeyRing, decode_ring
from link.contract.signed import Signed, decode_signed, kid_of, to_sign
from link.sealing.signing import verify

LARGEST = 12_000
"""Octets: it travels in every desired document, which has 16,000."""


class RingError(ValueError):
    """A ring cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class SignedRing:
    """A ring and the bytes it came in."""

    ring: KeyRing
    octets: bytes


def read_ring(octets: bytes, before: KeyRing | None = None) -> SignedRing:
    """The ring in `octets`, which follows `before`. RingError."""
    if len(octets) > LARGEST:
        raise RingError(f"the key ring has {len(octets)} octets, {LARGEST} at most: take old keys out of it")
    try:
        signed = decode_signed(octets)
        ring = decode_ring(signed.raw)
    except EnvelopeError as error:
        raise RingError(f"this is no signed key ring ({error}); make one with `central ring sign`") from None
    if not _signed_by(signed, ring.root):
        raise RingError("the key ring is not signed by the root that it names; sign it again")
    if before is None:
        return SignedRing(ring, octets)
    if ring.rev < before.rev or (ring.rev == before.rev and ring != before):
        raise RingError(
            f"the key ring has revision {ring.rev}, the present one {before.rev}: draft it again from this centre"
        )
    if ring.root != before.root and not _signed_by(signed, before.root):
        raise RingError(
            "the key ring names another root and is not signed by the present one: sign with both"
        )
    return SignedRing(ring, octets)


def _signed_by(signed: Signed, root: bytes) -> bool:
    octets, kid = to_sign("sw-keys-v1", signed.raw), kid_of(root)
    return any(each.kid == kid and verify(root, octets, each.sig) for each in signed.signatures)
