"""Door to PyNaCl (libsodium) for passwords: argon2id, salted, as the string that libsodium writes.

One hash takes some 64 MiB and tens of milliseconds: call it in a worker thread, and bound how many run at once.
"""

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

PREFIX = "$argon2id$"


def hash_password(password: str) -> str:
    """The string to keep. A fresh salt each time: two of the same password differ."""
    made = argon2id.str(password.encode(), argon2id.OPSLIMIT_INTERACTIVE, argon2id.MEMLIMIT_INTERACTIVE)
    return made.rstrip(b"\0").decode("ascii")


def password_fits(kept: str, password: str) -> bool:
    """Whether `kept` was made of this password. A string that is no hash fits nothing."""
    try:
        return argon2id.verify(kept.encode("ascii", "replace"), password.encode("utf-8", "surrogateescape"))
    except (CryptoError, ValueError):
        return False
