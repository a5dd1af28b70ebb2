"""Wakes a thread that waits in a selector. Any thread may ring; one ring is enough until it is hushed."""

import contextlib
import socket


class Bell:
    """A socket pair with memory: ringing costs a system call only when it is not ringing already."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._rung = False

    def fileno(self) -> int:
        """For the selector."""
        return self._reader.fileno()

    def ring(self) -> None:
        """Wake the waiting thread. After `close` it does nothing."""
        if self._rung:
            return
        self._rung = True
        with contextlib.suppress(OSError):
            self._writer.send(b"!")

    def hush(self) -> None:
        """Take note; look for work only after this.

        The order matters: were the flag taken down first, a ring in between would lose its byte to `recv` and
        leave the flag up, and nobody would be woken again. A ring before the flag falls is met by the look.
        """
        with contextlib.suppress(OSError):
            self._reader.recv(4096)
        self._rung = False

    def close(self) -> None:
        """Free both ends."""
        self._reader.close()
        self._writer.close()
