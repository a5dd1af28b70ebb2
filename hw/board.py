"""The board file: what is wired to this gateway, under which names. TOML in, one frozen `Board` out.

Everything wrong with a file is found here and said with file, line, key and a suggestion; nothing is touched.
It must never open a pin, a card or a socket.
"""

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hw.board_checks import cross_check
from hw.board_lines import LINES, Line
from hw.board_parts import (
    INPUTS,
    OUTPUTS,
    BypassRelay,
    Card,
    Contact,
    Head,
    Input,
    ModbusPort,
    Output,
    Part,
    RelayBoard,
    RigPort,
    Sensor,
    SerialPort,
)
from link.hosting.settings import SettingsError
from link.hosting.toml_places import did_you_mean, find_line


class BoardError(SettingsError):
    """The board file cannot be used; the message lists every problem, one per line."""


class Board(BaseModel):
    """A whole board. Names are unique within their kind; every name a line uses exists."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    head: Head = Field(alias="board")
    cards: tuple[Card, ...] = Field(default=(), alias="card", max_length=32)
    serials: tuple[SerialPort, ...] = Field(default=(), alias="serial", max_length=16)
    rigs: tuple[RigPort, ...] = Field(default=(), alias="rig", max_length=8)
    buses: tuple[ModbusPort, ...] = Field(default=(), alias="bus", max_length=8)
    relay_boards: tuple[RelayBoard, ...] = Field(default=(), alias="relay_board", max_length=16)
    outputs: tuple[Output, ...] = Field(default=(), alias="output", max_length=64)
    inputs: tuple[Input, ...] = Field(default=(), alias="input", max_length=64)
    sensors: tuple[Sensor, ...] = Field(default=(), alias="sensor", max_length=64)
    contacts: tuple[Contact, ...] = Field(default=(), alias="contact", max_length=64)
    bypasses: tuple[BypassRelay, ...] = Field(default=(), alias="bypass", max_length=8)
    lines: tuple[Line, ...] = Field(default=(), alias="line", max_length=32)

    @property
    def name(self) -> str:
        """The board's name."""
        return self.head.name

    @property
    def kind(self) -> Literal["real", "bench"]:
        """real = this machine's pins and cards; bench = the bench process."""
        return self.head.kind

    @property
    def socket(self) -> str:
        """Path of the bench's pin socket; empty on a real board."""
        return self.head.socket

    @property
    def gateway(self) -> str:
        """The name under which the bench knows this gateway."""
        return self.head.gateway or self.head.name

    def card(self, name: str) -> Card:
        """The card called `name`; KeyError."""
        return {c.name: c for c in self.cards}[name]

    def serial(self, name: str) -> SerialPort:
        """The serial port called `name`; KeyError."""
        return {s.name: s for s in self.serials}[name]

    def rig(self, name: str) -> RigPort:
        """The rig called `name`; KeyError."""
        return {r.name: r for r in self.rigs}[name]

    def bus(self, name: str) -> ModbusPort:
        """The bus called `name`; KeyError."""
        return {b.name: b for b in self.buses}[name]

    def relay_board(self, name: str) -> RelayBoard:
        """The relay board called `name`; KeyError."""
        return {b.name: b for b in self.relay_boards}[name]

    def output(self, name: str) -> Output:
        """The output called `name`; KeyError."""
        return {o.name: o for o in self.outputs}[name]

    def input(self, name: str) -> Input:
        """The input called `name`; KeyError."""
        return {i.name: i for i in self.inputs}[name]

    def line(self, name: str) -> Line:
        """The line with this id; KeyError."""
        return {line.id: line for line in self.lines}[name]


def load_board(path: Path | str) -> Board:
    """Read and check a board file; BoardError lists every problem. Relative paths are beside the file."""
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BoardError(f"{path}: cannot be read: {error.strerror}") from error
    if len(raw) > 256 * 1024:
        raise BoardError(f"{path}: {len(raw)} bytes is no board file (at most 256 KiB)")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BoardError(f"{path}: not UTF-8 text (byte {error.start})") from error
    board = parse_board(text, str(path))
    if board.socket and not Path(board.socket).is_absolute():
        socket = str((path.parent / board.socket).absolute())
        board = board.model_copy(update={"head": board.head.model_copy(update={"socket": socket})})
    return board


