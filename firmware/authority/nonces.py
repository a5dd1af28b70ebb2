"""Words that say how old a command is at most, where no clock does: it was signed after its word was published. Pure.

A word is good for the `ttl` of the command that names it, counted from its drawing on the monotonic clock. That nothing
is taken twice is not its work: several commands of one moment may name the same word.
"""

import hashlib
from dataclasses import dataclass, field

KEPT = 8
"""Words that are still known when newer ones were drawn."""
FRESH = 5.0
"""Seconds for which the newest word is given again instead of a new one, so that several refusals name one word."""


@dataclass(frozen=True)
class Nonces:
    """`seed` is drawn anew at every start, so that words of earlier starts mean nothing."""

    seed: bytes = field(repr=False, compare=False)
    drawn: int = 0
    words: tuple[tuple[str, float], ...] = ()

    @property
    def newest(self) -> str:
        """The word to sign with, empty before the first."""
        return self.words[-1][0] if self.words else ""

    def drawing(self, now: float) -> "Nonces":
        """With a new word."""
        number = self.drawn + 1
        word = hashlib.sha256(self.seed + number.to_bytes(8, "big")).hexdigest()[:32]
        return Nonces(self.seed, number, (*self.words, (word, now))[-KEPT:])

    def fresh(self, now: float) -> "Nonces":
        """With a word that is young enough to be signed and sent back."""
        young = bool(self.words) and now - self.words[-1][1] <= FRESH
        return self if young else self.drawing(now)

    def good(self, word: str, ttl: float, now: float) -> bool:
        """Whether a command that names `word` was signed within the last `ttl` seconds."""
        return bool(word) and any(word == each and now - at <= ttl for each, at in self.words)
