"""A serial cable of the bench: a pseudo terminal that a gateway opens like a tty, behind a link with a lasting name.

It carries bytes and time for the device at its other end. Pulled out, whoever has it open reads its end; back in
(under another name if wanted) it is another terminal. What a gateway does not read is lost and counted.
"""

import asyncio
import contextlib
import logging
import os
import re
import time
import tty
from collections.abc import Callable
from pathlib import Path

from hw.bench.device import Port, nothing
from hw.bench.trouble import TroubleError

log = logging.getLogger(__name__)
CHUNK = 4096
SPLIT_EVERY = 0.001
"""Seconds between two bytes of a cable that splits."""
MOST_SPLIT = 65_536
PIECES = 64
"""Pieces that a device says in one go."""
VERBS = ("pull", "back", "back:NAME", "split", "whole")


class Cable:
    """Lives on the loop that calls `plug`. `link` is a symbolic link kept at the terminal's present name;
    `moved` is called after anything that may have moved a deadline of the device."""

    def __init__(self, port: Port, link: Path, moved: Callable[[], None] = nothing) -> None:
        self.port = port
        self._moved = moved
        self.link = link
        self.lost = 0
        self.split = False
        self._home = link
        self._master = -1
        self._slave = -1
        self._timer: asyncio.TimerHandle | None = None
        self._pieces = b""

    @property
    def plugged(self) -> bool:
        """There is a terminal."""
        return self._master >= 0

    def plug(self, link: Path | None = None) -> None:
        """Make a terminal. OSError. A second call with another name pulls the first out."""
        self.pull()
        self.link = link or self.link
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._slave))
        asyncio.get_running_loop().add_reader(self._master, self._read)
        log.info("cable=%s tty=%s", self.link, os.ttyname(self._slave))
        self.turn()

    def pull(self) -> None:
        """Take it out; idempotent."""
        if not self.plugged:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1
        self._pieces = b""
        with contextlib.suppress(OSError):
            self.link.unlink(missing_ok=True)
        log.info("cable=%s out", self.link)

    def close(self) -> None:
        """Out for good."""
        self.pull()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def perform(self, verb: str) -> None:
        """One of VERBS. Raises TroubleError."""
        name, _, rest = verb.partition(":")
        if name == "pull" and not rest:
            self.pull()
        elif verb == "back":
            self.plug(self._home)
        elif name == "back" and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", rest):
            self.plug(self._home.parent / rest)
        elif verb in ("split", "whole"):
            self.split = verb == "split"
        else:
            raise TroubleError(f"unknown verb {verb!r} for a cable (known: {', '.join(VERBS)})")

    def turn(self) -> None:
        """Say what is due; look again when more will be."""
        now = time.monotonic()
        for _ in range(PIECES):  # then the others on this loop
            data = self._pieces + self.port.take(now)
            self._pieces = b""
            if self.split and self.plugged:
                data, self._pieces = data[:1], data[1:MOST_SPLIT]
            if data:
                self._write(data)
            due = self.port.due()
            if self._pieces or due is None or due > now:
                break
        if self._pieces:
            due = min(now + SPLIT_EVERY, due if due is not None else now + 1)
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if due is None else loop.call_later(max(due - now, 0.0005), self.turn)
        self._moved()

    def _read(self) -> None:
        try:
            data = os.read(self._master, CHUNK)
        except OSError as error:
            log.debug("cable=%s read failed: %s", self.link, error)
            return
        self.port.hear(data, time.monotonic())
        self.turn()

    def _write(self, data: bytes) -> None:
        if not self.plugged:
            self.lost += len(data)
            return
        try:
            self.lost += len(data) - os.write(self._master, data)
        except OSError:  # nobody reads: a wire does not wait
            self.lost += len(data)
