"""The pins between gateways and devices: which device a level goes to, which level a gateway reads. Pure."""

from collections.abc import Callable

PinId = tuple[str, int | str]
OnInput = Callable[[PinId, int, int], None]
"""Told (pin, level, time in ns)."""
Drive = Callable[[bool, int], None]
"""Told (active, time in ns)."""


class Wires:
    """`on_input` is told each change of a pin that a gateway reads."""

    def __init__(self, on_input: OnInput) -> None:
        self.inputs: dict[PinId, int] = {}
        self._outputs: dict[PinId, tuple[Drive, bool]] = {}
        self._on_input = on_input

    def output(self, pin: PinId, active_high: bool, drive: Drive) -> None:
        """A device sits at a pin that a gateway drives."""
        self._outputs[pin] = (drive, active_high)

    def input(self, pin: PinId, active_high: bool, active: bool = False) -> Drive:
        """A device sits at a pin that a gateway reads; with the returned function it moves the level."""
        self.inputs[pin] = int(active == active_high)

        def move(on: bool, now: int) -> None:
            level = int(on == active_high)
            if self.inputs[pin] != level:
                self.inputs[pin] = level
                self._on_input(pin, level, now)

        return move

    def write(self, pin: PinId, level: int, now: int) -> None:
        """A gateway drives a pin to an electrical level; pins without a device are ignored."""
        if pin in self._outputs:
            drive, active_high = self._outputs[pin]
            drive(bool(level) == active_high, now)
