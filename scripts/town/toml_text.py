"""Writes TOML: the standard library only reads it. Tables, arrays of tables, strings, numbers, flags, lists.

Never meant for text that people edit afterwards: comments and order of a read file are not kept.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Value = str | int | float | bool | Path | Sequence["Value"] | Mapping[str, "Value"]
"""What a file can hold; None has no place in TOML: leave the key out."""


def toml_text(values: Mapping[str, Value], heading: str = "") -> str:
    """The text of a file; `heading` becomes its first comment lines."""
    lines = [f"# {line}" for line in heading.splitlines()]
    return "\n".join([*lines, *_table(values, ())]) + "\n"


def _table(values: Mapping[str, Value], path: tuple[str, ...]) -> list[str]:
    """Plain keys come first: after a sub-table's head they would belong to it."""
    lines = [f"{_key(key)} = {_value(value)}" for key, value in values.items() if not _is_table(value)]
    for key, value in values.items():
        where = (*path, key)
        name = ".".join(_key(part) for part in where)
        if isinstance(value, Mapping):
            lines += ["", f"[{name}]", *_table(value, where)]
        elif _is_table(value):
            for entry in value:  # type: ignore[union-attr]
                lines += ["", f"[[{name}]]", *_table(entry, where)]  # type: ignore[arg-type]
    return lines


def _is_table(value: Value) -> bool:
    if isinstance(value, Mapping):
        return True
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(e, Mapping) for e in value)


def _key(key: str) -> str:
    bare = key.replace("-", "").replace("_", "")
    return key if bare.isascii() and bare.isalnum() else _text(key)


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | Path):
        return _text(str(value))
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(_value(each) for each in value) + "]"


def _text(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, except for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
