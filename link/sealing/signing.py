"""Door to PyNaCl (libsodium): Ed25519 signatures and their keys, 32 octets each; a signature has 64."""

from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey


def make_pair() -> tuple[bytes, bytes]:
    """A new private key (its seed) and the public key to it."""
    key = SigningKey.generate()
    return bytes(key), bytes(key.verify_key)


def sign(private: bytes, octets: bytes) -> bytes:
    """The signature of `octets`. ValueError for what is no private key."""
    try:
        return SigningKey(private).sign(octets).signature
    except (CryptoError, TypeError) as error:
        raise ValueError(f"this is no private key: {error}") from None


def verify(public: bytes, octets: bytes, signature: bytes) -> bool:
    """Whether `signature` is that of `octets` by the private key to `public`. Never raises for what bytes hold."""
    try:
        VerifyKey(public).verify(octets, signature)
    except (CryptoError, ValueError, TypeError):
        return False
    return True
