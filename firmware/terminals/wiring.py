"""Puts a terminal of the board file together: driver, profile, port and desk.

Profiles and PINs are read here, once, at the start; what is wrong with them stops it with file, key and advice.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from firmware.terminals.board import Shelf, Terminals
from firmware.terminals.host import Desk, Port, TerminalHost
from firmware.terminals.phone import PIN_TRIED, PhoneDesk
from firmware.terminals.radio import RadioDesk
from firmware.terminals.rig import RigDesk
from hw.board import Board
from hw.board_lines import Map27Line, PhoneLine, ShortwaveLine, TetraLine
from hw.board_parts import RigPort, SerialPort
from hw.map27.machine import Map27Line as Map27Driver
from hw.map27.profile import profile as map27_profile
from hw.map27.protocol import Splitter as Map27Splitter
from hw.phone.machine import Phone
from hw.phone.profile import load_profile
from hw.phone.protocol import Splitter as PhoneSplitter
from hw.rig.machine import Rig
from hw.rig.messages import Tune
from hw.rig.profile import load_profile as rig_profile
from hw.rig.protocol import Splitter as RigSplitter
from hw.tetra.machine import TetraLine as TetraDriver
from hw.tetra.profile import profile as tetra_profile
from hw.tetra.protocol import Splitter as TetraSplitter
from link.hosting.clock import Clock
from link.hosting.machine import Machine
from link.hosting.settings import SettingsError

Ports = Callable[[SerialPort | RigPort, int, bool, Callable[[object], object]], Port]
"""Opens a port: (its entry, baud and RTS/CTS of the profile, sink of its facts). RTS/CTS and baud: serial only."""
TerminalLine = TetraLine | Map27Line | PhoneLine | ShortwaveLine


@dataclass(frozen=True)
class _Parts:
    """What differs between the families: how a driver begins, its splitter, its desk, its port."""

    fresh: Callable[[], Machine]
    splitter: Callable[[], Any]
    desk: Desk
    entry: SerialPort | RigPort
    baud: int = 0
    rts_cts: bool = False


def wire_terminal(
    terminals: Terminals, board: Board, line: TerminalLine, clock: Clock, ports: Ports, shelf: Shelf
) -> None:
    """A runner for the driver of `line` and its port, not yet opened. SettingsError."""
    match line:
        case TetraLine():
            parts = _tetra(board, line)
        case Map27Line():
            parts = _map27(board, line)
        case PhoneLine():
            parts = _phone(board, line, shelf)
        case ShortwaveLine():
            parts = _rig(board, line)
    tell, unsafe = terminals.tell, terminals.unsafe
    host = TerminalHost(line.id, parts.fresh, parts.splitter, parts.desk, clock, tell, unsafe)
    baud, rts_cts = parts.baud, parts.rts_cts
    if isinstance(parts.entry, SerialPort):
        baud, rts_cts = parts.entry.baud or baud, parts.entry.rts_cts or rts_cts
    host.port = ports(parts.entry, baud, rts_cts, terminals.from_port(host))
    terminals.hosts[line.id] = host


def _tetra(board: Board, line: TetraLine) -> _Parts:
    profile = tetra_profile(line.profile)
    profile = profile.model_copy(update={"longest_talk": line.timeout, "grant_wait": line.late_grant})
    entry, desk = board.serial(line.serial), RadioDesk(line.id)
    driver = partial(TetraDriver, profile, line.group)
    return _Parts(driver, TetraSplitter, desk, entry, profile.baud, profile.rts_cts)


def _map27(board: Board, line: Map27Line) -> _Parts:
    profile = map27_profile(line.profile)
    profile = profile.model_copy(update={"longest_talk": line.timeout, "grant_wait": line.late_grant})
    entry, desk = board.serial(line.serial), RadioDesk(line.id)
    return _Parts(partial(Map27Driver, profile, line.group), Map27Splitter, desk, entry, profile.baud)


def _phone(board: Board, line: PhoneLine, shelf: Shelf) -> _Parts:
    profile, pin = load_profile(line.profile), _pin(line)

    def fresh() -> Machine:
        return replace(Phone(profile, pin), pin_tried=shelf.remembers(line.id, PIN_TRIED))

    desk, entry = PhoneDesk(line.id, line.answer, line.known), board.serial(line.serial)
    return _Parts(fresh, PhoneSplitter, desk, entry, profile.serial.baud, profile.serial.flow == "rts-cts")


def _rig(board: Board, line: ShortwaveLine) -> _Parts:
    entry = board.rig(line.rig)
    profile = rig_profile(entry.profile)
    if line.squelch == "dcd" and not profile.dcd:
        advice = 'set squelch = "syllabic", or dcd = true in the profile of a rig that has one'
        raise SettingsError(f"line {line.id!r}: profile {entry.profile!r} reads no DCD: {advice}")
    stand = Tune(line.frequency_hz, line.mode) if line.frequency_hz or line.mode else None
    desk = RigDesk(line.id, dcd=line.squelch == "dcd")
    return _Parts(partial(Rig, profile, stand), RigSplitter, desk, entry)


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
