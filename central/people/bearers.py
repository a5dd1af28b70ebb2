"""Random secrets that show who somebody is: sessions, tokens of programs, invitations. Only hashes are kept."""

import secrets
from hashlib import sha256

INVITATION = "inv_"
SESSION = "ses_"
TOKEN = "tok_"


def new_secret(kind: str) -> str:
    """256 random bits; `kind` is its beginning, so that people see what they hold."""
    return kind + secrets.token_urlsafe(32)


def new_id(kind: str) -> str:
    """A short public name of a session or token."""
    return f"{kind}-{secrets.token_hex(4)}"


def digest(secret: str) -> str:
    """What is kept of it, hex. The secrets are random and long: a slow hash would add nothing."""
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
