"""How long to wait before the next try: exponential with full jitter.

Pure: no clock, no sleeping. Randomness comes in as a function so that tests turn it by hand.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Backoff:
    """Waits of `first`, `first*factor`, … up to `most` seconds, each drawn from [wait*floor, wait].

    Half of each wait is the floor for neighbours: with a full draw from zero one that crashed is hammered. A fleet
    at one broker takes 0: it is spread best by the full draw.
    """

    first: float = 0.2
    factor: float = 2.0
    most: float = 120.0
    floor: float = 0.5
    rng: Callable[[], float] = random.random
    _wait: float = field(default=0.0, init=False)

    def next(self) -> float:
        """Seconds to wait before the next try."""
        self._wait = min(self.most, self._wait * self.factor if self._wait else self.first)
        return self._wait * (self.floor + (1 - self.floor) * self.rng())

    def reset(self) -> None:
        """Call after a success: the next wait is `first` again."""
        self._wait = 0.0
