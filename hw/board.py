"""The board file: what is wired to this gateway, under which names. TOML in, one frozen `Board` out.

Everything wrong with a file is found here and said with file, line, key and a suggestion; nothing is touched.
It must never open a pin, a card or a socket.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from hw.board_checks import cross_check
from link.hosting.settings import SettingsError
from link.hosting.toml_places import did_you_mean, find_line

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")]
LineName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,24}$")]
Pin = Annotated[int, Field(ge=0, le=27)]
Millis = Annotated[int, Field(ge=0, le=10_000)]


class BoardError(SettingsError):
    """The board file cannot be used; the message lists every problem, one per line."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Head(_Part):
    """[board]: `gateway` is the name under which the bench knows this gateway (default: the board's name)."""

    name: Name
    kind: Literal["real", "bench"]
    socket: str = Field(default="", max_length=100)
    gateway: str = Field(default="", pattern=r"^([a-z0-9-]{3,32})?$")


class Card(_Part):
    """[[card]]: a sound card; `capture` and `playback` are the driver's device names."""

    name: Name
    driver: Literal["bench", "alsa", "pulse"]
    capture: str = Field(default="", max_length=200)
    playback: str = Field(default="", max_length=200)
    rate_hz: Literal[8000, 16000, 32000, 48000] = 16000


class Output(_Part):
    """[[output]]: a pin that keys or sounds. `safe` is its logical value at rest, `longest` on-time in s."""

    name: Name
    pin: Pin
    active_high: bool = True
    safe: Literal[0, 1] = 0
    longest: float = Field(ge=0.1, le=3600)

    @property
    def safe_level(self) -> int:
        """The electrical level (0 or 1) of the safe value."""
        return self.safe if self.active_high else 1 - self.safe


class Input(_Part):
    """[[input]]: a pin that is read. `debounce_ms` is done by the kernel where the pin chip can."""

    name: Name
    pin: Pin
    active_high: bool = True
    pull: Literal["up", "down", "none"] = "down"
    debounce_ms: int = Field(default=0, ge=0, le=500)


class RadioLine(_Part):
    """[[line]] kind="radio": PTT `lead_ms` before and `tail_ms` after speech; `timeout` longest talk in s."""

    id: LineName
    kind: Literal["radio"]
    card: Name
    ptt: Name
    cos: Name
    lead_ms: int = Field(default=150, ge=0, le=2000)
    tail_ms: int = Field(default=100, ge=0, le=2000)
    timeout: float = Field(default=60.0, ge=1, le=600)

    @property
    def pins(self) -> tuple[tuple[str, str], ...]:
        """(key, name) of each output this line uses."""
        return (("ptt", self.ptt),)


class LoudspeakerLine(_Part):
    """[[line]] kind="loudspeaker": `warm_up_ms` from amplifier on to sound, `tail_ms` on after it."""

    id: LineName
    kind: Literal["loudspeaker"]
    card: Name
    relay: Name
    warm_up_ms: Millis = 500
    tail_ms: Millis = 200

    @property
    def pins(self) -> tuple[tuple[str, str], ...]:
        """(key, name) of each output this line uses."""
        return (("relay", self.relay),)


Line = Annotated[RadioLine | LoudspeakerLine, Field(discriminator="kind")]


class Board(BaseModel):
    """A whole board. Names are unique within their kind; every name a line uses exists."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    head: Head = Field(alias="board")
    cards: tuple[Card, ...] = Field(default=(), alias="card", max_length=32)
    outputs: tuple[Output, ...] = Field(default=(), alias="output", max_length=28)
    inputs: tuple[Input, ...] = Field(default=(), alias="input", max_length=28)
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

    def output(self, name: str) -> Output:
        """The output called `name`; KeyError."""
        return {o.name: o for o in self.outputs}[name]

    def input(self, name: str) -> Input:
        """The input called `name`; KeyError."""
        return {i.name: i for i in self.inputs}[name]

    def line(self, name: str) -> RadioLine | LoudspeakerLine:
        """The line with this id; KeyError."""
        return {line.id: line for line in self.lines}[name]


def load_board(path: Path | str) -> Board:
    """Read and check a board file; BoardError lists every problem. A relative socket is beside the file."""
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
    if loc[0] == "line" and len(loc) > 2 and loc[2] in ("radio", "loudspeaker"):
        del loc[2]  # the union's tag, which is not in the file
    kind = error["type"]
    table = str(loc[0])
    if len(loc) == 1:
        return _say_table(source, text, table, kind, data.get(table))
    index = loc[1] if isinstance(loc[1], int) else None
    key = str(loc[-1]) if isinstance(loc[-1], str) else None
    if kind.startswith("union_tag"):
        key = "kind"
    place = _place(source, text, table, index, key)
    entry = data[table][index] if index is not None else data[table]
    owner = _owner(entry)
    if kind == "extra_forbidden" and key is not None:
        known = (name for model in _models(table, entry) for name in model.model_fields)
        return f"{place}{owner}unknown key {key!r}{did_you_mean(key, known)}"
    if kind == "missing":
        return f"{place}{owner}key {key!r} is missing"
    if kind.startswith("union_tag"):
        found = entry.get("kind") if isinstance(entry, dict) else None
        hint = did_you_mean(str(found), ("radio", "loudspeaker"))
        return f"{place}{owner}kind is {found!r}, must be 'radio' or 'loudspeaker'{hint}"
    hint = did_you_mean(str(error["input"]), str(error.get("ctx", {}).get("expected", "")).split("'")[1::2])
    message = error["msg"][0].lower() + error["msg"][1:]
    return f"{place}{owner}{key} = {repr(error['input'])[:60]}: {message}{hint}"


def _say_table(source: str, text: str, table: str, kind: str, value: Any) -> str:
    """A problem with a whole table: unknown, missing, or [x] written for [[x]]."""
    line = find_line(text, table) or find_line(text, table, 0)
    at = f"{source}:{line}" if line else source
    if kind == "extra_forbidden":
        tables = [f.alias or n for n, f in Board.model_fields.items()]
        return f"{at}: unknown table {table!r}{did_you_mean(table, tables)}"
    if kind == "missing":
        return f"{at}: table [{table}] is missing"
    if isinstance(value, list) and table != "board":
        return f"{at}: {len(value)} [[{table}]] tables are too many"
    return f"{at}: write {'[board]' if table == 'board' else f'[[{table}]]'}, not {type(value).__name__}"


def _owner(entry: Any) -> str:
    name = entry.get("name", entry.get("id")) if isinstance(entry, dict) else None
    return f"{name[:40]!r}: " if isinstance(name, str) else ""


def _models(table: str, entry: Any) -> Iterator[type[_Part]]:
    single: dict[str, type[_Part]] = {"board": Head, "card": Card, "output": Output, "input": Input}
    if table in single:
        yield single[table]
    elif isinstance(entry, dict):
        yield {"loudspeaker": LoudspeakerLine}.get(str(entry.get("kind")), RadioLine)
