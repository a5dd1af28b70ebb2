"""Starts RAUC's program and asks it whose a bundle is. Written for RAUC 1.8. Writes to no slot.

Traps: `info` of a verity bundle looks at the signature only: damaged blocks show while it is written. What went wrong
is the last line of stderr that GLib did not put there.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ASK = 20.0
"""Seconds that an answer may take."""
MOST = 64_000
"""Octets of an answer that are read."""
_CHATTER = re.compile(r"^(rauc-Message|\(rauc:\d+\)|\*\*)")
_WORDS = (
    (
        r"not yet valid|certificate has expired",
        "the certificate of the bundle's signer is not in its time by this computer's clock",
    ),
    (
        r"verification failed|issuer certificate",
        "the bundle is signed by a key that {who} does not believe",
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


class RaucQuestions:
    """The program `program`; `keyring`: PEM by which bundles are believed, None: what RAUC's system.conf names.

    `who` believes it, in words.
    """

    def __init__(self, program: str = "rauc", keyring: Path | None = None, who: str = "this gateway") -> None:
        self._program, self._keyring, self._who = program, keyring, who

    async def inspect(self, path: Path) -> Bundle:
        """Check the signature of a bundle and read what it is. RaucError."""
        believed = () if self._keyring is None else (f"--keyring={self._keyring}",)
        said = read_object(
            await self._ask("info", *believed, "--output-format=json", str(path), patience=ASK)
        )
        version, compatible = said.get("version"), said.get("compatible")
        if not isinstance(version, str) or not isinstance(compatible, str):
            raise RaucError("the bundle names no version")
        return Bundle(version[:64], compatible[:64])

    async def _ask(self, *arguments: str, patience: float) -> bytes:
        async with self._started(*arguments, patience=patience) as process:
            said, error = await process.communicate()
            if process.returncode:
                raise RaucError(self._in_words(last_line(error)))
            return said

    def _in_words(self, said: str) -> str:
        if not said:
            return "rauc ended without a word"
        for pattern, words in _WORDS:
            if re.search(pattern, said):
                return f"{words.format(who=self._who)} (rauc: {said[:120]})"
        return f"rauc: {said[:150]}"

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


def read_object(said: bytes) -> dict[str, Any]:
    """What RAUC said as JSON. RaucError."""
    try:
        value = json.loads(said[:MOST])
    except ValueError:
        raise RaucError("RAUC's answer is not JSON: is it version 1.8 or later?") from None
    if not isinstance(value, dict):
        raise RaucError("RAUC's answer is not an object of JSON")
    return value


def last_line(error: bytes) -> str:
    """The line that says what went wrong."""
    lines = [line.strip() for line in error[-MOST:].decode(errors="replace").splitlines()]
    told = [line for line in lines if line and not _CHATTER.match(line)]
    return told[-1][:120] if told else ""
