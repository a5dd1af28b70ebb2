"""The pin as an output of the guard: written in the guard's own thread, at once."""

from hw.board_parts import PinOutput
from hw.pins import PinFault, Pins


class PinDoor:
    """Implements OutputDoor. Raises PinsUnavailable when it cannot be opened."""

    vital = True
    fd = -1
    deadline_ns = None

    def __init__(self, spec: PinOutput, pins: Pins) -> None:
        self.name = spec.name
        self.fault = ""
        self._pin = pins.open_output(spec)

    @property
    def settled(self) -> bool:
        """The pin took its last value."""
        return not self.fault

    def write(self, on: bool, *, ordered: bool = False) -> None:
        """Drive the pin."""
        try:
            self._pin.write(on)
        except PinFault as fault:
            self.fault = str(fault)
        else:
            self.fault = ""

    def serve(self) -> None:
        """A pin has no news."""

    def close(self, until: float) -> None:
        """The pins are closed together, by whoever opened them."""
