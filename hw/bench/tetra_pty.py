"""The bench terminal on a real pty; see hw.bench.device_pty."""

from pathlib import Path

from hw.bench.device_pty import DevicePort
from hw.bench.tetra import Terminal


class TetraPort(DevicePort[Terminal]):
    """Serves `terminal`."""

    def __init__(self, folder: Path, terminal: Terminal | None = None) -> None:
        super().__init__(folder, terminal or Terminal())

    @property
    def terminal(self) -> Terminal:
        """The device, by its own name."""
        return self.device
