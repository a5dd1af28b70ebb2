"""Whom the voice engine answers: one INVITE at a time against the expected tokens and the known connections.

Pure but for the log; the engine does what it says. With `peers` only what comes over a TLS connection of somebody
believed is looked at, and his name must be the token's.
"""

import logging
import time
from collections import deque
from collections.abc import Callable

from link.voice.peers import Peers
from link.voice.port import TOKEN_HEADER, LegRefused
from link.voice.tokens import TOKEN_SHAPE, ExpectedTokens

log = logging.getLogger(__name__)

PENDING_MOST = 32
"""Incoming legs answered but not yet confirmed; more are turned away."""
REFUSED_A_SECOND = 20


def header_values(message: str, name: str) -> list[str]:
    """All values of a SIP header in a whole message, in order; names compare without case."""
    head = message.replace("\r\n", "\n").partition("\n\n")[0]
    values = []
    for line in head.split("\n")[1:]:
        found, colon, value = line.partition(":")
        if colon and found.strip().lower() == name.lower():
            values.append(value.strip())
    return values


class Screen:
    """Judges who calls; `post` hears of those refused, at most REFUSED_A_SECOND. `refused` counts all of them."""

    def __init__(
        self, expected: ExpectedTokens, peers: Peers | None, post: Callable[[LegRefused], object]
    ) -> None:
        self._expected = expected
        self._peers = peers
        self._post = post
        self._told: deque[float] = deque(maxlen=REFUSED_A_SECOND)
        self._untold = 0
        self.refused = 0

    def judge(self, source: str, message: str, pending: int) -> tuple[int, str]:
        """(200, token) when the INVITE `message` from `source` is to be answered, else the SIP status and ""."""
        name = self._peers.name(source) if self._peers is not None else None
        tokens = header_values(message, TOKEN_HEADER)
        if pending >= PENDING_MOST:
            code, why = 503, "too many legs are being answered"
        elif self._peers is not None and name is None:
            code, why = 403, "not over TLS with a certificate that is believed"
        elif len(tokens) != 1 or not TOKEN_SHAPE.fullmatch(tokens[0]):
            code, why = 403, "no token" if not tokens else "malformed token"
        else:
            why = self._expected.take(tokens[0], name)
            if not why:
                return 200, tokens[0]
            code = 403
        self.refuse(f"{source} {name}" if name else source, why)
        return code, ""

    def refuse(self, source: str, why: str) -> None:
        """Count one who was turned away, and tell of him unless too many are told already."""
        self.refused += 1
        now = time.monotonic()
        if len(self._told) == REFUSED_A_SECOND and now - self._told[0] < 1.0:
            self._untold += 1
            return
        self._told.append(now)
        self._post(LegRefused(source, why))

    def watch(self) -> None:
        """Once a second: log how many nobody was told of."""
        if self._untold:
            log.warning("event=legs-refused untold=%d", self._untold)
            self._untold = 0
