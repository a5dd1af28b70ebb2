"""What a gateway asks of its guard process, so that a fake can stand in for the door."""

from typing import Protocol

SHORTEST_LEASE = 0.002
"""Seconds; what is shorter is as good as over."""


class Guard(Protocol):
    """What the gateway asks of the guard process."""

    def feed(self, out: str, left: float, why: str, at_ns: int | None = None) -> bool:
        """Key `out` for `left` seconds."""

    def safe(self, out: str) -> bool:
        """Make `out` safe."""
