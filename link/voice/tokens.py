"""The table of legs we expect: a token is good once, for a limited time, and for one caller.

Safe from any thread, bounded, no I/O. It never answers a call; it only says whether to. Tokens are kept as keyed
digests: how long a look-up takes says nothing about them.
"""

import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from link.voice.port import VoiceError

TOKEN_SHAPE = re.compile(r"[A-Za-z0-9._~-]{1,128}")
MOST_TOKENS = 10_000


def checked_token(token: str) -> str:
    """`token` itself; VoiceError when it could not stand in a SIP header."""
    if not TOKEN_SHAPE.fullmatch(token):
        raise VoiceError("token: 1 to 128 letters, digits or ._~- expected; issue another one")
    return token


def checked_uri(uri: str) -> str:
    """`uri` itself; VoiceError unless it is a plain `sip:` address of at most 255 characters."""
    if not uri.startswith("sip:") or any(sign in uri for sign in '\r\n<>" \t') or len(uri) > 255:
        raise VoiceError(f"uri {uri[:80]!r}: sip:name@host[:port] expected")
    return uri


class ExpectedTokens:
    """Tokens and the time until which each is good. `now` gives seconds that only grow."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._salt = secrets.token_bytes(32)
        self._waiting: dict[bytes, _Expected] = {}
        self._lock = threading.Lock()

    def expect(self, token: str, ttl: float, peer: str = "") -> None:
        """Let `token` in once within `ttl` s, shown by `peer`. VoiceError when malformed or 10 000 are waiting."""
        checked_token(token)
        with self._lock:
            now = self._now()
            if len(self._waiting) >= MOST_TOKENS:
                self._waiting = {t: each for t, each in self._waiting.items() if each.until > now}
            if len(self._waiting) >= MOST_TOKENS:
                raise VoiceError(f"voice engine expects {MOST_TOKENS} legs already; find out who orders them")
            self._waiting[self._digest(token)] = _Expected(now + ttl, peer)

    def take(self, token: str, peer: str | None = None) -> str:
        """Use `token` up and return "", or say why it is not let in.

        `peer` is the name in the caller's certificate, None where nobody has one. Another's token stays good for
        its owner: a thief must not be able to spend it.
        """
        digest = self._digest(token)
        with self._lock:
            found = self._waiting.get(digest)
            if found is None:
                return "unknown or used token"
            if peer is not None and peer != found.peer:
                return "token of another gateway"
            del self._waiting[digest]
            return "" if self._now() <= found.until else "token came too late"

    def __len__(self) -> int:
        return len(self._waiting)

    def _digest(self, token: str) -> bytes:
        return blake2b(token.encode(), key=self._salt).digest()


@dataclass(frozen=True, slots=True)
class _Expected:
    until: float
    peer: str
