"""What can still be read of a board file with faults: enough to make its outputs safe, and nothing more.

Each table is taken by itself; unknown keys are left out, missing ones filled in where that cannot make anything
less safe. Tables that cannot be read are named in the log. Nothing here may be used to key anything.
"""

import difflib
import logging
import tomllib
from typing import Any

from pydantic import ValidationError

from hw.board import Board
from hw.board_lines import LINES
from hw.board_parts import OUTPUTS, ModbusPort, Part, RelayBoard, RigPort, SerialPort

log = logging.getLogger("make_safe")

_PLAIN: dict[str, type[Part]] = {
    "serial": SerialPort,
    "rig": RigPort,
    "bus": ModbusPort,
    "relay_board": RelayBoard,
}
LONGEST = 1.0
"""Stands in for a longest on-time that cannot be read: nothing is switched on here."""


_SPARE: dict[str, dict[str, object]] = {
    "output": {"longest": LONGEST},
    "line": {"id": "rest", "card": "rest", "ptt": "rest"},
}
_POLARITY = ("active_high", "safe")


def rest_of_board(text: str) -> tuple[Board, list[str]]:
    """The board without its faulty tables, and the outputs among these; ValueError when the text is no TOML."""
    data = tomllib.loads(text)
    unread: list[str] = []
    parts = {table: _entries(data, table, {"": model}, unread) for table, model in _PLAIN.items()}
    unread.clear()  # an output that lacks one of these says so when it is opened
    parts["line"] = _entries(data, "line", LINES, [])
    parts["output"] = _entries(data, "output", OUTPUTS, unread, "pin")
    found = data.get("board")
    head = {key: found.get(key, "") if isinstance(found, dict) else "" for key in ("socket", "gateway")}
    head |= {"name": "rest", "kind": "bench" if head["socket"] else "real"}
    return Board.model_validate({"board": head, **parts}), unread


def _entries(
    data: dict[str, Any], table: str, kinds: dict[str, type[Part]], unread: list[str], usual: str = ""
) -> list[Part]:
    entries = data.get(table, [])
    found = []
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        values = entry if isinstance(entry, dict) else {}
        name = f"{table}-{number}"
        try:
            model = kinds[str(values.get("kind", usual)) if len(kinds) > 1 else ""]
            found.append(_part(model, values, {"name": name} | _SPARE.get(table, {})))
        except (KeyError, ValidationError, ValueError) as error:
            log.error("%s %r cannot be read: %s", table, entry, error)
            unread.append(str(values.get("name", name)))
    return found


def _part(model: type[Part], values: dict[str, Any], spare: dict[str, object]) -> Part:
    """The part; what `spare` has may be missing or wrong. ValueError when its polarity is in doubt."""
    polarity = [key for key in _POLARITY if key in model.model_fields]
    for key in values.keys() - model.model_fields.keys():
        if difflib.get_close_matches(key, polarity):
            raise ValueError(f"{key!r} may mean its polarity: the wrong one would key it")
    known = {key: value for key, value in values.items() if key in model.model_fields}
    spare = {key: value for key, value in spare.items() if key in model.model_fields}
    try:
        return model.model_validate(spare | known)
    except ValidationError as error:
        bad = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
    return model.model_validate(
        {key: value for key, value in known.items() if key not in bad} | _only(spare, bad, known)
    )


def _only(spare: dict[str, object], bad: set[str], known: dict[str, Any]) -> dict[str, object]:
    """Of `spare`, what is needed; ValueError when something bad has no substitute."""
    if lost := bad - spare.keys():
        raise ValueError(f"{', '.join(sorted(lost))} cannot be used")
    return {key: value for key, value in spare.items() if key in bad or key not in known}
