"""The key ring: whose signature counts for what. Signed by the root key that each gateway got when it was set up.

A ring is whole; its `rev` only rises. A ring that names another root must be signed by the old and the new one.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from link.contract.envelope import EnvelopeError, pack, unpack
from link.contract.ids import Short
from link.contract.signed import KEY_BYTES, Kid, kid_of
from link.contract.wire import Wire, validated

KeyUse = Literal["live", "drill", "admin", "runner", "config"]
"""What a key may sign: live and drill authorities and their stops (persons), class E (persons), commands (the centre),
documents (the centre)."""
MOST_KEYS = 64
"""Keys of one ring: it travels in the desired document."""


class KeyEntry(Wire):
    """One public key (Ed25519). `holder`: the person, or `core`. Unix seconds."""

    kid: Kid
    public: bytes = Field(min_length=KEY_BYTES, max_length=KEY_BYTES)
    use: KeyUse
    holder: Short = Field(min_length=1)
    not_before: int = Field(default=0, ge=0)
    not_after: int = Field(ge=0)

    @model_validator(mode="after")
    def _named_by_itself(self) -> Self:
        if self.kid != kid_of(self.public):
            raise ValueError("kid is not the name of this key")
        return self


class KeyRing(Wire):
    """All keys that count, and the names of those that count no more."""

    v: Literal[1] = 1
    rev: int = Field(ge=1)
    iat: int = Field(ge=0)
    root: bytes = Field(min_length=KEY_BYTES, max_length=KEY_BYTES)
    keys: tuple[KeyEntry, ...] = Field(default=(), max_length=MOST_KEYS)
    revoked: tuple[Kid, ...] = Field(default=(), max_length=256)

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({each.kid for each in self.keys}) != len(self.keys):
            raise ValueError("a key stands in the ring twice")
        return self

    def find(self, kid: str, at: float | None) -> KeyEntry | None:
        """The key of this name if it counts at `at` (Unix s); None for `at`: no clock, its time is not looked at."""
        if kid in self.revoked:
            return None
        for key in self.keys:
            if key.kid == kid:
                return key if at is None or key.not_before <= at <= key.not_after else None
        return None


def encode_ring(ring: KeyRing) -> bytes:
    """The octets that the root key signs."""
    return pack(ring.model_dump(mode="python"))


def decode_ring(raw: bytes) -> KeyRing:
    """EnvelopeError only."""
    value = unpack(raw)
    if isinstance(value, dict) and value.get("v") != 1:
        raise EnvelopeError("version", f"key ring version {str(value.get('v'))[:20]}")
    return validated(KeyRing, value)
