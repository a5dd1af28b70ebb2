"""From the board file to an open input, whatever its kind: the one call that a gateway needs.

Bits of Modbus devices are not opened here: they come with the polls of their bus.
"""

from typing import Protocol

from hw.board import Board
from hw.board_parts import HidInput, ModemLineInput, PinInput
from hw.inputs.hid import HidSource
from hw.inputs.modem_line import BenchModemLine, ModemLineSource
from hw.inputs.watching import Health, Source, Watched
from hw.pins import EdgeSink, Pins


class OpenInput(Protocol):
    """An input that posts its level once, then each change, until it is closed."""

    def close(self) -> None:
        """Stop posting and give it back."""
        ...


def open_input(
    spec: PinInput | HidInput | ModemLineInput, board: Board, pins: Pins, sink: EdgeSink, health: Health
) -> OpenInput:
    """Post the level of `spec` and its changes to `sink` (level, monotonic ns), on a thread of its own.

    A pin that cannot be had raises PinsUnavailable, and is the caller's to try again. A device that is not there
    is told to `health`, which hears None when it is there again; it is tried again by itself and reads off meanwhile.
    """
    source: Source
    match spec:
        case PinInput():
            return pins.open_input(spec, sink)
        case HidInput():
            source = HidSource(spec)
        case ModemLineInput() if board.kind == "bench":
            source = BenchModemLine(spec, board)
        case ModemLineInput(serial=serial):
            source = ModemLineSource(spec, board.serial(serial).device)
    return Watched(spec.name, source, sink, health)