def parse_board(text: str, source: str = "board") -> Board:
    """Check the text of a board file; `source` stands in front of each problem."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BoardError(f"{source}: not TOML: {error}") from error
    try:
        board = Board.model_validate(data)
    except ValidationError as error:
        raise BoardError("\n".join(_say(source, text, data, dict(e)) for e in error.errors())) from error
    problems = [_place(source, text, p.table, p.index, p.key) + p.text for p in cross_check(board)]
    if problems:
        raise BoardError("\n".join(problems))
    return board


def _place(source: str, text: str, table: str, index: int | None, key: str | None) -> str:
    line = find_line(text, table, index, key)
    at = f"{source}:{line}" if line else source
    return f"{at}: " + (f"[[{table}]] " if index is not None else f"[{table}] ")


def _say(source: str, text: str, data: dict[str, Any], error: dict[str, Any]) -> str:
    """One pydantic error in words: place, key, what is wrong, suggestion."""
    loc = list(error["loc"])
    table = str(loc[0])
    if len(loc) > 2 and loc[2] in KINDS.get(table, {}):
        del loc[2]  # the union's tag, which is not in the file
    kind = error["type"]
    if len(loc) == 1:
        return _say_table(source, text, table, kind, data.get(table))
    index = loc[1] if isinstance(loc[1], int) else None
    key = next((part for part in loc[2 if index is not None else 1 :] if isinstance(part, str)), None)
    if kind.startswith("union_tag"):
        key = "kind"
    place = _place(source, text, table, index, key)
    entry = data[table][index] if index is not None else data[table]
    owner = _owner(entry)
    if kind == "extra_forbidden" and key is not None:
        return f"{place}{owner}unknown key {key!r}{did_you_mean(key, _model(table, entry).model_fields)}"
    if kind == "missing":
        return f"{place}{owner}key {key!r} is missing"
    if kind.startswith("union_tag"):
        found = str(entry.get("kind")) if isinstance(entry, dict) and "kind" in entry else None
        known = ", ".join(repr(name) for name in KINDS[table])
        return (
            f"{place}{owner}kind is {found!r}, must be one of {known}{did_you_mean(str(found), KINDS[table])}"
        )
    hint = did_you_mean(str(error["input"]), str(error.get("ctx", {}).get("expected", "")).split("'")[1::2])
    message = error["msg"][0].lower() + error["msg"][1:]
    return f"{place}{owner}{key} = {repr(error['input'])[:60]}: {message}{hint}"


def _say_table(source: str, text: str, table: str, kind: str, value: Any) -> str:
    """A problem with a whole table: unknown, missing, or [x] written for [[x]]."""
    line = find_line(text, table) or find_line(text, table, 0)
    at = f"{source}:{line}" if line else source
    if kind == "extra_forbidden":
        return f"{at}: unknown table {table!r}{did_you_mean(table, TABLES)}"
    if kind == "missing":
        return f"{at}: table [{table}] is missing"
    if isinstance(value, list) and table != "board":
        return f"{at}: {len(value)} [[{table}]] tables are too many"
    return f"{at}: write {'[board]' if table == 'board' else f'[[{table}]]'}, not {type(value).__name__}"


def _owner(entry: Any) -> str:
    name = entry.get("name", entry.get("id")) if isinstance(entry, dict) else None
    return f"{name[:40]!r}: " if isinstance(name, str) else ""


KINDS: dict[str, dict[str, type[Part]]] = {"output": OUTPUTS, "input": INPUTS, "line": LINES}
"""Tables whose entries are of several kinds."""
TABLES: dict[str, type[Part]] = {
    "board": Head,
    "card": Card,
    "serial": SerialPort,
    "rig": RigPort,
    "bus": ModbusPort,
    "relay_board": RelayBoard,
    "output": OUTPUTS["pin"],
    "input": INPUTS["pin"],
    "sensor": Sensor,
    "contact": Contact,
    "bypass": BypassRelay,
    "line": LINES["radio"],
}


def _model(table: str, entry: Any) -> type[Part]:
    """The model that an entry of a known table was checked against."""
    kind = str(entry.get("kind", "")) if isinstance(entry, dict) else ""
    return KINDS.get(table, {}).get(kind, TABLES[table])
