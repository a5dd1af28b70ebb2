"""Reads configuration files (TOML) into frozen models; every complaint names file, line, key and a way out.

Unknown keys are errors with a suggestion: a typing error in a safety setting must not pass in silence.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from link.hosting.toml_places import did_you_mean, find_line


class SettingsError(ValueError):
    """A configuration file cannot be used; the text says what, where and what to do."""


class Settings(BaseModel):
    """Base of every configuration model: frozen, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")


S = TypeVar("S", bound=BaseModel)


def load(path: Path, kind: type[S]) -> S:
    """Read `path` as a `kind`. Raises SettingsError with one line per fault."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}); check the path and its rights"
        ) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not TOML: {error}") from None
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        faults = [_fault(path, text, kind, fault) for fault in error.errors()]
        raise SettingsError("\n".join(faults)) from None


def _fault(path: Path, text: str, kind: type[BaseModel], fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    key = next((part for part in reversed(fault["loc"]) if isinstance(part, str)), "")
    line = line_of(text, fault["loc"])
    place = f"{path}:{line}" if line else str(path)
    if fault["type"] == "extra_forbidden":
        known = sorted(_keys(kind))
        hint = did_you_mean(key, known) or f"; known keys here and below: {', '.join(known)}"
        return f"{place}: unknown key {where!r}{hint}"
    if fault["type"] == "missing":
        return f"{place}: key {where!r} is missing; add it"
    shown = repr(fault.get("input"))[:80]
    return f"{place}: {where or 'file'} = {shown}: {fault['msg']}"


def line_of(text: str, location: tuple[int | str, ...]) -> int | None:
    """1-based line where the key at `location` of a TOML text stands; None when it cannot be told."""
    names = [part for part in location if isinstance(part, str)]
    index = next((part for part in location if isinstance(part, int)), None)
    if len(names) < 2:
        lines = text.splitlines()
        top = re.compile(rf"\s*\[*\s*{re.escape(names[0])}\s*(=|\])") if names else None
        return next((n for n, row in enumerate(lines, 1) if top and top.match(row)), None)
    table = ".".join(names[:-1]) if index is None else names[0]
    return find_line(text, table, index, names[-1])


def _keys(kind: type[BaseModel]) -> set[str]:
    found: set[str] = set()
    for name, field in kind.model_fields.items():
        found.add(field.alias or name)
        for inner in _models(field.annotation):
            found |= _keys(inner)
    return found


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models(part)]
