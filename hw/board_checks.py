"""What no single table of a board file can know: names used twice, pins used twice, names that do not exist,
parts that do not fit together, real and bench parts mixed, pins that would key a transmitter while the machine
is still starting.

Pure: takes a board that has passed its field checks, returns problems as data.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hw.board_lines import (
    LoudspeakerLine,
    Map27Line,
    PhoneLine,
    RadioLine,
    ShortwaveLine,
    TalkLine,
    TetraLine,
)
from hw.board_parts import (
    BitInput,
    CoilOutput,
    HidInput,
    HidOutput,
    ModemLineInput,
    ModemLineOutput,
    Output,
    PinInput,
    PinOutput,
    RigOutput,
    TerminalOutput,
)
from link.hosting.toml_places import did_you_mean

if TYPE_CHECKING:
    from hw.board import Board

# At power-on the Pi pulls GPIO 0-8 up and 9-27 down, long before any software runs; the bench does the same.
_PULLED_UP = range(9)
_CHATTER = {0: "the HAT EEPROM bus", 1: "the HAT EEPROM bus", 14: "the boot console", 15: "the boot console"}
_PTT_KINDS = {
    "radio": ("pin", "hid", "modem-line"),
    "shortwave": ("rig", "pin", "hid", "modem-line"),
    "tetra": ("terminal",),
    "map27": ("terminal",),
    "phone": ("terminal",),
}
_RELAY_KINDS = ("pin", "hid", "coil")
_BYPASS_KINDS = ("pin", "hid", "modem-line", "coil")


@dataclass(frozen=True)
class Problem:
    """What is wrong and where: `index` counts [[table]] entries from 0, None for a plain [table]."""

    table: str
    index: int | None
    key: str
    text: str


@dataclass(frozen=True)
class _Use:
    """One part named by another. `shared`: others may name it too."""

    table: str
    index: int
    owner: str
    key: str
    kind: str
    name: str
    shared: bool = False


def cross_check(board: "Board") -> list[Problem]:
    """Every problem between the tables of `board`, in the order of the file's kinds."""
    missing = list(_missing(board))
    checks = [*_kinds(board), *_twice(board), *_places(board), *missing, *_shared(board)]
    if not missing:
        checks += [*_fitting(board), *_bypasses(board), *_times(board)]
    return [*checks, *_power_on(board)]


def _names(board: "Board") -> dict[str, list[str]]:
    return {
        "card": [c.name for c in board.cards],
        "serial": [s.name for s in board.serials],
        "rig": [r.name for r in board.rigs],
        "bus": [b.name for b in board.buses],
        "relay_board": [b.name for b in board.relay_boards],
        "output": [o.name for o in board.outputs],
        "input": [i.name for i in board.inputs],
        "sensor": [s.name for s in board.sensors],
        "contact": [c.name for c in board.contacts],
        "bypass": [b.name for b in board.bypasses],
        "line": [line.id for line in board.lines],
    }


def _kinds(board: "Board") -> Iterator[Problem]:
    if board.kind == "bench" and not board.socket:
        text = "kind 'bench' needs the socket of the bench process: socket = \"…\""
        yield Problem("board", None, "socket", text)
    if board.kind == "real" and board.socket:
        text = "kind 'real' has no bench socket: remove the key, or set kind = \"bench\""
        yield Problem("board", None, "socket", text)
    for index, card in enumerate(board.cards):
        if (card.driver == "bench") != (board.kind == "bench"):
            mixed = f"driver {card.driver!r} on a board of kind {board.kind!r}"
            text = f"{card.name!r}: {mixed}: real and bench do not mix"
            yield Problem("card", index, "driver", text)
        elif card.driver != "bench" and not (card.capture or card.playback):
            yield Problem("card", index, "name", f"{card.name!r}: neither capture nor playback is given")
    yield from _devices(board)


def _devices(board: "Board") -> Iterator[Problem]:
    """A device below /dev is a real one; the bench makes its own elsewhere."""
    named = [("serial", index, s.name, s.device) for index, s in enumerate(board.serials)]
    hid = (HidOutput, HidInput)
    named += [("output", n, o.name, o.device) for n, o in enumerate(board.outputs) if isinstance(o, hid)]
    named += [("input", n, i.name, i.device) for n, i in enumerate(board.inputs) if isinstance(i, hid)]
    for table, index, name, device in named:
        if device.startswith("/dev/") == (board.kind == "bench"):
            mixed = f"device {device!r} on a board of kind {board.kind!r}"
            yield Problem(table, index, "device", f"{name!r}: {mixed}: real and bench do not mix")


def _twice(board: "Board") -> Iterator[Problem]:
    for table, names in _names(board).items():
        key = "id" if table == "line" else "name"
        for index, name in enumerate(names):
            if name in names[:index]:
                yield Problem(table, index, key, f"{name!r} is the name of two {table}s: rename one")


