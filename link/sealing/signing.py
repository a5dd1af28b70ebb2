"""Door to PyNaCl (libsodium): signatures with Ed25519. Keys and signatures are octets; nothing is kept or logged.

Trap: libsodium's own private key is seed and public half together (64 octets); ours is the seed alone (32).
"""

from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from link.contract.signed import KEY_BYTES, SIGNATURE_BYTES


def make_pair() -> tuple[bytes, bytes]:
    """A new pair, (private, public), 32 octets each."""
    key = SigningKey.generate()
    return bytes(key), bytes(key.verify_key)


def public_of(private: bytes) -> bytes:
    """The public half of a private key. ValueError when it is none."""
    return bytes(_signing(private).verify_key)


def sign(private: bytes, octets: bytes) -> bytes:
    """The signature, 64 octets. ValueError when `private` is no key."""
    return bytes(_signing(private).sign(octets).signature)


def verify(public: bytes, octets: bytes, signature: bytes) -> bool:
    """Whether `signature` is that of `octets` by the holder of `public`; whatever is misshapen is not."""
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        VerifyKey(public).verify(octets, signature)
    except (CryptoError, ValueError):
        return False
    return True


def _signing(private: bytes) -> SigningKey:
    if len(private) != KEY_BYTES:
        raise ValueError(f"a private key has {KEY_BYTES} octets")
    return SigningKey(private)
