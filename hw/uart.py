"""One serial port: the only file that imports pyserial. Bytes come in as facts, bytes go out of a bounded queue.

A port that is missing, busy or unplugged is told once, with advice, and tried again for ever, under every name
its pattern matches. It knows nothing of what the bytes mean.

Traps: the kernel itself raises DTR and RTS for the moment of opening (some adapters for 20 ms), pyserial then
sets them to what is asked here: a PTT on these lines needs the board's retriggerable relay, and belongs to the
guard. A pty has no modem lines and a pulled one reads as EIO. `write` never waits; pyserial's own write would.
"""

import errno
import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import serial

from hw.devices import advice, find_device
from link.hosting.backoff import Backoff

log = logging.getLogger(__name__)

READ_BYTES = 4096
QUEUE_LIMIT = 16 * 1024
"""Bytes that may wait to be sent; what does not fit is refused as a whole."""
STEADY_S = 10.0
"""After so long a life the next outage is retried at once again."""
STOP_S = 2.0
SETTLE_S = 0.001
"""After a read the thread lets some more bytes gather: a babbler costs 1000 wake-ups a second at most."""
SETTLE_FULL_S = 0.02
"""The same after a read that brought a lot: 200 kB/s is more than any serial line, and a pty or USB cannot do more."""


@dataclass(frozen=True, slots=True)
class UartUp:
    """The port is open, as `device`."""

    name: str
    device: str


@dataclass(frozen=True, slots=True)
class UartDown:
    """The port is gone or cannot be opened; it is being tried again. Posted once per outage."""

    name: str
    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class UartData:
    """Bytes as they came, at most READ_BYTES."""

    name: str
    data: bytes


UartFact = UartUp | UartDown | UartData


class Uart:
    """`device` is a path whose last part may be a pattern (/dev/serial/by-id/*Sepura*). start() returns at once;
    facts go to `sink` from the port's own thread. `dtr` and `rts` are the levels the lines rest at; with
    `rts_cts` the driver moves RTS.
    """

    def __init__(
        self,
        name: str,
        device: str,
        baud: int,
        sink: Callable[[UartFact], object],
        *,
        rts_cts: bool = False,
        dtr: bool = False,
        rts: bool = False,
        retry: Backoff | None = None,
    ) -> None:
        self.name = name
        self.device = device
        self.baud = baud
        self.up = False
        self.refused = 0
        """Writes refused: port down or queue full."""
        self._sink = sink
        self._rts_cts = rts_cts
        self._dtr = dtr
        self._rts = rts
        self._backoff = retry or Backoff(first=0.1, factor=2.0, most=5.0)
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake = -1
        self._told_down = False

    def start(self) -> None:
        """Opens the port and keeps it open."""
        self._stopping.clear()
        self._told_down = False
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name=f"uart-{self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Closes the port and ends the thread. Idempotent; may take some 10 ms."""
        if self._thread is None:
            return
        self._stopping.set()
        os.eventfd_write(self._wake, 1)
        self._thread.join(STOP_S)
        if self._thread.is_alive():
            log.error("uart=%s its thread did not end", self.name)
            return
        self._thread = None
        os.close(self._wake)

    def write(self, data: bytes) -> bool:
        """Queue `data` to be sent, whole or not at all; False = refused and counted. Any thread, never waits."""
        with self._lock:
            if not self.up or self._queued + len(data) > QUEUE_LIMIT:
                self.refused += 1
                return False
            self._queue.append(data)
            self._queued += len(data)
        os.eventfd_write(self._wake, 1)
        return True

    def _run(self) -> None:
        while not self._stopping.is_set():
            device, code, reason = self.device, None, ""  # type: str, int | None, str
            port = None
            since = time.monotonic()
            try:
                device = find_device(self.device)
                port = self._open(device)
                self._serve(port, device)
            except (OSError, ValueError) as error:  # SerialException is an OSError
                code, reason = getattr(error, "errno", None), str(error)
            finally:
                self._shut(port)
            if self._stopping.is_set():
                return
            if port is not None and time.monotonic() - since > STEADY_S:
                self._backoff.reset()
            self._tell_down(reason, advice(code, device))
            self._stopping.wait(self._backoff.next())

    def _open(self, device: str) -> serial.Serial:
        port = serial.Serial(
            baudrate=self.baud, timeout=0, write_timeout=0, rtscts=self._rts_cts, exclusive=True
        )
        port.port = device
        port.dtr = self._dtr  # before open(): pyserial sets them right after it
        port.rts = self._rts
        port.open()
        return port

    def _serve(self, port: serial.Serial, device: str) -> None:
        fd = port.fileno()
        with self._lock:
            self._queue.clear()
            self._queued = 0
            self.up = True
        self._told_down = False
        log.info("uart=%s up device=%s baud=%d", self.name, device, self.baud)
        self._sink(UartUp(self.name, device))
        rest = b""
        while not self._stopping.is_set():
            if not rest:
                rest = self._take()
            readable, writable, _ = select.select([fd, self._wake], [fd] if rest else [], [])
            if self._wake in readable:
                os.eventfd_read(self._wake)
            if fd in readable:
                data = port.read(READ_BYTES)
                if not data:
                    raise OSError(errno.EIO, "the port hung up")
                self._sink(UartData(self.name, data))
                self._stopping.wait(SETTLE_S if len(data) < READ_BYTES // 2 else SETTLE_FULL_S)
            if writable:
                rest = rest[port.write(rest) or 0 :]

    def _take(self) -> bytes:
        with self._lock:
            data = b"".join(self._queue)
            self._queue.clear()
            self._queued = 0
        return data

    def _shut(self, port: serial.Serial | None) -> None:
        with self._lock:
            self.up = False
            self._queue.clear()
            self._queued = 0
        if port is not None:
            try:
                port.close()
            except OSError as error:
                log.debug("uart=%s close: %s", self.name, error)

    def _tell_down(self, reason: str, text: str) -> None:
        if self._told_down:
            return
        self._told_down = True
        log.warning("uart=%s down reason=%r advice=%r", self.name, reason, text)
        self._sink(UartDown(self.name, reason, text))
