"""Door to cryptography: keys agreed by X25519 (RFC 7748) and drawn by HKDF with SHA-256 (RFC 5869). Octets only.

Trap: the vendor refuses a public key of low order only when it is used (ValueError in `exchange`), not when it is
loaded: such a key would make the shared secret known to everybody.
"""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from link.contract.signed import KEY_BYTES


def new_pair() -> tuple[bytes, bytes]:
    """A fresh pair, (private, public), 32 octets each; to be forgotten with the session."""
    key = X25519PrivateKey.generate()
    return key.private_bytes_raw(), key.public_key().public_bytes_raw()


def agreed(private: bytes, theirs: bytes, salt: bytes, info: bytes) -> bytes:
    """32 octets that only the owners of the two pairs can know. ValueError: `theirs` is no key, or one of low order."""
    shared = X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(theirs))
    return HKDF(SHA256(), KEY_BYTES, salt, info).derive(shared)
