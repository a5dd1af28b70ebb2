"""The only file that speaks with RAUC: starts its program and reads what it says. Written for RAUC 1.8.

Traps: `status`, `install` and `status mark-good` need rauc.service on the system bus, `info` does not. `info` of a
verity bundle looks at the signature only: damaged blocks show while it is written. What went wrong is the last line
of stderr that GLib did not put there; `install` says it as `LastError:` among its progress lines. `booted` in the
JSON is the bootloader's name of the slot; ours is the key of the slot whose state is `booted`.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

ASK, MARK, INSTALL = 20.0, 30.0, 3600.0
"""Seconds that an answer, a mark and an installation may take."""
MOST = 64_000
"""Octets of an answer that are read."""
_PROGRESS = re.compile(r"^\s*(\d{1,3})%")
_CHATTER = re.compile(r"^(rauc-Message|\(rauc:\d+\)|\*\*)")
_WORDS = (
    (
        r"verification failed|issuer certificate",
        "the bundle is signed by a key that this gateway does not believe",
    ),
    (r"failed to load CA", "the certificates that bundles are believed by cannot be read ([update] keyring)"),
    (r"[Cc]ompatible", "the bundle is for another kind of machine"),
    (r"bundle format|CMS|corrupt|exceeds bundle size|squashfs", "the bundle is damaged"),
    (r"D-Bus|[Cc]ould not connect", "rauc.service does not answer"),
)


class RaucError(Exception):
    """RAUC could not or would not; the text says why, with its own words in brackets."""


@dataclass(frozen=True)
class Bundle:
    """What a bundle with a good signature says of itself."""

    version: str
    compatible: str


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


class RaucProgram:
    """The program `program`; `keyring`: PEM by which bundles are believed, None: what RAUC's system.conf names."""

    def __init__(self, program: str = "rauc", keyring: Path | None = None) -> None:
        self._program, self._keyring = program, keyring

    async def booted(self) -> str:
        """See Rauc."""
        said = _json(await self._ask("status", "--output-format=json", patience=ASK))
        slots = said.get("slots")
        for entry in slots if isinstance(slots, list) else []:
            for name, slot in entry.items() if isinstance(entry, dict) else []:
                if isinstance(slot, dict) and slot.get("state") == "booted" and 0 < len(name) <= 64:
                    return str(name)
        raise RaucError("no slot of RAUC's system.conf is the one that is booted: see `rauc status`")

    async def inspect(self, path: Path) -> Bundle:
        """See Rauc."""
        believed = () if self._keyring is None else (f"--keyring={self._keyring}",)
        said = _json(await self._ask("info", *believed, "--output-format=json", str(path), patience=ASK))
        version, compatible = said.get("version"), said.get("compatible")
        if not isinstance(version, str) or not isinstance(compatible, str):
            raise RaucError("the bundle names no version")
        return Bundle(version[:64], compatible[:64])

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
                raise RaucError(_in_words(error or _last(said)))

    async def mark_good(self) -> None:
        """See Rauc."""
        await self._ask("status", "mark-good", patience=MARK)

    async def _ask(self, *arguments: str, patience: float) -> bytes:
        async with self._started(*arguments, patience=patience) as process:
            said, error = await process.communicate()
            if process.returncode:
                raise RaucError(_in_words(_last(error)))
            return said

    @contextlib.asynccontextmanager
    async def _started(self, *arguments: str, patience: float) -> AsyncIterator[asyncio.subprocess.Process]:
        """The program under way; ended with us, and when it takes too long."""
        pipe = asyncio.subprocess.PIPE
        what = f"`{self._program} {' '.join(arguments[:1])}`"
        try:
            process = await asyncio.create_subprocess_exec(
                self._program,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=pipe,
                stderr=pipe,
                limit=MOST,
            )
        except OSError as error:
            raise RaucError(
                f"{self._program} cannot be started ({error.strerror}): is RAUC installed?"
            ) from None
        try:
            async with asyncio.timeout(patience):
                yield process
        except TimeoutError:
            raise RaucError(f"{what} did not end within {patience:.0f} s") from None
        except ValueError:  # a line without an end
            raise RaucError(f"{what} said something that is not RAUC's") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.communicate()


def _json(said: bytes) -> dict[str, Any]:
    try:
        value = json.loads(said[:MOST])
    except ValueError:
        raise RaucError("RAUC's answer is not JSON: is it version 1.8 or later?") from None
    if not isinstance(value, dict):
        raise RaucError("RAUC's answer is not an object of JSON")
    return value


def _last(error: bytes) -> str:
    """The line that says what went wrong."""
    lines = [line.strip() for line in error[-MOST:].decode(errors="replace").splitlines()]
    told = [line for line in lines if line and not _CHATTER.match(line)]
    return told[-1][:120] if told else ""


def _in_words(said: str) -> str:
    if not said:
        return "rauc ended without a word"
    for pattern, words in _WORDS:
        if re.search(pattern, said):
            return f"{words} (rauc: {said[:120]})"
    return f"rauc: {said[:150]}"
