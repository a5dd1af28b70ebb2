"""From a board to its wiring sheet: sections in the order of work, warnings first. Reads profiles, touches nothing."""

from hw.board import Board
from hw.board_lines import LoudspeakerLine
from hw.board_parts import PinInput, PinOutput
from hw.sheet import instruments, keying, ports
from hw.sheet.shape import Entry, Section, Sheet


def make_sheet(board: Board) -> Sheet:
    """The sheet of `board`; every part of it is there under its name."""
    sections = (
        keying.timers(board),
        keying.outputs(board),
        instruments.inputs(board),
        ports.cards(board),
        ports.serial_ports(board),
        ports.rigs(board),
        ports.buses(board),
        instruments.relay_boards(board),
        instruments.sensors(board),
        instruments.contacts(board),
        instruments.bypasses(board),
        ports.udev_rules(board),
        Section("Earthing and lightning", (), instruments.EARTHING),
    )
    used = tuple(section for section in sections if section.entries or section.title.startswith("Earthing"))
    pins = {o.pin: (o.name, "out") for o in board.outputs if isinstance(o, PinOutput)}
    pins |= {i.pin: (i.name, "in") for i in board.inputs if isinstance(i, PinInput)}
    warnings = (*_required(board), *keying.pin_warnings(board), *instruments.contact_warnings(board))
    return Sheet(board.name, board.kind, warnings, (_lines(board), *used), pins)


def _lines(board: Board) -> Section:
    entries = tuple(
        Entry(line.id, line.kind, tuple((key, name) for _, key, name in line.uses)) for line in board.lines
    )
    return Section("Lines", entries)


def _required(board: Board) -> list[str]:
    """The two warnings that stand first on every sheet with something that keys or sounds."""
    talks = [line.id for line in board.lines if not isinstance(line, LoudspeakerLine)]
    sounds = [line.id for line in board.lines if isinstance(line, LoudspeakerLine)]
    found = []
    if talks:
        found.append(
            f"{', '.join(talks)}: REQUIRED on site: the retriggerable PTT relay where a wire keys, and the radio's own "
            "time-out, each tried by itself"
        )
    if sounds:
        found.append(
            f"{', '.join(sounds)}: REQUIRED on site: an amplifier relay with its own maximum on-time"
        )
    return found
