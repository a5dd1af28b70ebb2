"""All terminals of a gateway: what follows from their facts goes to lines, evidence and health; orders find them.

The switchboard gives the ways out; nothing here decides.
"""

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Protocol

from firmware.terminals.host import TerminalHost
from firmware.terminals.messages import Consequences, Health, Keep, Remember, ToDriver, Told, ToLine
from hw.phone.facts import TextKept
from hw.uart import UartDown, UartUp
from link.contract.field_facts import OrderRefused
from link.contract.wire import Wire

log = logging.getLogger(__name__)


class Shelf(Protocol):
    """Durable storage of a gateway: what must not be lost with the power."""

    def keep(self, line: str, fact: Wire, done: Callable[[], None]) -> None:
        """Store a text; `done` is called once it lies on the disk, on the gateway's loop."""

    def remember(self, line: str, word: str) -> None:
        """Store a word about the terminal of `line`."""

    def remembers(self, line: str, word: str) -> bool:
        """Whether the word was stored."""


@dataclass
class Ways:
    """Where the consequences go."""

    to_line: Callable[[str, object], object]
    record: Callable[[Wire], None]
    health: Callable[[str, str, str], None]
    safe: Callable[[str, str], None]
    shelf: Shelf


@dataclass
class Terminals:
    """Terminals by line id."""

    ways: Ways
    hosts: dict[str, TerminalHost] = field(default_factory=dict)

    def runners(self) -> list[Callable[[], Coroutine[None, None, None]]]:
        """What serves the drivers."""
        return [host.runner.run for host in self.hosts.values()]

    def start_ports(self) -> None:
        """Open every port."""
        for host in self.hosts.values():
            if host.port is not None:
                host.port.start()

    def stop_ports(self) -> None:
        """Close every port; blocks some 10 ms for each."""
        for host in self.hosts.values():
            if host.port is not None:
                host.port.stop()

    def tell(self, line: str, consequences: Consequences) -> None:
        """What follows from a fact of the terminal of `line`."""
        host = self.hosts[line]
        for each in consequences:
            match each:
                case ToLine(event=event):
                    self.ways.to_line(line, event)
                case ToDriver(order=order):
                    host.runner.inbox.post(order)
                case Told(fact=fact):
                    self.ways.record(fact)
                case Health(subject=subject, what=what, advice=advice):
                    self.ways.health(subject, what, advice)
                case Keep(key=key, fact=fact):
                    self._keep(host, key, fact)
                case Remember(word=word):
                    self.ways.shelf.remember(line, word)

    def _keep(self, host: TerminalHost, key: str, fact: Wire) -> None:
        def kept() -> None:
            host.runner.inbox.post(TextKept(key))
            self.ways.record(fact)

        self.ways.shelf.keep(host.line, fact, kept)

    def unsafe(self, line: str, reason: str) -> None:
        """The driver says that nothing may pass over this device."""
        log.warning("line=%s made safe reason=%s", line, reason)
        self.ways.safe(line, reason)

    def from_port(self, host: TerminalHost) -> Callable[[object], None]:
        """Facts of a terminal's port, with its health for people; called on the port's thread."""

        def heard(fact: object) -> None:
            host.from_port(fact)
            match fact:
                case UartUp(name=name):
                    self.ways.health(f"serial {name}", "", "")
                case UartDown(name=name, reason=reason, advice=advice):
                    self.ways.health(f"serial {name}", reason or "gone", advice)

        return heard

    def output_read(self, line: str, read: object) -> None:
        """The guard's read-back of the line's output, for a driver that compares it with its device."""
        host = self.hosts.get(line)
        if host is not None:
            host.order(read)

    def order(self, line: str, order: object) -> bool:
        """Pass an order on; False: there is no such terminal."""
        host = self.hosts.get(line)
        if host is None:
            return False
        if not host.order(order):
            name = type(order).__name__
            self.ways.record(OrderRefused(line=line, order=name, why="this line cannot do that"))
        return True
