"""Who uses a part of a board, in words: "PTT of line r1". One look over the board file; decides nothing."""

from hw.board import Board
from hw.board_lines import LoudspeakerLine
from hw.board_parts import BitInput, CoilOutput, ModemLineInput, ModemLineOutput, RigOutput, TerminalOutput

_WORDS = {
    "ptt": "PTT",
    "cos": "squelch (COS)",
    "relay": "amplifier relay",
    "zones": "loudspeaker zone",
    "read_back": "read-back",
    "card": "sound",
    "monitor": "monitor microphone",
    "rig": "rig",
    "serial": "data port",
}


def users(board: Board, kind: str, name: str) -> str:
    """Everyone who names the part `name` of a kind (output, input, card, serial, rig, sensor, bus, relay_board)."""
    found = [
        f"{_WORDS.get(key, key)} of line {line.id}"
        for line in board.lines
        for table, key, used in line.uses
        if (table, used) == (kind, name)
    ]
    found += [f"{what} {owner}" for what, owner in _others(board, kind, name)]
    return ", ".join(found) or "the gateway itself"


def _others(board: Board, kind: str, name: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in board.lines:
        if kind == "sensor" and isinstance(line, LoudspeakerLine) and line.current == name:
            found.append(("current of line", line.id))
    for contact in board.contacts:
        if kind == "input" and name in (contact.input, contact.second):
            found.append(("contact", contact.name))
    for bypass in board.bypasses:
        named = {"output": {"relay of": bypass.relay}, "sensor": {"supply of": bypass.volts}}
        named["input"] = {"mains of": bypass.mains, "read-back of": bypass.read_back}
        found += [
            (f"{what} bypass", bypass.name) for what, part in named.get(kind, {}).items() if part == name
        ]
    for bus in board.buses:
        found += [("Modbus", bus.name)] if (kind, name) == ("serial", bus.serial) else []
    for relays in board.relay_boards:
        found += [("relay board", relays.name)] if (kind, name) == ("bus", relays.bus) else []
    for sensor in board.sensors:
        found += [("sensor", sensor.name)] if (kind, name) == ("bus", sensor.bus) else []
    for output in board.outputs:
        match output:
            case ModemLineOutput(serial=used) | TerminalOutput(serial=used):
                place = ("serial", used)
            case RigOutput(rig=used):
                place = ("rig", used)
            case CoilOutput(board=used):
                place = ("relay_board", used)
            case _:
                continue
        found += [("output", output.name)] if place == (kind, name) else []
    for source in board.inputs:
        if isinstance(source, ModemLineInput) and (kind, name) == ("serial", source.serial):
            found.append(("input", source.name))
        if isinstance(source, BitInput) and (kind, name) == ("bus", source.bus):
            found.append(("input", source.name))
    return found
