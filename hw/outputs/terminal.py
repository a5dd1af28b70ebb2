"""Radios and phones on a serial port: which bytes let go of which family, by the profile of the line that uses it.

A profile that cannot be read costs no safety: the family's generic one stands in, and the log says so.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from hw.board import Board
from hw.board_lines import Map27Line, PhoneLine, TetraLine
from hw.board_parts import TerminalOutput
from hw.map27.profile import profile as load_map27
from hw.outputs.unkey import Step, let_go_map27, let_go_phone, let_go_tetra
from hw.outputs.wire import WireDevice
from hw.phone.profile import load_profile
from hw.tetra.profile import profile as load_tetra
from link.hosting.settings import SettingsError

log = logging.getLogger(__name__)
P = TypeVar("P")
Plan = tuple[tuple[Step, ...], int, bool]
"""What to write, and how the port is set: baud, RTS/CTS."""


def open_terminal(board: Board, output: TerminalOutput) -> WireDevice:
    """The device behind `output`; KeyError when its serial port does not exist."""
    port = board.serial(output.serial)
    steps, baud, rts_cts = _plan(output, _profile_name(board, output.serial))
    return WireDevice(port.device, port.baud or baud, steps, rts_cts=port.rts_cts or rts_cts)


def _profile_name(board: Board, serial: str) -> str:
    users = [line for line in board.lines if isinstance(line, TetraLine | PhoneLine | Map27Line)]
    return next((line.profile for line in users if line.serial == serial), "generic")


def _plan(output: TerminalOutput, name: str) -> Plan:
    match output.family:
        case "tetra":
            tetra = _load(load_tetra, name, output.name)
            return let_go_tetra(tetra), tetra.baud, tetra.rts_cts
        case "phone":
            phone = _load(load_profile, name, output.name)
            return let_go_phone(phone), phone.serial.baud, phone.serial.flow == "rts-cts"
        case "map27":
            map27 = _load(load_map27, name, output.name)
            return let_go_map27(map27), map27.baud, False


def _load(loader: Callable[[str], P], name: str, out: str) -> P:
    try:
        return loader(name)
    except SettingsError as error:
        log.error("out=%s profile=%r unusable, generic instead: %s", out, name, error)
        return loader("generic")
