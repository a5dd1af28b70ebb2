"""A relay of a Modbus board: its driver closes it by the board's own timed pulses, the guard opens it.

Several relays may hang on one bus: their outputs take turns, or two frames would meet. The pulses end by themselves,
so that the relay opens even if nothing gets through.
"""

import logging
import threading

from hw.board import Board
from hw.board_parts import CoilOutput
from hw.outputs.unkey import open_coil
from hw.outputs.wire import WireDevice
from hw.relay_board.profile import load_profile
from link.hosting.settings import SettingsError

log = logging.getLogger(__name__)
SHIPPED = "waveshare-8"


def open_relay(board: Board, output: CoilOutput, turns: dict[str, threading.Lock]) -> WireDevice:
    """The device behind `output`; `turns` by bus is filled as needed. KeyError when a part does not exist."""
    relays = board.relay_board(output.board)
    bus = board.bus(relays.bus)
    port = board.serial(bus.serial)
    try:
        baud = port.baud or load_profile(relays.profile).baud
    except SettingsError as error:
        log.error("out=%s profile=%r unusable, %s instead: %s", output.name, relays.profile, SHIPPED, error)
        baud = load_profile(SHIPPED).baud
    steps = open_coil(relays.address, output.coil, baud, bus.gap_ms / 1000)
    turn = turns.setdefault(bus.name, threading.Lock())
    return WireDevice(port.device, baud, steps, rts_cts=port.rts_cts, turn=turn)
