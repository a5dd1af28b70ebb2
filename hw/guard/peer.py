"""The guard's side of one gateway connection: whole lines in, bytes out, never blocking, bounded both ways.

A gateway that does not read what it is told counts as gone: the caller closes it, and everything goes safe.
"""

import logging
import socket
import struct
from collections import Counter

from hw.guard.protocol import LineSplitter

log = logging.getLogger(__name__)

READ_SIZE = 8192
OUT_LIMIT = 65536


class PeerGone(Exception):
    """The connection is of no more use; the text says why."""


class Peer:
    """One accepted connection."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock
        (self.pid,) = struct.unpack_from("i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        self.complaints: Counter[str] = Counter()
        self._splitter = LineSplitter()
        self._out = b""

    @property
    def wants_write(self) -> bool:
        """Bytes are waiting to be taken."""
        return bool(self._out)

    def read(self) -> list[bytes]:
        """The lines that have come; at most READ_SIZE bytes a call: a flood must not hold up a deadline."""
        try:
            data = self.sock.recv(READ_SIZE)
        except BlockingIOError:
            return []
        except OSError as error:
            raise PeerGone(str(error)) from error
        if not data:
            raise PeerGone("closed")
        before = self._splitter.oversized
        lines = self._splitter.take(data)
        for _ in range(self._splitter.oversized - before):
            self.complain("line too long", b"")
        return lines

    def write(self, data: bytes) -> None:
        """Send `data`, now or when the peer reads; PeerGone when it does not read at all."""
        self._out += data
        self.flush()
        if len(self._out) > OUT_LIMIT:
            raise PeerGone(f"does not read ({len(self._out)} bytes waiting)")

    def flush(self) -> None:
        """Send what the socket takes."""
        try:
            while self._out:
                self._out = self._out[self.sock.send(self._out) :]
        except BlockingIOError:
            return
        except OSError as error:
            raise PeerGone(str(error)) from error

    def complain(self, reason: str, line: bytes) -> None:
        """Count a line that was not obeyed; the first of each reason is named in the log."""
        self.complaints[reason] += 1
        if self.complaints[reason] == 1:
            log.warning("pid=%d dropped reason=%r line=%r, more is only counted", self.pid, reason, line[:80])

    def close(self) -> None:
        """Close, and say what was dropped."""
        self.sock.close()
        if self.complaints:
            log.warning("pid=%d dropped in all: %s", self.pid, dict(self.complaints))
