"""Door to pyotp: six digits that change every 30 s (TOTP, RFC 6238). Each is good once."""

import hmac

import pyotp

ISSUER = "Spillway"
STEP = 30
DRIFT = 1
"""Steps that the clock of somebody's device may be off, either way."""


def new_seed() -> str:
    """A random seed, base32."""
    return pyotp.random_base32()


def uri(seed: str, name: str) -> str:
    """What a device reads from a QR code."""
    return pyotp.TOTP(seed).provisioning_uri(name=name, issuer_name=ISSUER)


def code_at(seed: str, now: float) -> str:
    """The code at a moment (Unix seconds)."""
    return str(pyotp.TOTP(seed).at(int(now)))


def step_of(seed: str, code: str, now: float, last: int) -> int | None:
    """The step (Unix seconds / 30) whose code this is, if it is a later one than `last`; None: wrong or used."""
    here = int(now) // STEP
    found: int | None = None
    for step in range(here - DRIFT, here + DRIFT + 1):
        right = hmac.compare_digest(code_at(seed, step * STEP).encode(), code.encode("utf-8", "replace"))
        if right and step > last:
            found = step
    return found
