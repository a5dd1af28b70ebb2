"""Puts a terminal of the board file together: driver, profile, port and desk.

Profiles and PINs are read here, once, at the start; what is wrong with them stops it with file, key and advice.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from firmware.terminals.board import Terminals
from firmware.terminals.host import Desk, Port, Splitter, TerminalHost
from firmware.terminals.phone import PIN_TRIED, PhoneDesk
from firmware.terminals.radio import RadioDesk
from firmware.terminals.shelf import DiskShelf
from hw.board import Board
from hw.board_lines import PhoneLine, TetraLine
from hw.board_parts import SerialPort
from hw.phone.machine import Phone
from hw.phone.profile import load_profile
from hw.phone.protocol import Splitter as PhoneSplitter
from hw.tetra.machine import TetraLine as TetraDriver
from hw.tetra.profile import profile as tetra_profile
from hw.tetra.protocol import Splitter as TetraSplitter
from link.hosting.clock import Clock
from link.hosting.machine import Machine
from link.hosting.settings import SettingsError

Ports = Callable[[SerialPort, int, bool, Callable[[object], object]], Port]
"""Opens a port: (its entry, baud of the profile, RTS/CTS of the profile, sink of its facts)."""


def wire_terminal(
    terminals: Terminals, board: Board, line: TetraLine | PhoneLine, clock: Clock, ports: Ports, shelf: Any
) -> None:
    """A runner for the driver of `line` and its port, not yet opened. SettingsError."""
    desk: Desk
    splitter: Callable[[], Splitter]
    if isinstance(line, TetraLine):
        fresh, baud, rts_cts = _tetra(line)
        desk, splitter = RadioDesk(line.id), TetraSplitter  # type: ignore[assignment]  # lists of typed lines
    else:
        fresh, baud, rts_cts = _phone(line, shelf)
        desk, splitter = PhoneDesk(line.id, line.answer, line.known), PhoneSplitter  # type: ignore[assignment]
    host = TerminalHost(line.id, fresh, splitter, desk, clock, terminals.tell, terminals.unsafe)
    entry = board.serial(line.serial)
    host.port = ports(entry, entry.baud or baud, entry.rts_cts or rts_cts, terminals.from_port(host))
    terminals.hosts[line.id] = host


def _tetra(line: TetraLine) -> tuple[Callable[[], Machine], int, bool]:
    profile = tetra_profile(line.profile)
    profile = profile.model_copy(update={"longest_talk": line.timeout, "grant_wait": line.late_grant})
    return lambda: TetraDriver(profile, line.group), profile.baud, profile.rts_cts


def _phone(line: PhoneLine, shelf: Any) -> tuple[Callable[[], Machine], int, bool]:
    profile, pin = load_profile(line.profile), _pin(line)

    def fresh() -> Machine:
        tried = isinstance(shelf, DiskShelf) and shelf.remembers(line.id, PIN_TRIED)
        return replace(Phone(profile, pin), pin_tried=tried)

    return fresh, profile.serial.baud, profile.serial.flow == "rts-cts"


def _pin(line: PhoneLine) -> str:
    """The SIM's PIN. SettingsError: the file cannot be read or holds no PIN."""
    if not line.pin_file:
        return ""
    try:
        pin = Path(line.pin_file).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise SettingsError(f"line {line.id!r}: pin_file {line.pin_file} cannot be read: {error}") from error
    if not (4 <= len(pin) <= 8 and pin.isdigit()):
        raise SettingsError(
            f"line {line.id!r}: pin_file {line.pin_file} must hold 4 to 8 digits and nothing else"
        )
    return pin
