"""Bus and clients on a real pty and the real clock: what hw.uart and a runner do, in a few lines."""

import os
import select
import termios
import time
import tty
from pathlib import Path
from typing import Any

from hw.modbus import machine as m
from link.hosting.machine import Tick


class Port:
    """Opens `path`; `run` hosts the machines for so long or until `done`. Call it beside the event loop."""

    def __init__(self, path: Path, clients: dict[str, Any], **bus: Any) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd, termios.TCSANOW)
        self.bus = m.Bus(m.BusSettings(**bus))
        self.clients = clients
        self.facts: list[object] = []
        self.answers: list[m.Answered | m.Failed] = []
        self.to_bus(m.PortUp())
        for name in clients:
            self.tell(name, m.PortUp())

    def tell(self, name: str, event: object) -> None:
        self.clients[name], effects = self.clients[name].handle(event, time.monotonic())
        for effect in effects:
            if isinstance(effect, m.Ask):
                self.to_bus(effect)
            else:
                self.facts.append(getattr(effect, "fact", effect))

    def to_bus(self, event: object) -> None:
        self.bus, effects = self.bus.handle(event, time.monotonic())
        for effect in effects:
            if isinstance(effect, m.Write):
                os.write(self.fd, effect.data)
            elif isinstance(effect, m.Answered | m.Failed):
                self.answers.append(effect)
                for name in self.clients:
                    self.tell(name, effect)

    def run(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            dues = [each.deadline for each in (self.bus, *self.clients.values())]
            due = min([each for each in dues if each is not None], default=end)
            ready, _, _ = select.select([self.fd], [], [], max(0.0, min(due, end) - now))
            if ready:
                self.to_bus(m.Received(os.read(self.fd, 4096)))
            self.to_bus(Tick())
            for name in self.clients:
                self.tell(name, Tick())

    def ask(self, ask: m.Ask, seconds: float = 2.0) -> m.Answered | m.Failed | None:
        """One exchange; None when it did not end in time."""
        count, end = len(self.answers), time.monotonic() + seconds
        self.to_bus(ask)
        while len(self.answers) == count and time.monotonic() < end:
            self.run(0.02)
        return self.answers[count] if len(self.answers) > count else None

    def close(self) -> None:
        os.close(self.fd)
