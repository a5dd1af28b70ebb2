"""A connection that speaks JSON lines: splits them, limits them, refuses nonsense."""

import asyncio
import json
import logging
from typing import Any

from pydantic import ValidationError

from hw.bench.messages import MOST_LINE

log = logging.getLogger(__name__)


class LineProtocol(asyncio.Protocol):
    """Calls line(text) for every full line; an over-long line closes the connection."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Feeds bytes of any length."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MOST_LINE or any(len(line) > MOST_LINE for line in lines):
            self.refuse(f"line longer than {MOST_LINE} bytes")
            self.transport.close()
            return
        for line in lines:
            if line.strip():
                self.line(line)

    def line(self, line: bytes) -> None:
        """One message."""

    def send(self, message: dict[str, Any]) -> None:
        """Writes one JSON line at once."""
        if not self.transport.is_closing():
            self.transport.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def refuse(self, why: str) -> None:
        """Answers that a message was not understood or cannot be done."""
        log.info("bench=refused why=%r", why)
        self.send({"ok": False, "error": why})


def explain(error: ValidationError, ops: tuple[str, ...]) -> str:
    """A pydantic error in one line for whoever sent the message."""
    first = error.errors(include_url=False)[0]
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return f"unknown or missing op; known ops: {', '.join(ops)}"
    where = ".".join(str(part) for part in first["loc"][1:] or first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
