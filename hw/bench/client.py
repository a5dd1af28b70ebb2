"""A small client of the bench's control verbs, for the command line, the tour and tests. Blocking and async.

Each request opens its own connection. Raises BenchRefused with the bench's own words, BenchAway when no
bench answers.
"""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

Reply = dict[str, Any]
MARGIN_S = 10.0


class BenchRefused(Exception):
    """The bench cannot do what was asked; the text says why."""


class BenchAway(Exception):
    """No bench answers on the socket, or it went away during a request."""


def ask(path: Path, op: str, *, wait_s: float | None = None, **fields: Any) -> Reply:
    """One request; blocks until the answer, at most wait_s + 10 s (None = as long as it takes)."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(None if wait_s is None else wait_s + MARGIN_S)
            link.connect(str(path))
            link.sendall(_request(op, fields))
            with link.makefile("rb") as answers:
                return _answer(path, answers.readline())
    except OSError as error:
        raise BenchAway(f"no bench at {path}: {error.strerror or error}") from error


async def ask_async(path: Path, op: str, *, wait_s: float | None = None, **fields: Any) -> Reply:
    """The same without blocking; cancelling it hangs up, so that a speaker lets go of the key."""
    try:
        async with asyncio.timeout(None if wait_s is None else wait_s + MARGIN_S):
            reader, writer = await asyncio.open_unix_connection(str(path), limit=1 << 24)
            try:
                writer.write(_request(op, fields))
                return _answer(path, await reader.readline())
            finally:
                writer.close()
    except TimeoutError as error:
        raise BenchAway(f"the bench at {path} did not answer {op}") from error
    except OSError as error:
        raise BenchAway(f"no bench at {path}: {error.strerror or error}") from error


def _request(op: str, fields: dict[str, Any]) -> bytes:
    shown = {name: str(value) if isinstance(value, Path) else value for name, value in fields.items()}
    return json.dumps({"op": op, **shown}).encode() + b"\n"


def _answer(path: Path, line: bytes) -> Reply:
    if not line:
        raise BenchAway(f"the bench at {path} went away")
    reply: Reply = json.loads(line)
    if not reply.pop("ok", False):
        raise BenchRefused(str(reply.get("error", "refused")))
    return reply