def _places(board: "Board") -> Iterator[Problem]:
    """Two parts at one physical place."""
    users: dict[str, str] = {}
    entries = [("output", index, part) for index, part in enumerate(board.outputs)]
    for table, index, part in [*entries, *(("input", n, part) for n, part in enumerate(board.inputs))]:
        match part:
            case PinOutput(pin=pin) | PinInput(pin=pin):
                key, place = "pin", f"pin {pin}"
            case HidOutput(device=device, gpio=gpio):
                key, place = "gpio", f"GPIO {gpio} of {device}"
            case ModemLineOutput(serial=serial, signal=signal) | ModemLineInput(serial=serial, signal=signal):
                key, place = "signal", f"{signal.upper()} of serial {serial!r}"
            case CoilOutput(board=relays, coil=coil):
                key, place = "coil", f"coil {coil} of relay board {relays!r}"
            case _:
                continue
        user = f"{table} {part.name!r}"
        if place in users:
            yield Problem(table, index, key, f"{place} is used twice: by {users[place]} and by {user}")
        users.setdefault(place, user)


def _uses(board: "Board") -> Iterator[_Use]:
    """Every part that another one names."""
    for index, line in enumerate(board.lines):
        for kind, key, name in line.uses:
            yield _Use("line", index, line.id, key, kind, name)
        if isinstance(line, LoudspeakerLine) and line.current:
            yield _Use("line", index, line.id, "current", "sensor", line.current, shared=True)
    for index, output in enumerate(board.outputs):
        match output:
            case ModemLineOutput(serial=serial) | TerminalOutput(serial=serial):
                yield _Use("output", index, output.name, "serial", "serial", serial, shared=True)
            case RigOutput(rig=rig):
                yield _Use("output", index, output.name, "rig", "rig", rig, shared=True)
            case CoilOutput(board=relays):
                yield _Use("output", index, output.name, "board", "relay_board", relays, shared=True)
    for index, source in enumerate(board.inputs):
        if isinstance(source, ModemLineInput):
            yield _Use("input", index, source.name, "serial", "serial", source.serial, shared=True)
        if isinstance(source, BitInput):
            yield _Use("input", index, source.name, "bus", "bus", source.bus, shared=True)
    yield from _instrument_uses(board)


def _instrument_uses(board: "Board") -> Iterator[_Use]:
    for index, bus in enumerate(board.buses):
        yield _Use("bus", index, bus.name, "serial", "serial", bus.serial)
    for index, relays in enumerate(board.relay_boards):
        yield _Use("relay_board", index, relays.name, "bus", "bus", relays.bus, shared=True)
    for index, sensor in enumerate(board.sensors):
        yield _Use("sensor", index, sensor.name, "bus", "bus", sensor.bus, shared=True)
    for index, contact in enumerate(board.contacts):
        yield _Use("contact", index, contact.name, "input", "input", contact.input, shared=True)
        if contact.second:
            yield _Use("contact", index, contact.name, "second", "input", contact.second, shared=True)
    for index, bypass in enumerate(board.bypasses):
        yield _Use("bypass", index, bypass.name, "relay", "output", bypass.relay)
        keys = ("mains", "read_back", "direct")
        optional = [(key, "input", getattr(bypass, key)) for key in keys]
        for key, kind, name in (*optional, ("volts", "sensor", bypass.volts), ("line", "line", bypass.line)):
            if name:
                yield _Use("bypass", index, bypass.name, key, kind, name, shared=True)


def _missing(board: "Board") -> Iterator[Problem]:
    known = _names(board)
    for use in _uses(board):
        if use.name not in known[use.kind]:
            hint = did_you_mean(use.name, known[use.kind])
            hint = hint or f"; there is {', '.join(known[use.kind]) or 'none'}"
            text = f"{use.owner!r}: there is no {use.kind} {use.name!r}{hint}"
            yield Problem(use.table, use.index, use.key, text)


def _shared(board: "Board") -> Iterator[Problem]:
    users: dict[tuple[str, str], _Use] = {}
    for use in _uses(board):
        if use.shared:
            continue
        first = users.setdefault((use.kind, use.name), use)
        if first is not use:
            both = f"{first.owner!r} and {use.owner!r}"
            tables = f"two {use.table}s" if first.table == use.table else f"a {first.table} and a {use.table}"
            yield Problem(
                use.table, use.index, use.key, f"{use.kind} {use.name!r} is used by {tables}: {both}"
            )


