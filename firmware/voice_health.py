"""What legs and sound cards tell, as lines of the gateway's health. Each is told when it changes, not each time."""

from collections.abc import Callable

CLIPPED = 50
"""Samples at full scale per second from which on a card is said to clip."""
NODE = "voice node"


class VoiceHealth:
    """`tell(subject, what, advice)` takes the lines; an empty `what` is the end of the trouble."""

    def __init__(self, tell: Callable[[str, str, str], object]) -> None:
        self._tell = tell
        self._clipping: set[str] = set()
        self._node = ""

    def level(self, card: str, clipped: int) -> None:
        """A card's last second. One that clips is told once, and once when it is well again."""
        clips = clipped >= CLIPPED
        if clips != (card in self._clipping):
            self._clipping ^= {card}
            what = f"clips {clipped} samples a second" if clips else ""
            self._tell(f"level {card}", what, "turn down what feeds this card" if clips else "")

    def leg(self, up: bool, why: str) -> None:
        """A leg came up or failed. Somebody has to do something about a `why` that brings advice (after a `;`)."""
        what, semicolon, advice = ("", "", "") if up else why.partition("; ")
        if (up or semicolon) and what != self._node:
            self._node = what
            self._tell(NODE, what, advice)
