"""A GPIO of a CM108-class USB sound interface, by its hidraw device: the usual PTT of such interfaces is GPIO 3.

The output report is exactly 5 bytes: report number 0, 0, levels, directions, 0; bit n-1 is GPIO n. One report sets
all GPIOs of the chip, so that outputs on one chip share what they know. Sources: protocols.md §2.6 (hamlib, direwolf).
Traps: 4 bytes fail with EPIPE; a chip that was plugged in again has let all its GPIOs float, hence the repetition;
the 3 ms pause of app_rpt before each transfer is needed for libusb only, not for hidraw.
"""

import os
import threading

from hw.board_parts import HidOutput
from hw.devices import advice, open_device
from hw.outputs.door import OutputFault
from hw.outputs.slow import Pause

REPORT = 5


class Chip:
    """What the outputs of one chip have in common: the levels, and whose turn it is."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._levels = 0
        self._outputs = 0

    def report(self, gpio: int, level: bool) -> bytes:
        """The report that sets GPIO `gpio` (1 to 8), and all others as they were."""
        bit = 1 << (gpio - 1)
        self._outputs |= bit
        self._levels = self._levels | bit if level else self._levels & ~bit
        return bytes((0, 0, self._levels, self._outputs, 0))


class HidDevice:
    """Implements SlowDevice."""

    driven = True
    rounds = 1
    look_every = 0.5

    def __init__(self, spec: HidOutput, chip: Chip) -> None:
        self._spec = spec
        self._chip = chip
        self._fd = -1
        self._on = False

    def open(self) -> None:
        """Open, and safe in the same breath."""
        try:
            self._fd = open_device(self._spec.device)
        except OSError as error:
            raise OutputFault(str(error), advice(error.errno, self._spec.device)) from error
        self._send(False)

    def put(self, on: bool, pause: Pause) -> None:
        """One report."""
        self._send(on)

    def look(self) -> None:
        """The same report again."""
        self._send(self._on)

    def shut(self) -> None:
        """Close."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _send(self, on: bool) -> None:
        self._on = on
        with self._chip.lock:
            report = self._chip.report(self._spec.gpio, bool(self._spec.safe_level) != on)
            try:
                sent = os.write(self._fd, report)
            except OSError as error:
                raise OutputFault(str(error), advice(error.errno, self._spec.device)) from error
        if sent != REPORT:
            raise OutputFault(
                f"{self._spec.device} took {sent} of {REPORT} bytes", "is it a CM108-class chip?"
            )