def _fitting(board: "Board") -> Iterator[Problem]:
    """Parts that exist but cannot do what they are named for."""
    for index, line in enumerate(board.lines):
        if isinstance(line, LoudspeakerLine):
            for key, name in (("relay", line.relay), *(("zones", zone) for zone in line.zones)):
                yield from _unfit(index, line.id, key, board.output(name), _RELAY_KINDS)
            continue
        ptt = board.output(line.ptt)
        yield from _unfit(index, line.id, "ptt", ptt, _PTT_KINDS[line.kind])
        yield from _ends(index, line, ptt)
        if isinstance(line, RadioLine) and (line.squelch == "cos") != bool(line.cos):
            wants = (
                "squelch 'cos' needs the input"
                if not line.cos
                else f"squelch {line.squelch!r} reads no input"
            )
            yield Problem("line", index, "cos", f'{line.id!r}: {wants}: cos = "…", or squelch = "vox"')


def _unfit(index: int, owner: str, key: str, output: Output, kinds: tuple[str, ...]) -> Iterator[Problem]:
    if output.kind not in kinds:
        what = f"output {output.name!r} is of kind {output.kind!r}, needed is {' or '.join(map(repr, kinds))}"
        yield Problem("line", index, key, f"{owner!r}: {what}")


def _ends(index: int, line: TalkLine, ptt: Output) -> Iterator[Problem]:
    """The line's driver and its output must be at the same device."""
    match line, ptt:
        case ((TetraLine() | Map27Line() | PhoneLine()), TerminalOutput()):
            if ptt.serial != line.serial:
                text = f"serial {line.serial!r} is not that of output {ptt.name!r} ({ptt.serial!r})"
                yield Problem("line", index, "serial", f"{line.id!r}: {text}")
            if ptt.family != line.kind:
                text = f"output {ptt.name!r} lets go of a {ptt.family!r}, not of a {line.kind!r}"
                yield Problem("line", index, "ptt", f"{line.id!r}: {text}")
        case ShortwaveLine(), RigOutput() if ptt.rig != line.rig:
            text = f"rig {line.rig!r} is not that of output {ptt.name!r} ({ptt.rig!r})"
            yield Problem("line", index, "rig", f"{line.id!r}: {text}")


def _bypasses(board: "Board") -> Iterator[Problem]:
    for index, bypass in enumerate(board.bypasses):
        relay = board.output(bypass.relay)
        if relay.kind not in _BYPASS_KINDS:
            kinds = " or ".join(map(repr, _BYPASS_KINDS))
            text = f"{bypass.name!r}: output {relay.name!r} is of kind {relay.kind!r}, needed is {kinds}"
            yield Problem("bypass", index, "relay", text)
        elif relay.longest > 0:
            text = f"{relay.name!r}: it holds the trunk of bypass {bypass.name!r} day and night: longest = 0"
            yield Problem("output", board.outputs.index(relay), "longest", text)
        if getattr(relay, "safe", 0):
            text = f"{relay.name!r}: without power bypass {bypass.name!r} must be bypassed: safe = 0"
            yield Problem("output", board.outputs.index(relay), "safe", text)
        if bypass.low >= bypass.high:
            text = f"{bypass.name!r}: low {bypass.low:g} V must be less than high {bypass.high:g} V"
            yield Problem("bypass", index, "low", text)


def _times(board: "Board") -> Iterator[Problem]:
    relays = {bypass.relay for bypass in board.bypasses}
    for index, output in enumerate(board.outputs):
        if output.longest < 0.1 and output.name not in relays:
            text = "longest 0 is without limit: only the relay of a [[bypass]] may be on for ever"
            yield Problem("output", index, "longest", f"{output.name!r}: {text}")
    for index, line in enumerate(board.lines):
        if isinstance(line, LoudspeakerLine):
            continue
        longest = board.output(line.ptt).longest
        key = "call_limit" if isinstance(line, PhoneLine) else "timeout"
        wanted = line.call_limit if isinstance(line, PhoneLine) else line.timeout
        if longest < wanted:
            text = (
                f"{line.id!r}: {key} {wanted:g} s is longer than output {line.ptt!r} may be on"
                f" (longest {longest:g} s): the guard would cut every long talk"
            )
            yield Problem("line", index, key, text)


def _power_on(board: "Board") -> Iterator[Problem]:
    for index, output in enumerate(board.outputs):
        if not isinstance(output, PinOutput):
            continue
        if output.pin in _CHATTER and board.kind == "real":
            owner = _CHATTER[output.pin]
            text = f"{output.name!r}: pin {output.pin} belongs to {owner}, which toggles it at start"
            yield Problem("output", index, "pin", text)
        elif (output.pin in _PULLED_UP) != bool(output.safe_level):
            pull, wanted = ("up", "9 to 27") if output.pin in _PULLED_UP else ("down", "2 to 8")
            text = (
                f"{output.name!r}: pin {output.pin} is pulled {pull} whenever no guard runs"
                " (power-on included), which is not its safe level: use a pin of"
                f" {wanted}, or a driver of the other polarity"
            )
            yield Problem("output", index, "pin", text)
