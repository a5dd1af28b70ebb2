"""A bench device on a real terminal, under a name in a folder: plugged, pulled, plugged in under another name."""

import asyncio
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from hw.bench.cable import Cable
from hw.bench.device import Port


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
        port = Port("device", device.hear, device.take, lambda: device.deadline)
        self._cable = Cable(port, folder / "device")

    def plug(self, name: str) -> Path:
        """Appears as `folder/name`; the path."""
        self._cable.plug(self.folder / name)
        return self._cable.link

    def pull(self) -> None:
        """The cable is out; whoever has the port open sees it hang up. Idempotent."""
        self._cable.close()

    def perform(self, verb: str) -> None:
        """One of the device's verbs; its bytes go out at once. Raises TroubleError."""
        self.device.perform(verb, asyncio.get_running_loop().time())
        if self._cable.plugged:
            self._cable.turn()
