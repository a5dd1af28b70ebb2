"""A device on a serial port that its driver keys and the guard lets go of: bytes out only, never one read.

Both have the port open; answers go to the driver, dead or alive. The guard's part sets speed and raw mode only if
nobody has, holds the port open so that letting go needs no opening, and leaves the modem-control lines alone.
"""

import os
import threading

from hw.devices import advice, close_tty, open_device, set_tty, tty_lives, unsent
from hw.outputs.door import OutputFault
from hw.outputs.slow import Pause
from hw.outputs.unkey import Step

DRAIN = 0.2
"""Seconds that the last bytes get to leave the port before it is closed."""


class WireDevice:
    """Implements SlowDevice. `turn`: held while something is on a bus that several outputs share."""

    driven = False
    rounds = 3
    look_every = 0.5

    def __init__(
        self,
        device: str,
        baud: int,
        steps: tuple[Step, ...],
        *,
        rts_cts: bool,
        turn: "threading.Lock | None" = None,
    ) -> None:
        self.steps = steps
        self.baud = baud
        self._device = device
        self._rts_cts = rts_cts
        self._turn = turn or threading.Lock()
        self._fd = -1

    def open(self) -> None:
        """Open and, if nobody has, set it."""
        try:
            self._fd = open_device(self._device)
            set_tty(self._fd, self.baud, rts_cts=self._rts_cts)
        except OSError as error:
            raise OutputFault(str(error), advice(error.errno, self._device)) from error

    def put(self, on: bool, pause: Pause) -> None:
        """Safe: write what lets go. On: only see that letting go would be possible."""
        if on:
            self.look()
            return
        with self._turn:
            for step in self.steps:
                self._send(step.data)
                if not pause(step.silence):
                    return

    def look(self) -> None:
        """Is the port still there?"""
        try:
            tty_lives(self._fd)
        except OSError as error:
            raise OutputFault(str(error), advice(error.errno, self._device)) from error

    def shut(self) -> None:
        """Close, when the last bytes are out or cannot leave."""
        if self._fd < 0:
            return
        wait = threading.Event()
        try:
            for _ in range(int(DRAIN / 0.01)):
                if not unsent(self._fd):
                    break
                wait.wait(0.01)
        except OSError:
            pass  # unplugged: nothing is left to wait for
        close_tty(self._fd)
        self._fd = -1

    def _send(self, data: bytes) -> None:
        try:
            sent = os.write(self._fd, data) if data else 0
        except OSError as error:
            raise OutputFault(str(error), advice(error.errno, self._device)) from error
        if sent != len(data):
            raise OutputFault(
                f"{self._device} took {sent} of {len(data)} bytes", "its flow control holds it back"
            )
