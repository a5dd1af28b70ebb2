"""Reads bench.toml: which radios and loudspeakers the bench simulates and at which pins and cards they sit.

An unknown key, a pin used twice or a card used twice is an error that names the file, the place and a
suggestion.
"""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hw.bench.messages import PIN_NAME
from link.hosting.toml_places import did_you_mean, find_line

Name = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
PinOrLine = Annotated[int, Field(ge=0, le=53)] | Annotated[str, Field(pattern=PIN_NAME, max_length=64)]


class BenchConfigError(Exception):
    """The bench file cannot be used; the text says what, where and what to do."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    gateway: str = Name
    line: str = Name
    card: str = Name

    @property
    def device(self) -> str:
        """The name used by the control verbs, for example "gw1/r1"."""
        return f"{self.gateway}/{self.line}"

    def pins(self) -> tuple[int | str, ...]:
        raise AssertionError("every device kind lists its own pins")


class RadioEntry(_Entry):
    """One analog radio on an accessory port. Levels (dBFS) are relative to full scale of 16-bit samples."""

    frequency_hz: int = Field(gt=0)
    ptt_pin: PinOrLine
    cos_pin: PinOrLine
    ptt_active_high: bool = True
    cos_active_high: bool = True
    attack_ms: float = Field(default=0.0, ge=0, le=5000)
    squelch_ms: float = Field(default=0.0, ge=0, le=2000)
    tail_ms: float = Field(default=0.0, ge=0, le=2000)
    timeout_s: float = Field(default=180.0, gt=0, le=3600)
    tail_dbfs: float = Field(default=-20.0, ge=-90, le=0)
    hiss_dbfs: float | None = Field(default=None, ge=-90, le=0)

    def pins(self) -> tuple[int | str, ...]:
        return (self.ptt_pin, self.cos_pin)


class LoudspeakerEntry(_Entry):
    """One amplifier with its relay. With `monitor` its card captures what the loudspeaker emits."""

    relay_pin: PinOrLine
    relay_active_high: bool = True
    warm_up_ms: float = Field(default=0.0, ge=0, le=10000)
    monitor: bool = False

    def pins(self) -> tuple[int | str, ...]:
        return (self.relay_pin,)


class BenchConfig(BaseModel):
    """The whole of bench.toml. `socket` is the one Unix socket that pins, sound and control share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    socket: Path
    radio: tuple[RadioEntry, ...] = ()
    loudspeaker: tuple[LoudspeakerEntry, ...] = ()

    def entries(self) -> tuple[RadioEntry | LoudspeakerEntry, ...]:
        return (*self.radio, *self.loudspeaker)


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
    models: dict[str, type[BaseModel]] = {"radio": RadioEntry, "loudspeaker": LoudspeakerEntry}
    fields = models.get(table, BenchConfig).model_fields
    known = ", ".join(fields)
    return f"{place}: unknown key {key!r}{did_you_mean(str(where[-1]), fields)} (known: {known})"


def _claims_twice(config: BenchConfig) -> str | None:
    pins = Counter((entry.gateway, pin) for entry in config.entries() for pin in entry.pins())
    for (gateway, pin), times in pins.items():
        if times > 1:
            return f"pin {pin} of gateway {gateway!r} is used {times} times; each device needs its own"
    cards = Counter((entry.gateway, entry.card) for entry in config.entries())
    for (gateway, card), times in cards.items():
        if times > 1:
            return f"card {card!r} of gateway {gateway!r} is used {times} times; each device needs its own"
    names = Counter(entry.device for entry in config.entries())
    for device, times in names.items():
        if times > 1:
            return f"device {device!r} is listed {times} times; give each line its own name"
    return None


def parse_config(text: str, path: Path) -> BenchConfig:
    """The checked config of a bench file's text; `path` is only named in errors. Raises BenchConfigError."""
    try:
        raw: dict[str, Any] = tomllib.loads(text)
        config = BenchConfig.model_validate(raw)
    except tomllib.TOMLDecodeError as error:
        raise BenchConfigError(f"{path}: not valid TOML: {error}") from error
    except ValidationError as error:
        raise BenchConfigError(_explain(path, text, error)) from error
    twice = _claims_twice(config)
    if twice:
        raise BenchConfigError(f"{path}: {twice}")
    return config


def load_config(path: Path) -> BenchConfig:
    """Reads and checks bench.toml. Raises BenchConfigError."""
    try:
        return parse_config(path.read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise BenchConfigError(f"{path}: cannot be read: {error}") from error
