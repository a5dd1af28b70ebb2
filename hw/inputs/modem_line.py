"""CTS, DSR, DCD or RI of a serial port as an input (COS on an adapter's CTS).

The driver wakes a waiting thread at each change (TIOCMIWAIT) where it can; the level is then read. Traps: a change
between reading and waiting wakes nobody, so the level is read every LOOK seconds all the same; drivers without it (some
USB adapters) are read every POLL seconds; a thread that waits so can only be ended by the next change or with the
process, so it holds a handle of its own. The kernel raises DTR and RTS when the first opens the port: where one
of them is a PTT the guard must be running first. On a bench board the lines are pins of the bench, by name.
"""

import fcntl
import os
import select
import termios
import threading
import time
from typing import Any

from hw.board import Board
from hw.board_parts import ModemLineInput
from hw.devices import MODEM_BITS, bench_line, close_tty, modem_lines, open_device, set_tty

LOOK = 0.1
POLL = 0.01


class ModemLineSource:
    """Implements hw.inputs.watching.Source on a real serial port."""

    def __init__(self, spec: ModemLineInput, device: str) -> None:
        self.place = device
        self._bit = MODEM_BITS[spec.signal]
        self._active_high = spec.active_high
        self._fd = -1
        self._changes: _Changes | None = None

    def open(self) -> bool:
        """Open and read."""
        self._fd = open_device(self.place)
        set_tty(self._fd, 0)
        level = self._level()
        self._changes = _Changes(self._fd, self._bit)
        return level

    def wait(self, wake: int) -> list[tuple[bool, int]]:
        """The level after a change, or after a while."""
        assert self._changes is not None
        self._changes.wait(wake)
        return [(self._level(), time.monotonic_ns())]

    def shut(self) -> None:
        """Close."""
        if self._changes is not None:
            self._changes.end()
            self._changes = None
        if self._fd >= 0:
            close_tty(self._fd)
            self._fd = -1

    def _level(self) -> bool:
        return bool(modem_lines(self._fd) & self._bit) == self._active_high


class _Changes:
    """Wakes up at each change of a line, as far as the driver tells."""

    def __init__(self, fd: int, bit: int) -> None:
        self._bit = bit
        self._fd = os.dup(fd)
        self._news = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._lock = threading.Lock()
        self._told = True
        self._ended = False
        threading.Thread(target=self._run, name="modem-line", daemon=True).start()

    def wait(self, wake: int) -> None:
        ready, _, _ = select.select([self._news, wake], [], [], LOOK if self._told else POLL)
        if self._news in ready:
            os.eventfd_read(self._news)

    def end(self) -> None:
        with self._lock:
            self._ended = True
            os.close(self._news)

    def _run(self) -> None:
        while True:
            try:
                fcntl.ioctl(self._fd, termios.TIOCMIWAIT, self._bit)
            except OSError:  # the driver cannot, or the device is gone: reading the level tells which
                self._told = False
            with self._lock:
                if not self._ended:
                    os.eventfd_write(self._news, 1)
                if self._ended or not self._told:
                    break
        os.close(self._fd)


class BenchModemLine:
    """Implements hw.inputs.watching.Source on a bench board."""

    def __init__(self, spec: ModemLineInput, board: Board) -> None:
        self.place = board.socket
        self._spec = spec
        self._board = board
        self._line: Any = None

    def open(self) -> bool:
        """Attach; the bench tells the level at once."""
        self._line = bench_line(self._board, self._spec.serial, self._spec.signal)
        self._line.attach_input()
        edges = self._line.edges(2.0)
        if not edges:
            raise TimeoutError(f"the bench at {self.place} does not answer")
        return bool(edges[-1][0]) == self._spec.active_high

    def wait(self, wake: int) -> list[tuple[bool, int]]:
        """Edges with the bench's own times."""
        return [(bool(level) == self._spec.active_high, at) for level, at in self._line.edges(60.0, wake)]

    def shut(self) -> None:
        """Let go."""
        if self._line is not None:
            self._line.close()
            self._line = None
