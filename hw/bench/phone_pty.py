"""A simulated phone on a real serial line: a pseudo terminal that a gateway opens like a tty.

The thin host of `hw.bench.phone`: it carries bytes and time and knows three more verbs, those of the cable:
`unplug`, `plug` (the terminal comes back under another name; `link` points at it again) and `split` (one byte
at a time). What a gateway does not read is dropped and counted, so nobody can make the bench grow.
"""

import asyncio
import logging
import os
import time
import tty
from collections.abc import Callable
from pathlib import Path

from hw.bench.phone import BenchPhone

log = logging.getLogger(__name__)
CHUNK = 4096


class PhonePty:
    """Lives in the loop that calls `plug`. `link` is a symbolic link kept at the terminal's present name."""

    def __init__(
        self, phone: BenchPhone, link: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.phone = phone
        self.name = ""
        self.dropped = 0
        self._link = link
        self._clock = clock
        self._split = False
        self._master = -1
        self._slave = -1
        self._timer: asyncio.TimerHandle | None = None

    @property
    def plugged(self) -> bool:
        """There is a terminal."""
        return self._master >= 0

    def plug(self) -> str:
        """Open a terminal; its name."""
        if self.plugged:
            return self.name
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.name = os.ttyname(self._slave)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self.name)
        log.info("phone=plugged name=%s", self.name)
        self._pump()
        return self.name

    def unplug(self) -> None:
        """Close the terminal: whoever has it open reads its end."""
        if not self.plugged:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        if self._timer is not None:
            self._timer.cancel()
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        log.info("phone=unplugged name=%s", self.name)

    def perform(self, verb: str) -> None:
        """A verb of the cable or of the phone. TroubleError."""
        match verb:
            case "unplug":
                self.unplug()
            case "plug":
                self.plug()
            case "split":
                self._split = True
            case _:
                self._split = self._split and verb != "normal"
                self.phone.perform(verb, self._clock())
        self._pump()

    def _read(self) -> None:
        try:
            data = os.read(self._master, CHUNK)
        except OSError as error:
            log.warning("phone=read-failed why=%s", error.strerror)
            return
        self.phone.feed(data, self._clock())
        self._pump()

    def _pump(self) -> None:
        """Say what is due; wake up for what is not."""
        now = self._clock()
        data = self.phone.output(now)
        if not self.plugged:
            return
        size = 1 if self._split else max(len(data), 1)
        for start in range(0, len(data), size):
            self._write(data[start : start + size])
        if self._timer is not None:
            self._timer.cancel()
        due = self.phone.deadline
        loop = asyncio.get_running_loop()
        self._timer = None if due is None else loop.call_later(max(due - now, 0.001), self._pump)

    def _write(self, data: bytes) -> None:
        try:
            self.dropped += len(data) - os.write(self._master, data)
        except OSError:  # nobody reads: the terminal's buffer is full
            self.dropped += len(data)
