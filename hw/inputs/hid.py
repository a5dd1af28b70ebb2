"""A button or GPIO of a CM108-class USB sound interface, by its hidraw device; volume-down is the usual COS.

The chip reports 4 bytes whenever something changes, so reading is change-driven: byte 0 has the buttons (bit 0
volume-up, bit 1 volume-down), byte 1 the GPIOs. Source: protocols.md §2.6. Traps: which level means "carrier" is
wiring, not chip; a new reader is told nothing until the next change, hence the question at opening; the bench's
devices are ptys, which do not keep the bounds of reports.
"""

import fcntl
import os
import select
import time

from hw.board_parts import HidInput
from hw.devices import open_device

REPORT = 4
_MASKS = {
    "volume-up": (0, 0x01),
    "volume-down": (0, 0x02),
    "gpio1": (1, 0x01),
    "gpio2": (1, 0x02),
    "gpio3": (1, 0x04),
    "gpio4": (1, 0x08),
}
"""Signal -> byte of the report and bit in it."""
_HIDIOCGINPUT = 3 << 30 | (REPORT + 1) << 16 | ord("H") << 8 | 0x0A


class HidSource:
    """Implements hw.inputs.watching.Source."""

    def __init__(self, spec: HidInput) -> None:
        self.place = spec.device
        self._byte, self._mask = _MASKS[spec.signal]
        self._active_high = spec.active_high
        self._fd = -1
        self._rest = b""

    def open(self) -> bool:
        """Open; the level if the chip tells it, else off until it reports."""
        self._fd = open_device(self.place)
        self._rest = b""
        report = bytearray(REPORT + 1)
        try:
            fcntl.ioctl(self._fd, _HIDIOCGINPUT, report)
        except OSError:  # a kernel before 5.11, a chip without this, or a pty of the bench
            return False
        return self._level(bytes(report[1:]))

    def wait(self, wake: int) -> list[tuple[bool, int]]:
        """Reports as they come."""
        ready, _, _ = select.select([self._fd, wake], [], [])
        if self._fd not in ready:
            return []
        try:
            data = self._rest + os.read(self._fd, 16 * REPORT)
        except BlockingIOError:
            return []
        if not data:
            raise OSError("the device has gone")
        whole = len(data) // REPORT * REPORT
        self._rest = data[whole:]
        now = time.monotonic_ns()
        return [(self._level(data[at : at + REPORT]), now) for at in range(0, whole, REPORT)]

    def shut(self) -> None:
        """Close."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _level(self, report: bytes) -> bool:
        return bool(report[self._byte] & self._mask) == self._active_high
