"""One conversation over a serial port, question by question, on top of hw.uart: for the doctor, who may wait.

Opens the port exclusively, as a gateway does. It never sends anything but what it is given.
"""

import queue
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from hw.uart import Uart, UartData, UartDown, UartFact, UartUp

OPEN_S = 3.0


class Wire:
    """A context; `trouble` says why the port could not be opened, None when it is open."""

    def __init__(self, device: str, baud: int, rts_cts: bool = False) -> None:
        self._facts: queue.Queue[UartFact] = queue.Queue(maxsize=1000)
        self._uart = Uart("doctor", device, baud, self._take, rts_cts=rts_cts)
        self.trouble: UartDown | None = None

    def __enter__(self) -> Self:
        self._uart.start()
        first = self._next(OPEN_S)
        if not isinstance(first, UartUp):
            nothing = UartDown("doctor", "the port did not open in time", "")
            self.trouble = first if isinstance(first, UartDown) else nothing
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._uart.stop()

    def ask(self, data: bytes, done: Callable[[bytes], bool], seconds: float) -> bytes:
        """Send, and gather what comes until it is `done` or the time is over. At most 64 KiB."""
        while self._next(0) is not None:
            pass  # what came before the question is no answer to it
        self._uart.write(data)
        heard, until = b"", time.monotonic() + seconds
        while not done(heard) and len(heard) < 65536 and (left := until - time.monotonic()) > 0:
            fact = self._next(left)
            if isinstance(fact, UartData):
                heard += fact.data
            elif isinstance(fact, UartDown):
                self.trouble = fact
                break
        return heard

    def _take(self, fact: UartFact) -> None:
        try:
            self._facts.put_nowait(fact)
        except queue.Full:
            return  # a babbler: what is kept shows that

    def _next(self, seconds: float) -> UartFact | None:
        try:
            return self._facts.get(timeout=seconds) if seconds else self._facts.get_nowait()
        except queue.Empty:
            return None
