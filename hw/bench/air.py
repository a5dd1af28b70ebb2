"""The shared air: who has a carrier up on which frequency. Pure; it knows no time, sound or pins.

Everyone on a frequency hears everyone else there, never himself. Two carriers at once on one frequency
collide.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Carrier:
    """One transmitter on the air; `source` is unique in the town (device name or handset name)."""

    frequency_hz: int
    source: str


@dataclass(frozen=True)
class Air:
    """All carriers of the town."""

    carriers: frozenset[Carrier] = frozenset()

    def up(self, frequency_hz: int, source: str) -> "Air":
        """The air after this carrier rose (idempotent)."""
        return replace(self, carriers=self.carriers | {Carrier(frequency_hz, source)})

    def down(self, frequency_hz: int, source: str) -> "Air":
        """The air after this carrier dropped (idempotent)."""
        return replace(self, carriers=self.carriers - {Carrier(frequency_hz, source)})

    def heard(self, frequency_hz: int, by: str) -> bool:
        """Whether a receiver named `by` has somebody else's carrier."""
        return any(c.frequency_hz == frequency_hz and c.source != by for c in self.carriers)

    def colliding(self, frequency_hz: int) -> bool:
        """Whether two or more carriers stand on this frequency."""
        return sum(c.frequency_hz == frequency_hz for c in self.carriers) > 1
