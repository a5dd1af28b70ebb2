"""The table of legs we expect: a token is good once and for a limited time.

Safe from any thread, bounded, no I/O. It never answers a call; it only says whether to.
"""

import re
import threading
from collections.abc import Callable

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
        self._good_until: dict[str, float] = {}
        self._lock = threading.Lock()

    def expect(self, token: str, ttl: float) -> None:
        """Let `token` in once within `ttl` s. VoiceError when malformed or 10 000 are waiting."""
        checked_token(token)
        with self._lock:
            now = self._now()
            if len(self._good_until) >= MOST_TOKENS:
                self._good_until = {t: until for t, until in self._good_until.items() if until > now}
            if len(self._good_until) >= MOST_TOKENS:
                raise VoiceError(f"voice engine expects {MOST_TOKENS} legs already; find out who orders them")
            self._good_until[token] = now + ttl

    def take(self, token: str) -> bool:
        """Use `token` up; True when it was expected and in time."""
        with self._lock:
            until = self._good_until.pop(token, None)
            return until is not None and self._now() <= until

    def __len__(self) -> int:
        return len(self._good_until)
