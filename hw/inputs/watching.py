"""An input at the end of a cable: a thread of its own watches it, posts changes, and finds it again when it was pulled.

A source that cannot be read is told once with advice and reads off: a carrier that nobody can hear is none. It is
tried again for ever, under every name its pattern matches. Each change is posted once, in order.
"""

import logging
import os
import select
import threading
import time
from collections.abc import Callable
from typing import Protocol

from hw.devices import advice
from hw.pins import EdgeSink, PinsUnavailable

log = logging.getLogger(__name__)

AGAIN = 0.5
STOP_S = 2.0
Health = Callable[[PinsUnavailable | None], object]
"""Told on the input's thread what is wrong, or None when all is well again; told news only."""


class Source(Protocol):
    """What is watched. Every call may raise OSError."""

    @property
    def place(self) -> str:
        """The device, as a technician knows it."""
        ...

    def open(self) -> bool:
        """Open it; the logical level."""
        ...

    def wait(self, wake: int) -> list[tuple[bool, int]]:
        """Wait for changes or until `wake` can be read: (logical level, monotonic ns) of each."""
        ...

    def shut(self) -> None:
        """Close it. Raises nothing; safe to call when it is not open."""
        ...


class Watched:
    """Implements hw.inputs.opening.OpenInput over a Source. Posts its level once when opened, then each change."""

    def __init__(self, name: str, source: Source, sink: EdgeSink, health: Health) -> None:
        self.name = name
        self._source = source
        self._sink = sink
        self._health = health
        self._last: bool | None = None
        self._ill = False
        self._stopping = threading.Event()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name=f"input-{name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop posting and give the device back. Safe to call twice."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        os.eventfd_write(self._wake, 1)
        self._thread.join(STOP_S)
        if self._thread.is_alive():
            log.error("input=%s its device does not answer, left as it is", self.name)
            return
        os.close(self._wake)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._watch()
            except OSError as error:
                self._post(False, time.monotonic_ns())
                self._tell(error)
            finally:
                self._source.shut()
            select.select([self._wake], [], [], AGAIN)

    def _watch(self) -> None:
        self._post(self._source.open(), time.monotonic_ns())
        self._tell(None)
        while not self._stopping.is_set():
            for level, at_ns in self._source.wait(self._wake):
                self._post(level, at_ns)

    def _post(self, level: bool, at_ns: int) -> None:
        if level != self._last and not self._stopping.is_set():
            self._last = level
            self._sink(level, at_ns)

    def _tell(self, error: OSError | None) -> None:
        if (error is not None) == self._ill:
            return
        self._ill = error is not None
        what = None
        if error is not None:
            what = PinsUnavailable(f"input {self.name!r}: {error}", advice(error.errno, self._source.place))
        log.log(logging.WARNING if error else logging.INFO, "input=%s %s", self.name, what or "is there")
        self._health(what)
