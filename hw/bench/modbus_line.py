"""A simulated Modbus bus on a real pty: the thin asyncio host of hw.bench.modbus.

The link at `path` leads to the pty a gateway opens as its serial port. `unplug` closes it, as a pulled USB cable
does; `plug` opens another one, which has another name behind the same link, or a link elsewhere.
"""

import asyncio
import logging
import os
import termios
import tty
from pathlib import Path

from hw.bench.modbus import ModbusBus
from hw.modbus.protocol import frame_gap

log = logging.getLogger(__name__)


class ModbusLine:
    """Serves `bus` on a pty. Everything runs on the event loop that called `plug`."""

    def __init__(self, bus: ModbusBus, path: Path, baud: int = 9600) -> None:
        self.bus = bus
        self.path = path
        self.heard = 0
        self._gap = max(frame_gap(baud), 0.02)  # a busy machine hands bytes over later than a wire does
        self._master: int | None = None
        self._slave: int | None = None
        self._silence: asyncio.TimerHandle | None = None

    def plug(self, path: Path | None = None) -> None:
        """Make the port; the device is there from now on. At most one at a time."""
        self.unplug()
        self.path = path or self.path
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave, termios.TCSANOW)
        os.set_blocking(self._master, False)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self._slave))
        asyncio.get_running_loop().add_reader(self._master, self._readable)
        log.info("modbus=%s tty=%s", self.path, os.ttyname(self._slave))

    def unplug(self) -> None:
        """Take the port away: whoever has it open gets an error."""
        if self._master is None or self._slave is None:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        if self._silence is not None:
            self._silence.cancel()
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = None
        self.path.unlink(missing_ok=True)
        self.bus.splitter.silence()

    def _readable(self) -> None:
        if self._master is None:
            return
        try:
            data = os.read(self._master, 4096)
        except OSError as error:
            log.debug("modbus=%s read failed: %s", self.path, error)
            return
        self.heard += len(data)
        loop = asyncio.get_running_loop()
        now = loop.time()
        for heard in self.bus.feed(data, now):
            loop.call_at(max(heard.at, now), self._write, heard.data, self._master)
        if self._silence is not None:
            self._silence.cancel()
        self._silence = loop.call_later(self._gap, self.bus.splitter.silence)

    def _write(self, data: bytes, master: int) -> None:
        if master != self._master:
            return  # an answer of before the cable was pulled
        try:
            os.write(master, data)
        except OSError as error:  # nobody reads: a wire does not wait
            log.debug("modbus=%s bytes=%d lost: %s", self.path, len(data), error)
