"""Who hears which input of the board file: one table, filled at start. An input is opened once, whoever hears it.

It does not open anything and knows no kind of input: pins, buttons, modem lines and bits look alike from here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

Hear = Callable[[bool, int], object]
"""(level, monotonic ns), called from any thread: must only post."""


@dataclass
class Wires:
    """Listeners by the name of the input."""

    listeners: dict[str, list[Hear]] = field(default_factory=dict)

    def listen(self, name: str, hear: Hear) -> None:
        """`hear` gets the level of the input `name` as soon as it is known, then every change."""
        self.listeners.setdefault(name, []).append(hear)

    def heard(self, name: str) -> Hear:
        """What the door of the input `name` calls."""
        listeners = self.listeners.get(name, [])

        def hear(on: bool, at_ns: int) -> None:
            for listener in listeners:
                listener(on, at_ns)

        return hear
