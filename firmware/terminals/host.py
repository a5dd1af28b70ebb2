"""Hosts one driver at one port: bytes in and out, and its facts through its desk to whom they concern.

The port's thread only posts. A driver that crashes starts over; what hangs on it has been made safe before.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from firmware.terminals.messages import Consequences
from hw.rig.client import RigctldClient
from hw.rig.messages import Reopen
from hw.terminal import MakeSafe, PortDown, PortUp, Told, Write
from hw.uart import UartData, UartDown, UartUp
from link.hosting.clock import Clock
from link.hosting.machine import Machine
from link.hosting.runner import Runner

log = logging.getLogger(__name__)

ROOM_KEPT = 256
"""Places of the driver's inbox that a babbling device cannot fill: for orders, the clock and its own port."""


class Splitter(Protocol):
    """Bytes to what the device says; bounded, never raises."""

    def feed(self, data: bytes) -> list[object]:
        """What `data` completes."""


class Port(Protocol):
    """A serial port or socket; `hw.uart.Uart` is one."""

    def start(self) -> None:
        """Open it and keep it open."""

    def stop(self) -> None:
        """Close it. May take some 10 ms."""

    def write(self, data: bytes) -> bool:
        """Queue bytes; False: refused."""


class Desk(Protocol):
    """Turns the driver's facts into what follows from them, and orders into the driver's."""

    def hear(self, fact: object, at_ns: int) -> Consequences:
        """What follows from a fact."""

    def order_for(self, order: object) -> object | None:
        """The driver's order, or None."""

    def started_over(self, at_ns: int) -> Consequences:
        """What follows when the driver has crashed and begins from its first state."""


class TerminalHost:
    """One terminal. `tell` is given what follows from each fact; `unsafe` that everything must be let go."""

    def __init__(
        self,
        line: str,
        fresh: Callable[[], Machine],
        splitter: Callable[[], Splitter],
        desk: Desk,
        clock: Clock,
        tell: Callable[[str, Consequences], None],
        unsafe: Callable[[str, str], None],
    ) -> None:
        self.line = line
        self.desk = desk
        self.port: Port | None = None
        self.lost = 0
        """What the device said and nobody had time to read."""
        self._fresh = fresh
        self._new_splitter = splitter
        self._splitter = splitter()
        self._clock = clock
        self._tell = tell
        self._unsafe = unsafe
        self._up = False
        self.runner: Runner[Machine] = Runner(
            f"terminal-{line}",
            fresh(),
            self.perform,
            clock,
            on_crash=lambda: unsafe(line, "a fault in the gateway's program"),
            recover=self._start_over,
        )

    def from_port(self, fact: object) -> None:
        """Facts of the port; called on its thread."""
        post = self.runner.inbox.post
        match fact:
            case UartUp():
                self._up, self._splitter = True, self._new_splitter()
                post(PortUp())
            case UartDown(reason=reason):
                self._up = False
                post(fact)
                post(PortDown(reason))
            case UartData(data=data):
                self._post_said(self._splitter.feed(data))

    def _post_said(self, lines: list[object]) -> None:
        """What the driver cannot keep up with is dropped and counted, never an order or the end of the port."""
        inbox = self.runner.inbox
        room = max(0, inbox.room - ROOM_KEPT)
        for said in lines[:room]:
            inbox.post(said)
        lost = len(lines) - room
        if lost > 0:
            if not self.lost:
                log.warning("terminal=%s says more than can be read (named once)", self.line)
            self.lost += lost

    def order(self, order: object) -> bool:
        """Pass an order of the line or of the centre on to the driver; False: it cannot do that."""
        own = self.desk.order_for(order)
        return own is not None and self.runner.inbox.post(own)

    def perform(self, effect: object) -> None:
        """One effect of the driver."""
        match effect:
            case Write(data=data):
                if self.port is not None and not self.port.write(data):
                    log.warning("terminal=%s write of %d bytes refused", self.line, len(data))
            case Told(fact=fact):
                self._tell(self.line, self.desk.hear(fact, self._now_ns))
            case MakeSafe(reason=reason):
                self._unsafe(self.line, reason)
            case Reopen(reason=reason) if isinstance(self.port, RigctldClient):
                self.port.reopen(reason)

    @property
    def _now_ns(self) -> int:
        return int(self._clock.now() * 1e9)

    def _start_over(self) -> tuple[Machine, tuple[object, ...]]:
        machine = self._fresh()
        self._tell(self.line, self.desk.started_over(self._now_ns))
        return machine.handle(PortUp(), self._clock.now()) if self._up else (machine, ())
