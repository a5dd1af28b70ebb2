"""Hosts one [[bus]]: its serial port, the Modbus machine, and the machines of the devices that hang on it.

A device's machine asks by `Ask` effects with tickets `<its name>/...` and hears the port and the answers to its own
tickets; everything else it wants done goes to whoever attached it. Nothing here knows what a device is.
"""

import logging
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from hw.board_parts import SerialPort
from hw.modbus.machine import (
    AdapterEchoes,
    Answered,
    Ask,
    Bus,
    BusSettings,
    Failed,
    Received,
    SlaveBack,
    SlaveLost,
)
from hw.terminal import PortDown, PortUp, Told, Write
from hw.uart import UartData, UartDown, UartUp
from link.hosting.clock import Clock
from link.hosting.machine import Machine
from link.hosting.runner import Runner

log = logging.getLogger(__name__)


class Port(Protocol):
    """A serial port; `hw.uart.Uart` is one."""

    def start(self) -> None:
        """Open it and keep it open; facts come from any thread."""

    def stop(self) -> None:
        """Close it; may take some 10 ms."""

    def write(self, data: bytes) -> bool:
        """Send whole or not at all."""


Open = Callable[[SerialPort, int, bool, Callable[[object], object]], Port]
"""(its entry in the board file, baud, RTS/CTS, sink of facts) -> the port, not started."""
Health = Callable[[str, str, str], None]
"""(subject, what is wrong or "", advice); called from any thread."""


class BusHost:
    """`attach` every device, then `start`, and run every one of `runners()`. `health` takes any thread."""

    def __init__(self, name: str, settings: BusSettings, clock: Clock, health: Health) -> None:
        self.name = name
        self.clients: dict[str, Runner[Any]] = {}
        self.port: Port | None = None
        self._clock = clock
        self._health = health
        self._up = False
        self._first = Bus(settings)
        self.bus: Runner[Bus] = Runner(
            f"bus-{name}", self._first, self._perform, clock, on_crash=self._crashed, recover=self._begun
        )

    def attach(
        self,
        name: str,
        machine: Machine,
        perform: Callable[[object], None],
        on_crash: Callable[[], None] | None = None,
    ) -> Runner[Any]:
        """A runner for the machine of the device `name`; `perform` gets its effects except `Ask`, the facts out of
        their `Told`. After a crash it starts over with the port as it is. Names are unique on one bus. ValueError.
        """
        if name in self.clients:
            raise ValueError(f"bus {self.name}: {name!r} is attached already")

        def performed(effect: object) -> None:
            match effect:
                case Ask():
                    self.bus.inbox.post(effect)
                case Told(fact=fact):
                    perform(fact)
                case _:
                    perform(effect)

        def begun() -> tuple[Any, tuple[object, ...]]:
            return machine.handle(PortUp(), self._clock.now()) if self._up else (machine, ())

        runner = Runner(
            f"{self.name}-{name}", machine, performed, self._clock, on_crash=on_crash, recover=begun
        )
        self.clients[name] = runner
        return runner

    def runners(self) -> list[Callable[[], Coroutine[None, None, None]]]:
        """What serves the bus and its devices."""
        return [self.bus.run, *(runner.run for runner in self.clients.values())]

    def start(self, port: Port) -> None:
        """Open `port`, whose sink is `from_port`."""
        self.port = port
        port.start()

    def stop(self) -> None:
        """Close the port. May take some 10 ms; idempotent."""
        if self.port is not None:
            self.port.stop()

    def from_port(self, fact: object) -> None:
        """Facts of the port; any thread. The bus hears of a new port before those who will ask."""
        match fact:
            case UartData(data=data):
                self.bus.inbox.post(Received(data))
            case UartUp():
                self._tell_all(PortUp())
                self._health(f"serial {fact.name}", "", "")
            case UartDown(name=name, reason=reason, advice=advice):
                self._tell_all(PortDown(reason))
                self._health(f"serial {name}", reason, advice)

    def _begun(self) -> tuple[Bus, tuple[object, ...]]:
        return self._first.handle(PortUp(), self._clock.now()) if self._up else (self._first, ())

    def _crashed(self) -> None:
        """Nobody will be answered what he has asked: the devices begin anew."""
        for runner in self.clients.values():
            runner.inbox.post(PortDown("the driver of the bus starts over"))
            if self._up:
                runner.inbox.post(PortUp())

    def _tell_all(self, event: PortUp | PortDown) -> None:
        self._up = isinstance(event, PortUp)
        for runner in (self.bus, *self.clients.values()):
            runner.inbox.post(event)

    def _perform(self, effect: object) -> None:
        match effect:
            case Write(data=data):
                if self.port is not None:
                    self.port.write(data)  # refused: no answer will come, and the machine says so
            case Answered(ticket=ticket) | Failed(ticket=ticket):
                client = self.clients.get(ticket.partition("/")[0])
                if client is not None:
                    client.inbox.post(effect)
            case Told(fact=fact):
                self._told(fact)

    def _told(self, fact: object) -> None:
        match fact:
            case SlaveLost(slave=slave, why=why, advice=advice):
                self._health(f"bus {self.name} device {slave}", why, advice)
            case SlaveBack(slave=slave):
                self._health(f"bus {self.name} device {slave}", "", "")
            case AdapterEchoes(advice=advice):
                log.warning("bus=%s its adapter hears itself: %s", self.name, advice)
