"""Putting another function in the place of one of the product's, with a switch.

A patch of something that is not there is an error: a sabotage that no longer bites must not pass for one.
"""

import inspect
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Patch = Callable[["Switch"], None]

LOOK_EVERY = 0.02


class Switch:
    """True while the file exists; always True without one. Looks at the disk now and then only."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._seen = file is None
        self._look_at = 0.0

    def __bool__(self) -> bool:
        now = time.monotonic()
        if self._file is not None and now >= self._look_at:
            self._look_at = now + LOOK_EVERY
            self._seen = self._file.exists()
        return self._seen


def instead(owner: Any, name: str, on: Switch, broken: Callable[..., Any]) -> None:
    """Call `broken(honest, *arguments)` for `owner.name` while `on`. Works for functions and properties."""
    found = inspect.getattr_static(owner, name)
    honest = found.fget if isinstance(found, property) else found
    if not callable(honest):
        raise TypeError(f"{owner}.{name} cannot be broken: it is a {type(found).__name__}")
    if inspect.iscoroutinefunction(honest):

        async def awaited(*arguments: Any, **named: Any) -> Any:
            if on:
                return await broken(honest, *arguments, **named)
            return await honest(*arguments, **named)

        setattr(owner, name, awaited)
        return

    def called(*arguments: Any, **named: Any) -> Any:
        return broken(honest, *arguments, **named) if on else honest(*arguments, **named)

    setattr(owner, name, property(called) if isinstance(found, property) else called)
