"""What no single table of a board file can know: names used twice, pins used twice, names that do not exist,
real and bench parts mixed, and pins that would key a transmitter while the machine is still starting.

Pure: takes a board that has passed its field checks, returns problems as data.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from link.hosting.toml_places import did_you_mean

if TYPE_CHECKING:
    from hw.board import Board

# At power-on the Pi pulls GPIO 0-8 up and 9-27 down, long before any software runs; the bench does the same.
_PULLED_UP = range(9)
_CHATTER = {0: "the HAT EEPROM bus", 1: "the HAT EEPROM bus", 14: "the boot console", 15: "the boot console"}


@dataclass(frozen=True)
class Problem:
    """What is wrong and where: `index` counts [[table]] entries from 0, None for a plain [table]."""

    table: str
    index: int | None
    key: str
    text: str


def cross_check(board: "Board") -> list[Problem]:
    """Every problem between the tables of `board`, in the order of the file's kinds."""
    return [
        *_kinds(board),
        *_twice(board),
        *_pins(board),
        *_lines(board),
        *_power_on(board),
    ]


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


def _twice(board: "Board") -> Iterator[Problem]:
    tables: tuple[tuple[str, str, Sequence[str]], ...] = (
        ("card", "name", [c.name for c in board.cards]),
        ("output", "name", [o.name for o in board.outputs]),
        ("input", "name", [i.name for i in board.inputs]),
        ("line", "id", [line.id for line in board.lines]),
    )
    for table, key, names in tables:
        for index, name in enumerate(names):
            if name in names[:index]:
                yield Problem(table, index, key, f"{name!r} is the name of two {table}s: rename one")


def _pins(board: "Board") -> Iterator[Problem]:
    users: dict[int, str] = {}
    entries = [("output", index, o.name, o.pin) for index, o in enumerate(board.outputs)]
    entries += [("input", index, i.name, i.pin) for index, i in enumerate(board.inputs)]
    for table, index, name, pin in entries:
        user = f"{table} {name!r}"
        if pin in users:
            yield Problem(table, index, "pin", f"pin {pin} is used twice: by {users[pin]} and by {user}")
        users.setdefault(pin, user)


def _lines(board: "Board") -> Iterator[Problem]:
    known = {
        "card": [c.name for c in board.cards],
        "output": [o.name for o in board.outputs],
        "input": [i.name for i in board.inputs],
    }
    users: dict[tuple[str, str], str] = {}
    for index, line in enumerate(board.lines):
        used = [("card", "card", line.card), *(("output", key, name) for key, name in line.pins)]
        if line.kind == "radio":
            used.append(("input", "cos", line.cos))
        for kind, key, name in used:
            if name not in known[kind]:
                hint = did_you_mean(name, known[kind]) or f"; there is {', '.join(known[kind]) or 'none'}"
                yield Problem("line", index, key, f"{line.id!r}: there is no {kind} {name!r}{hint}")
            elif (kind, name) in users:
                text = f"{kind} {name!r} is used by two lines: {users[kind, name]!r} and {line.id!r}"
                yield Problem("line", index, key, text)
            users.setdefault((kind, name), line.id)
        if line.kind == "radio" and line.ptt in known["output"]:
            longest = board.output(line.ptt).longest
            if longest < line.timeout:
                text = (
                    f"{line.id!r}: timeout {line.timeout:g} s is longer than output {line.ptt!r} may be on"
                    f" (longest {longest:g} s): the guard would cut every long talk"
                )
                yield Problem("line", index, "timeout", text)


def _power_on(board: "Board") -> Iterator[Problem]:
    for index, output in enumerate(board.outputs):
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
