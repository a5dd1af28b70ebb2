"""A closed loop on a hand-turned clock: bus machine, clients and simulated devices, bytes cut at random."""

import random
from typing import Any

from hw.bench.modbus import Device, ModbusBus
from hw.modbus import machine as m
from hw.modbus.protocol import frame_gap, wire_time
from link.hosting.machine import Tick


class Loop:
    """Clients are machines that ask; what they tell is collected in `facts` as (time, effect)."""

    def __init__(
        self, clients: dict[str, Any], devices: tuple[Device, ...], seed: int = 1, **bus: Any
    ) -> None:
        self.chance = random.Random(seed)
        self.settings = m.BusSettings(**bus)
        self.bus = m.Bus(self.settings)
        self.clients = clients
        self.wire = ModbusBus(devices)
        self.coming: list[tuple[float, bytes]] = []
        self.now = 0.0
        self.facts: list[tuple[float, object]] = []
        self.frames: list[tuple[float, bytes]] = []

    def port(self, event: object) -> None:
        self._bus(event)
        for name in self.clients:
            self.tell(name, event)

    def tell(self, name: str, event: object) -> None:
        self.clients[name], effects = self.clients[name].handle(event, self.now)
        for effect in effects:
            if isinstance(effect, m.Ask):
                self._bus(effect)
            else:
                self.facts.append((self.now, effect))

    def _bus(self, event: object) -> None:
        self.bus, effects = self.bus.handle(event, self.now)
        for effect in effects:
            if isinstance(effect, m.Write):
                self._write(effect.data)
            elif isinstance(effect, m.Answered | m.Failed):
                for name in self.clients:
                    self.tell(name, effect)
            else:
                self.facts.append((self.now, effect))

    def _write(self, data: bytes) -> None:
        self.frames.append((self.now, data))
        sent = self.now + wire_time(len(data), self.settings.baud) + frame_gap(self.settings.baud)
        for heard in self.wire.feed(data, sent):
            at = heard.at + wire_time(len(heard.data), self.settings.baud)
            rest = heard.data
            while rest:
                cut = self.chance.randint(1, len(rest))
                self.coming.append((at, rest[:cut]))
                rest, at = rest[cut:], at + 1e-6
        self.coming.sort(key=lambda each: each[0])

    def to(self, until: float) -> "Loop":
        while True:
            dues = [each.deadline for each in (self.bus, *self.clients.values())]
            moments = [due for due in dues if due is not None] + [at for at, _ in self.coming[:1]]
            due = min(moments, default=until)
            if due >= until:
                break
            self.now = max(self.now, due)
            if self.coming and self.coming[0][0] <= self.now:
                self._bus(m.Received(self.coming.pop(0)[1]))
                continue
            if (late := self.bus.deadline) is not None and late <= self.now:
                self._bus(Tick())
            for name, client in list(self.clients.items()):
                if client.deadline is not None and client.deadline <= self.now:
                    self.tell(name, Tick())
        self.now = until
        return self

    def told(self, kind: type) -> list[Any]:
        found = [getattr(effect, "fact", effect) for _, effect in self.facts]
        return [each for each in found if isinstance(each, kind)]
