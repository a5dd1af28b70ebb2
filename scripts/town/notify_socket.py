"""Our end of systemd's notify protocol: a datagram socket for each start of a unit, read from the event loop.

A socket serves one start only: what a dead process said last is never taken for its successor's words.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from pathlib import Path

from link.bus.port import BusError
from link.bus.socket_path import check_length

LONGEST = 4096


class NotifySocket:
    """Calls `heard(key, value)` for each line that arrives. OSError, BusError when it cannot be made."""

    def __init__(self, path: Path, heard: Callable[[str, str], None]) -> None:
        self.path = path
        self._heard = heard
        check_length(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            path.unlink(missing_ok=True)
            self._socket.bind(str(path))
            path.chmod(0o600)
            asyncio.get_running_loop().add_reader(self._socket, self._read)
        except (OSError, BusError):
            self._socket.close()
            raise

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError, InterruptedError):
            while True:
                for line in self._socket.recv(LONGEST).decode(errors="replace").splitlines():
                    key, _, value = line.partition("=")
                    self._heard(key, value)

    def close(self) -> None:
        """Remove it."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self.path.unlink(missing_ok=True)
