"""An output behind calls that may block: a thread of its own carries the guard's word to the device.

USB transfers keep a caller in the kernel for up to 5 s whatever the flags (a hidraw write, a modem-control line,
opening a serial port), and a server may not answer. So the guard only leaves its word here and looks at what has
become of it. A device that fails is opened again for ever and is told "safe" first each time; only a new word of
the guard, given after that, switches it on. The thread decides nothing.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Literal, Protocol

from hw.outputs.door import OutputFault

log = logging.getLogger(__name__)

AGAIN = 0.5
"""Seconds between tries for a device that fails."""
REPEAT_AFTER = 0.3
"""Seconds between the rounds of an order that nobody confirms."""
PATIENCE_NS = 1_500_000_000
"""After this a device that has not taken its value is said not to answer."""

Pause = Callable[[float], bool]
"""Wait so many seconds; False when a newer word has come and the rest of this one is not wanted any more."""
Word = Literal["on", "safe", "rest"]
"""rest: nothing is written; the gateway's driver has let go itself."""


class SlowDevice(Protocol):
    """What a door of this kind drives. Every call may block and may raise OSError or OutputFault."""

    @property
    def driven(self) -> bool:
        """The guard itself switches it on; False: on means that its driver may."""
        ...

    @property
    def rounds(self) -> int:
        """How often "safe" is written."""
        ...

    @property
    def look_every(self) -> float:
        """Seconds between two looks while there is nothing to write."""
        ...

    def open(self) -> None:
        """Find and open it; "safe" is put next."""
        ...

    def put(self, on: bool, pause: Pause) -> None:
        """Switch it; `pause` between what must lie apart."""
        ...

    def look(self) -> None:
        """Is it still there, and does it have its value?"""
        ...

    def shut(self) -> None:
        """Close it. Raises nothing; safe to call when it is not open."""
        ...


class SlowDoor:
    """Implements OutputDoor over a SlowDevice."""

    vital = False

    def __init__(self, name: str, device: SlowDevice) -> None:
        self.name = name
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._device = device
        self._changed = threading.Condition()
        self._word: Word = "safe"
        self._number = 0
        self._taken = False
        self._since_ns = time.monotonic_ns()
        self._fault = ""
        self._left = device.rounds
        self._act_at = 0.0
        self._open = False
        self._end_at: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"output-{name}", daemon=True)
        self._thread.start()

    @property
    def fault(self) -> str:
        """See OutputDoor."""
        if not self._fault and not self._taken and time.monotonic_ns() >= self._since_ns + PATIENCE_NS:
            return "the device does not answer: check its plug and power"
        return self._fault

    @property
    def settled(self) -> bool:
        """See OutputDoor."""
        return self._taken and not self._fault

    @property
    def quiet(self) -> bool:
        """Settled, and every round of the last word is written."""
        return self.settled and self._left == 0

    @property
    def deadline_ns(self) -> int | None:
        """When an answer is overdue."""
        due = self._since_ns + PATIENCE_NS
        return None if self._taken or self._fault or due <= time.monotonic_ns() else due

    def write(self, on: bool, *, ordered: bool = False) -> None:
        """Leave the word; what is left of the one before is dropped."""
        with self._changed:
            rest = ordered and not on and not self._device.driven and not self._fault
            self._word = "on" if on else "rest" if rest else "safe"
            self._number += 1
            self._left = self._device.rounds if self._word == "safe" else 0
            if self._taken:
                self._since_ns = time.monotonic_ns()
            self._taken, self._act_at = False, 0.0
            self._changed.notify()

    def serve(self) -> None:
        """Clear the news."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.fd)

    def close(self, until: float) -> None:
        """See OutputDoor. A thread that hangs in the kernel is left to the end of the process."""
        with self._changed:
            self._end_at = until
            self._changed.notify()
        self._thread.join(max(0.0, until - time.monotonic()) + 0.3)
        if self._thread.is_alive():
            log.error("out=%s its device does not answer, left as it is", self.name)
            return
        os.close(self.fd)

    def _run(self) -> None:
        while self._await():
            with self._changed:
                number, word, news = self._number, self._word, not self._taken
            fault = self._act(number, word, news)
            with self._changed:
                self._note(number, fault)
            os.eventfd_write(self.fd, 1)
        self._device.shut()

    def _await(self) -> bool:
        """Wait until there is something to do; False when this is the end."""
        with self._changed:
            while True:
                now = time.monotonic()
                done = self._taken and self._left == 0
                if self._end_at is not None and (done or self._fault or now >= self._end_at):
                    return False
                if now >= self._act_at:
                    return True
                ends = [self._act_at] if self._end_at is None else [self._act_at, self._end_at]
                self._changed.wait(min(ends) - now)

    def _act(self, number: int, word: Word, news: bool) -> str:
        """Carry the word out; why it could not be, or nothing."""
        try:
            if not self._open:
                self._device.open()
                self._open = True
                if word != "safe":
                    self._device.put(False, lambda seconds: self._pause(seconds, number))
            if word == "safe" and (news or self._left):
                self._device.put(False, lambda seconds: self._pause(seconds, number))
            elif word == "on" and news:
                self._device.put(True, lambda seconds: self._pause(seconds, number))
            else:
                self._device.look()
        except (OSError, OutputFault) as error:
            self._device.shut()
            self._open = False
            return str(error)
        return ""

    def _note(self, number: int, fault: str) -> None:
        """What has become of word `number`."""
        now = time.monotonic()
        self._fault = fault
        if fault:
            if self._taken:
                self._since_ns = time.monotonic_ns()
            self._word, self._left, self._taken = "safe", self._device.rounds, False
            self._act_at = now + AGAIN
        elif number == self._number:
            self._taken = True
            self._left = max(0, self._left - 1)
            self._act_at = now + (REPEAT_AFTER if self._left else self._device.look_every)
        else:  # it answers; the newer word is next
            self._since_ns = time.monotonic_ns()

    def _pause(self, seconds: float, number: int) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._number != number or self._overdue, seconds)
            return self._number == number and not self._overdue

    @property
    def _overdue(self) -> bool:
        return self._end_at is not None and time.monotonic() >= self._end_at
