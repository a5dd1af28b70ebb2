"""Whom this gateway believes: the pinned root, the key ring that it signed, the documents that the ring's keys sign.

A ring is taken in if the root of the one before signed it and its revision is higher. One that names another root
needs both: it stays in the chain that leads from the pinned root to the newest ring, so that a start finds the way.
In plain mode nothing is signed and everything is believed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from link.contract.envelope import EnvelopeError
from link.contract.keyring import KeyEntry, KeyRing, KeyUse, decode_ring
from link.contract.signed import Signed, decode_signed, kid_of, to_sign

Verify = Callable[[bytes, bytes, bytes], bool]
"""Public key, octets, signature: whether it is genuine."""
ROTATIONS_MOST = 16


def nobody(public: bytes, octets: bytes, signature: bytes) -> bool:
    """Believes no signature."""
    return False


@dataclass(frozen=True)
class When:
    """The clocks at a moment: `wall` (Unix s) and whether it is right; `floor` (Unix s) has surely passed."""

    wall: float
    trusted: bool
    floor: float = 0.0

    @property
    def right(self) -> float | None:
        """The time, if it is known."""
        return self.wall if self.trusted and self.wall >= self.floor else None

    @property
    def lowest(self) -> float:
        """The time that has surely passed."""
        return self.floor if self.right is None else self.wall


class NotAllowed(Exception):
    """Something is not let through. `reason` is one word for programs and tables, the text for people."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(f"{reason}: {text}")
        self.reason, self.text = reason, text


@dataclass(frozen=True)
class Trust:
    """See the module. `chain`: rings as they were signed, each leading to the next; the last is `ring`.

    `rotated`: `ring` brought another root, so that the chain needs it also when there is a newer one.
    """

    gateway: str
    plain: bool = False
    root: bytes = b""
    verify: Verify = field(default=nobody, compare=False, repr=False)
    chain: tuple[bytes, ...] = field(default=(), repr=False)
    ring: KeyRing | None = field(default=None, repr=False)
    rotated: bool = False

    def with_ring(self, payload: bytes) -> "Trust":
        """With this ring, if it is newer. EnvelopeError: it is not believed, and the one before stays."""
        signed = decode_signed(payload)
        before = self.ring.root if self.ring is not None else self.root
        ring = decode_ring(signed.raw)
        if not all(self._signed_by(public, signed) for public in {before, ring.root}):
            raise EnvelopeError("root", "the key ring is not signed by the root key of this gateway")
        if self.ring is not None and ring.rev <= self.ring.rev:
            if ring != self.ring:
                raise EnvelopeError("old-ring", f"key ring {ring.rev}, this gateway has {self.ring.rev}")
            return self
        kept = self.chain if self.rotated or self.ring is None else self.chain[:-1]
        rotated = ring.root != before
        if rotated and len(kept) >= ROTATIONS_MOST:
            raise EnvelopeError(
                "root", "the root key was changed too often: set [authority] root to the new one"
            )
        return replace(self, ring=ring, chain=(*kept, payload), rotated=rotated)

    def restored(self, chain: tuple[bytes, ...]) -> "Trust":
        """With the rings that the disk had, each checked again. EnvelopeError."""
        trust = self
        for payload in chain:
            trust = trust.with_ring(payload)
        return trust

    def _signed_by(self, public: bytes, signed: Signed) -> bool:
        octets, kid = to_sign("sw-keys-v1", signed.raw), kid_of(public)
        rows = [row for row in signed.signatures if row.kid == kid]
        return any(self.verify(public, octets, row.sig) for row in rows)

    def document(self, payload: bytes, when: When) -> bytes:
        """What the centre signed with its config key. EnvelopeError."""
        if self.plain:
            return payload
        signed = decode_signed(payload)
        try:
            for row in signed.signatures:
                key = self.key(row.kid, ("config",), when)
                if self.verify(key.public, to_sign("sw-doc-v1", signed.raw), row.sig):
                    return signed.raw
        except NotAllowed as refused:
            raise EnvelopeError(refused.reason, refused.text) from None
        raise EnvelopeError("forged", "no signature of the centre's config key fits")

    def key(self, kid: str, uses: tuple[KeyUse, ...], when: When) -> KeyEntry:
        """The key of this name, if it counts now and for this. NotAllowed."""
        if self.ring is None:
            raise NotAllowed("no-keys", "this gateway holds no key ring")
        if kid in self.ring.revoked:
            raise NotAllowed("revoked", f"key {kid} was revoked")
        key = self.ring.find(kid, None)
        if key is None:
            raise NotAllowed("unknown-key", f"key {kid[:16]} is not in ring {self.ring.rev}")
        early = when.right is not None and when.right < key.not_before
        if early or key.not_after < when.lowest:
            raise NotAllowed("key-time", f"key {kid} of {key.holder} does not count at this time")
        if key.use not in uses:
            raise NotAllowed("wrong-use", f"key {kid} of {key.holder} is for {key.use}")
        return key
