"""The bench MAP27 radio on a real pty; see hw.bench.device_pty."""

from pathlib import Path

from hw.bench.device_pty import DevicePort
from hw.bench.map27 import Radio


class Map27Port(DevicePort[Radio]):
    """Serves `radio`."""

    def __init__(self, folder: Path, radio: Radio | None = None) -> None:
        super().__init__(folder, radio or Radio())

    @property
    def radio(self) -> Radio:
        """The device, by its own name."""
        return self.device
