"""What a machine is: a frozen value that turns an event into its successor and a list of effects.

Theory: a machine keeps the raw facts it was told and derives its state from them, so that no fact can be
lost by being in the wrong state when it arrived. It does no I/O, reads no clock, logs nothing and draws no
random numbers; `now` is an argument. Whatever must happen outside is returned as an effect, a plain frozen
value, and performed by the runner's owner. A machine that must act later names the moment as its `deadline`;
the runner sends it a `Tick` then. A Tick may come late or twice and must do no harm.
"""

from dataclasses import dataclass
from typing import Protocol, Self


@dataclass(frozen=True)
class Tick:
    """The machine's deadline has come."""


class Machine(Protocol):
    """Pure logic of one thing: one line, one group, one broadcast."""

    @property
    def deadline(self) -> float | None:
        """Monotonic seconds at which the machine wants a Tick, or None."""

    def handle(self, event: object, now: float) -> tuple[Self, tuple[object, ...]]:
        """The machine after `event`, and what has to be done outside. Unknown events change nothing."""
