"""A bench device on a real pty, under a name in a folder: plugged, pulled, plugged in under another name."""

import asyncio
import logging
import os
import pty
import tty
from pathlib import Path
from typing import Generic, Protocol, TypeVar

log = logging.getLogger(__name__)


class SerialDevice(Protocol):
    """What a bench device with a serial port is: pure, without port and clock."""

    @property
    def deadline(self) -> float | None:
        """When bytes may be due; 0.0 = now."""

    def hear(self, data: bytes, now: float) -> None:
        """Bytes from the gateway."""

    def take(self, now: float) -> bytes:
        """Bytes for the gateway that are due."""

    def perform(self, verb: str, now: float) -> None:
        """One of its verbs. Raises TroubleError."""


D = TypeVar("D", bound=SerialDevice)


class DevicePort(Generic[D]):
    """Serves `device` on the loop that calls plug(). A link named like the port appears in `folder`."""

    def __init__(self, folder: Path, device: D) -> None:
        self.folder = folder
        self.device = device
        self._master = -1
        self._link: Path | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rest = b""

    def plug(self, name: str) -> Path:
        """Appears as `folder/name`; the path."""
        self.pull()
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self._link = self.folder / name
        self._link.symlink_to(os.ttyname(slave))
        os.close(slave)
        self._turn()
        return self._link

    def pull(self) -> None:
        """The cable is out; whoever has the port open sees it hang up. Idempotent."""
        if self._master < 0:
            return
        if self._timer is not None:
            self._timer.cancel()
        asyncio.get_running_loop().remove_reader(self._master)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        os.close(self._master)
        self._master, self._rest = -1, b""

    def perform(self, verb: str) -> None:
        """One of the device's verbs; its bytes go out at once. Raises TroubleError."""
        self.device.perform(verb, asyncio.get_running_loop().time())
        if self._master >= 0:
            self._turn()

    def _read(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            data = os.read(self._master, 4096)
        except BlockingIOError:
            return
        except OSError:  # nobody has the other end open yet, or any more: look again a little later
            loop.remove_reader(self._master)
            self._wake(0.02)
            return
        self.device.hear(data, loop.time())
        self._turn()

    def _wake(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._turn)

    def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(self._master, self._read)
        now = loop.time()
        for _ in range(64):  # then the others on this loop
            self._rest = self._rest or self.device.take(now)
            if not self._rest:
                break
            try:
                self._rest = self._rest[os.write(self._master, self._rest) :]
            except BlockingIOError:
                self._wake(0.02)
                return
            except OSError as error:
                log.debug("device at %s: %s", self._link, error)
                return
        at = self.device.deadline
        if at is not None or self._rest:
            self._wake(max(0.0, (at or now) - now))
