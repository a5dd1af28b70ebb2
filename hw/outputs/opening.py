"""From the board file to doors: one for each output, whatever its kind. Opening never waits for a device."""

import logging
import threading

from hw.board import Board
from hw.board_parts import (
    CoilOutput,
    HidOutput,
    ModemLineOutput,
    Output,
    PinOutput,
    RigOutput,
    TerminalOutput,
)
from hw.outputs.coil import open_relay
from hw.outputs.door import OutputDoor, OutputFault
from hw.outputs.hid import Chip, HidDevice
from hw.outputs.modem_line import BenchModemLine, ModemLineDevice
from hw.outputs.pin import PinDoor
from hw.outputs.rig import RigDevice
from hw.outputs.slow import SlowDevice, SlowDoor
from hw.outputs.terminal import open_terminal
from hw.pins import Pins

log = logging.getLogger(__name__)


class DeviceDoors:
    """Makes the doors of one board's devices; what outputs share (a chip, a bus) is kept here."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._chips: dict[str, Chip] = {}
        self._turns: dict[str, threading.Lock] = {}

    def open(self, output: Output) -> SlowDoor:
        """The door of an output that is no pin. OutputFault when the board file lacks a part that it names."""
        try:
            return SlowDoor(output.name, self._device(output))
        except KeyError as error:
            raise OutputFault(f"output {output.name!r} names {error}, which the board file lacks") from error

    def _device(self, output: Output) -> SlowDevice:
        board = self._board
        match output:
            case HidOutput(device=device):
                return HidDevice(output, self._chips.setdefault(device, Chip()))
            case ModemLineOutput() if board.kind == "bench":
                return BenchModemLine(output, board)
            case ModemLineOutput(serial=serial):
                modem = [each for each in board.outputs if isinstance(each, ModemLineOutput)]
                owned = frozenset(each.signal for each in modem if each.serial == serial)
                return ModemLineDevice(output, board.serial(serial).device, owned)
            case RigOutput(rig=rig):
                return RigDevice(board.rig(rig))
            case TerminalOutput():
                return open_terminal(board, output)
            case CoilOutput():
                return open_relay(board, output, self._turns)
            case PinOutput():
                raise OutputFault(f"output {output.name!r} is a pin")


def open_doors(board: Board, pins: Pins) -> dict[str, OutputDoor]:
    """Name -> door of every output. PinsUnavailable when a pin cannot be had, OutputFault for a board with gaps."""
    devices = DeviceDoors(board)
    doors: dict[str, OutputDoor] = {}
    for output in board.outputs:
        if isinstance(output, PinOutput):
            doors[output.name] = PinDoor(output, pins)
        else:
            doors[output.name] = devices.open(output)
    return doors
