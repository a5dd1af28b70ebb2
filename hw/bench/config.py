"""Reads bench.toml: which devices the bench simulates and at which pins, cards, links and addresses they sit.

An unknown key, or a place used twice, is an error that names the file, the place and a suggestion.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from hw.bench.entries import (
    ContactEntry,
    Entry,
    LoudspeakerEntry,
    Map27Entry,
    ModbusEntry,
    PhoneEntry,
    RadioEntry,
    ShortwaveEntry,
    TetraEntry,
    UsbRadioEntry,
)
from link.hosting.toml_places import did_you_mean, find_line


class BenchConfigError(Exception):
    """The bench file cannot be used; the text says what, where and what to do."""


class BenchConfig(BaseModel):
    """The whole of bench.toml. `socket` is the one Unix socket that pins, sound and control share.

    Ports are links `ports/GATEWAY-NAME`; `ports` is the folder of the socket when left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    socket: Path
    ports: str = ""
    radio: tuple[RadioEntry, ...] = ()
    usb_radio: tuple[UsbRadioEntry, ...] = ()
    loudspeaker: tuple[LoudspeakerEntry, ...] = ()
    tetra: tuple[TetraEntry, ...] = ()
    map27: tuple[Map27Entry, ...] = ()
    shortwave: tuple[ShortwaveEntry, ...] = ()
    phone: tuple[PhoneEntry, ...] = ()
    modbus: tuple[ModbusEntry, ...] = ()
    contact: tuple[ContactEntry, ...] = ()

    def entries(self) -> tuple[Entry, ...]:
        """Every device."""
        return tuple(entry for table in TABLES for entry in getattr(self, table))

    def link(self, gateway: str, name: str) -> Path:
        """Where the port `name` of a gateway appears."""
        folder = Path(self.ports) if self.ports else self.socket.parent
        return folder / f"{gateway}-{name}"


TABLES: dict[str, type[Entry]] = {
    "radio": RadioEntry,
    "usb_radio": UsbRadioEntry,
    "loudspeaker": LoudspeakerEntry,
    "tetra": TetraEntry,
    "map27": Map27Entry,
    "shortwave": ShortwaveEntry,
    "phone": PhoneEntry,
    "modbus": ModbusEntry,
    "contact": ContactEntry,
}


def _explain(path: Path, text: str, error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = first["loc"]
    table, index = "", None
    if len(where) >= 2 and isinstance(where[1], int):
        table, index = str(where[0]), where[1]
    number = find_line(text, table, index, str(where[-1])) if table else None
    place = f"{path}:{number}" if number else str(path)
    key = ".".join(str(part) for part in where)
    if first["type"] != "extra_forbidden":
        return f"{place}: {key}: {first['msg']}"
    models: dict[str, type[BaseModel]] = dict(TABLES)
    fields = models.get(table, BenchConfig).model_fields
    known = ", ".join(fields)
    return f"{place}: unknown key {key!r}{did_you_mean(str(where[-1]), fields)} (known: {known})"


def _faults(config: BenchConfig) -> Iterator[str]:
    """What no single table can know."""
    places = Counter((entry.gateway, *place) for entry in config.entries() for place in entry.wired())
    for (gateway, kind, where), times in places.items():
        if times > 1:
            shown = repr(where) if kind in ("card", "link") else where
            yield f"{kind} {shown} of gateway {gateway!r} is used {times} times; each device needs its own"
    for device, times in Counter(entry.device for entry in config.entries()).items():
        if times > 1:
            yield f"device {device!r} is listed {times} times; give each line its own name"
    for port, times in Counter(entry.port for entry in config.shortwave if entry.port).items():
        if times > 1:
            yield f"TCP port {port} is used {times} times; each [[shortwave]] needs its own"
    yield from _strangers(config)


def _strangers(config: BenchConfig) -> Iterator[str]:
    """Names of Modbus devices that do not exist or are of another kind; devices without a place."""
    kinds = {entry.device: entry.kind for entry in config.modbus}
    wanted: list[tuple[str, str, str, str]] = []
    for speaker in config.loudspeaker:
        if (speaker.relay_pin is None) == (not speaker.relay_board):
            yield f'loudspeaker {speaker.device!r}: give relay_pin, or relay_board = "…" and relay_coil'
        if speaker.zone_coils and not speaker.relay_board:
            yield f"loudspeaker {speaker.device!r}: zone_coils are of relay_board, which is missing"
        wanted.append((speaker.device, "relay_board", speaker.gateway, speaker.relay_board))
    for contact in config.contact:
        if (contact.pin is None) == (not contact.bits):
            yield f'contact {contact.device!r}: give pin, or bits = "…" and bit'
        wanted.append((contact.device, "bits", contact.gateway, contact.bits))
    for device, key, gateway, name in wanted:
        kind = "relays" if key == "relay_board" else "bits"
        if name and kinds.get(f"{gateway}/{name}") != kind:
            known = ", ".join(each for each, of in kinds.items() if of == kind) or "none"
            yield f"{device!r}: {key} = {name!r} is no [[modbus]] of kind {kind!r} there (there is {known})"
    speakers = {entry.device for entry in config.loudspeaker}
    for entry in config.modbus:
        if entry.kind == "current" and f"{entry.gateway}/{entry.of}" not in speakers:
            yield f"{entry.device!r}: of = {entry.of!r} is no loudspeaker of gateway {entry.gateway!r}"


def parse_config(text: str, path: Path) -> BenchConfig:
    """The checked config of a bench file's text; `path` is only named in errors. Raises BenchConfigError."""
    try:
        raw: dict[str, Any] = tomllib.loads(text)
        config = BenchConfig.model_validate(raw)
    except tomllib.TOMLDecodeError as error:
        raise BenchConfigError(f"{path}: not valid TOML: {error}") from error
    except ValidationError as error:
        raise BenchConfigError(_explain(path, text, error)) from error
    fault = next(_faults(config), None)
    if fault:
        raise BenchConfigError(f"{path}: {fault}")
    return config


def load_config(path: Path) -> BenchConfig:
    """Reads and checks bench.toml. Raises BenchConfigError."""
    try:
        return parse_config(path.read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise BenchConfigError(f"{path}: cannot be read: {error}") from error
