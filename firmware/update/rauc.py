"""RAUC and the slots of this computer. Its program is started by link/bundles/rauc.py. Written for RAUC 1.8.

Traps: `status`, `install` and `status mark-good` need rauc.service on the system bus, `info` does not. `install` says
what went wrong as `LastError:` among its progress lines. `booted` in the JSON is the bootloader's name of the slot;
ours is the key of the slot whose state is `booted`.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from link.bundles.rauc import ASK, MOST, Bundle, RaucError, RaucQuestions, last_line, read_object

MARK, INSTALL = 30.0, 3600.0
"""Seconds that a mark and an installation may take."""
_PROGRESS = re.compile(r"^\s*(\d{1,3})%")


class Rauc(Protocol):
    """The slots of this computer. Everything that goes wrong is a RaucError."""

    async def booted(self) -> str:
        """The slot that is booted."""

    async def inspect(self, path: Path) -> Bundle:
        """Check the signature of a bundle and read what it is."""

    async def install(self, path: Path, told: Callable[[int], None]) -> None:
        """Write a bundle to the other slot, which is booted next; `told` hears percents."""

    async def mark_good(self) -> None:
        """The bootloader shall stay with the booted slot."""


class RaucProgram(RaucQuestions):
    """The program, and the slots that it knows by rauc.service. See RaucQuestions; `inspect` is there."""

    async def booted(self) -> str:
        """See Rauc."""
        said = read_object(await self._ask("status", "--output-format=json", patience=ASK))
        slots = said.get("slots")
        for entry in slots if isinstance(slots, list) else []:
            for name, slot in entry.items() if isinstance(entry, dict) else []:
                if isinstance(slot, dict) and slot.get("state") == "booted" and 0 < len(name) <= 64:
                    return str(name)
        raise RaucError("no slot of RAUC's system.conf is the one that is booted: see `rauc status`")

    async def install(self, path: Path, told: Callable[[int], None]) -> None:
        """See Rauc."""
        believed = () if self._keyring is None else (f"--keyring={self._keyring}",)
        error, last = "", -1
        async with self._started("install", *believed, str(path), patience=INSTALL) as process:
            assert process.stdout is not None
            async for raw in process.stdout:
                line = raw.decode(errors="replace").strip()
                if match := _PROGRESS.match(line):
                    pct = min(100, int(match[1]))
                    if pct != last:
                        last = pct
                        told(pct)
                elif line.startswith("LastError:"):
                    error = line.removeprefix("LastError:").strip()
            assert process.stderr is not None
            said = await process.stderr.read(MOST)
            if await process.wait():
                raise RaucError(self._in_words(error or last_line(said)))

    async def mark_good(self) -> None:
        """See Rauc."""
        await self._ask("status", "mark-good", patience=MARK)
