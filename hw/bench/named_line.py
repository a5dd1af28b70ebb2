"""A modem-control line of a gateway on the bench, by name ("digirig.rts"): what a pty does not have.

One connection to the bench's pin socket per line, used by one thread. It falls to its safe level when it is closed or
its process is gone. Raises OSError when the bench is not there, or gives the line to somebody else.
"""

import errno
import json
import select
import socket
import time
from typing import Any

from pydantic import ValidationError

from hw.bench.messages import EDGE, MOST_LINE, Edge, Refused

ANSWER_S = 2.0


class NamedLine:
    """Connects at once."""

    def __init__(self, socket_path: str, gateway: str, name: str) -> None:
        self._gateway = gateway
        self._name = name
        self._rest = b""
        self._link = socket.socket(socket.AF_UNIX)
        try:
            self._link.settimeout(ANSWER_S)
            self._link.connect(socket_path)
        except OSError:
            self._link.close()
            raise

    def attach_output(self, safe_level: int) -> None:
        """Drive the line from now on, at its safe level, to which it falls when this ends."""
        pull = "up" if safe_level else "down"
        self._send(
            {"op": "attach", "gateway": self._gateway, "dir": "out", "value": safe_level, "pull": pull}
        )

    def attach_input(self) -> None:
        """Read the line from now on; `edges` gives its level first."""
        self._send({"op": "attach", "gateway": self._gateway, "dir": "in"})

    def write(self, level: int) -> None:
        """Drive the line to `level`; OSError too when the bench has refused it meanwhile."""
        self.edges(0)
        self._send({"op": "write", "value": level, "at_ns": time.monotonic_ns()})

    def edges(self, limit: float, wake: int = -1) -> list[tuple[int, int]]:
        """(level, ns) of what has come; waits for it up to `limit` s, or until `wake` can be read."""
        watched = [self._link.fileno(), *([wake] if wake >= 0 else [])]
        if watched[0] not in select.select(watched, [], [], limit)[0]:
            return []
        data = self._link.recv(4096)
        if not data:
            raise OSError(errno.EIO, "the bench has closed the connection")
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-MOST_LINE:]
        return [edge for line in lines if (edge := self._take(line)) is not None]

    def close(self) -> None:
        """Let go of the line."""
        self._link.close()

    def _send(self, message: dict[str, Any]) -> None:
        self._link.sendall(json.dumps(message | {"pin": self._name}).encode() + b"\n")

    def _take(self, line: bytes) -> tuple[int, int] | None:
        try:
            message = EDGE.validate_json(line)
        except ValidationError as error:
            raise OSError(errno.EPROTO, f"the bench said {line[:80]!r}") from error
        match message:
            case Refused(why=why):
                raise OSError(errno.EBUSY, f"{self._name}: {why}")
            case Edge(value=value, at_ns=at_ns):
                return value, at_ns
