"""RTS or DTR of a serial port as PTT (Digirig Mobile: RTS; AIOC: DTR while RTS is low).

Traps: the kernel itself raises both lines while the port is opened, which keys the transmitter for some
milliseconds (20 ms on some adapters) and is why the board's retriggerable relay is required; they are set at once
after it. With HUPCL the last close drops both, so that a killed guard unkeys an active-high PTT; an active-low one
would be keyed by it, and there HUPCL is off. A line that another output owns is left alone, a free one is dropped
(an AIOC keys only so). No pty has these lines: on a bench board they are pins of the bench, by name.
"""

from typing import Any

from hw.board import Board
from hw.board_parts import ModemLineOutput
from hw.devices import (
    MODEM_BITS,
    advice,
    bench_line,
    close_tty,
    modem_lines,
    open_device,
    set_modem_line,
    set_tty,
)
from hw.outputs.door import OutputFault
from hw.outputs.slow import Pause


class ModemLineDevice:
    """Implements SlowDevice on a real serial port. `others`: signals of this port that other outputs own."""

    driven = True
    rounds = 1
    look_every = 0.5

    def __init__(self, spec: ModemLineOutput, device: str, others: frozenset[str] = frozenset()) -> None:
        self._spec = spec
        self._device = device
        self._free = [MODEM_BITS[name] for name in ("dtr", "rts") if name not in others | {spec.signal}]
        self._bit = MODEM_BITS[spec.signal]
        self._fd = -1
        self._on = False

    def open(self) -> None:
        """Open, and safe in the same breath."""
        try:
            self._fd = open_device(self._device)
            self._set(False)
            set_tty(self._fd, 0, hang_up=not self._spec.safe_level)
            self._set(False)
            for bit in self._free:
                set_modem_line(self._fd, bit, False)
        except OSError as error:
            raise OutputFault(str(error), advice(error.errno, self._device)) from error

    def put(self, on: bool, pause: Pause) -> None:
        """Set the line and read it back."""
        try:
            level = self._set(on)
            stands = bool(modem_lines(self._fd) & self._bit)
        except OSError as error:
            raise OutputFault(str(error), advice(error.errno, self._device)) from error
        if stands != level:
            what = (
                f"{self._spec.signal.upper()} of {self._device} reads {int(stands)} instead of {int(level)}"
            )
            raise OutputFault(
                what, "another program moves it: see fuser; or the adapter does not lead it out"
            )

    def look(self) -> None:
        """Set it again: what another program did is put right."""
        self.put(self._on, lambda seconds: True)

    def shut(self) -> None:
        """Close."""
        if self._fd >= 0:
            close_tty(self._fd)
            self._fd = -1

    def _set(self, on: bool) -> bool:
        self._on = on
        level = bool(self._spec.safe_level) != on
        set_modem_line(self._fd, self._bit, level)
        return level


class BenchModemLine:
    """Implements SlowDevice on a bench board; falls to its safe level when this process is gone."""

    driven = True
    rounds = 1
    look_every = 0.5

    def __init__(self, spec: ModemLineOutput, board: Board) -> None:
        self._spec = spec
        self._board = board
        self._line: Any = None
        self._on = False

    def open(self) -> None:
        """Attach at the safe level."""
        self._line = bench_line(self._board, self._spec.serial, self._spec.signal)
        self._line.attach_output(self._spec.safe_level)

    def put(self, on: bool, pause: Pause) -> None:
        """Write."""
        self._on = on
        self._line.write(int(bool(self._spec.safe_level) != on))

    def look(self) -> None:
        """Write the same again."""
        self.put(self._on, lambda seconds: True)

    def shut(self) -> None:
        """Let go."""
        if self._line is not None:
            self._line.close()
            self._line = None
