"""An analog radio behind a CM108-class USB interface: PTT and squelch as HID reports on a port of its own. Pure.

Output reports are 5 bytes (0, 0, levels, directions, 0), bit n-1 for GPIO n; input reports 4 bytes, buttons in
byte 0, GPIO levels in byte 1 (protocols.md §2.2). What is no whole report is dropped after a while of silence.
"""

from hw.bench.analog import Field, LiveRadio
from hw.bench.device import Port
from hw.bench.entries import UsbRadioEntry

REPORT = 5
SILENCE_S = 0.05
PENDING = 100
BUTTONS = {"volume-up": 0x01, "volume-down": 0x02}


class LiveUsbRadio(LiveRadio):
    """A radio whose accessory port is a USB interface."""

    kind = "radio"

    def __init__(self, entry: UsbRadioEntry, air: Field) -> None:
        super().__init__(entry, air)
        self.port = Port(entry.hid, self.report, self.take_reports, self._due)
        self.cos = self._cos
        self._mask = 1 << (entry.ptt_gpio - 1)
        self._signal = entry.cos
        self._rest = b""
        self._last = 0.0
        self._out: list[bytes] = []

    def report(self, data: bytes, now: float) -> None:
        """Output reports of the gateway."""
        if now - self._last > SILENCE_S:
            self._rest = b""
        self._last = now
        self._rest += data
        while len(self._rest) >= REPORT:
            report, self._rest = self._rest[:REPORT], self._rest[REPORT:]
            if report[0] == 0 and report[1] == 0 and report[3] & self._mask:
                self.ptt(bool(report[2] & self._mask), round(now * 1e9))

    def take_reports(self, now: float) -> bytes:
        """Input reports for the gateway."""
        data, self._out = b"".join(self._out), []
        return data

    def _due(self) -> float | None:
        return 0.0 if self._out else None

    def _cos(self, on: bool, now: int) -> None:
        if self._signal in BUTTONS:
            report = bytes((BUTTONS[self._signal] * on, 0, 0, 0))
        else:
            report = bytes((0, on << (int(self._signal[-1]) - 1), 0, 0))
        self._out = [*self._out[-PENDING:], report]
        self.wake()
