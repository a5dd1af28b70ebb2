"""A bus host on a hand-turned clock: a serial port whose far end is the bench's model of a bus."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from firmware.modbus.host import BusHost
from hw.bench.modbus import Device, ModbusBus
from hw.modbus.machine import BusSettings
from hw.modbus.protocol import wire_time
from hw.uart import UartData, UartDown, UartFact, UartUp
from link.hosting.clock import HandClock


class FakePort:
    """What `hw.uart.Uart` is to the host."""

    def __init__(
        self, wire: ModbusBus, clock: HandClock, baud: int, sink: Callable[[UartFact], object]
    ) -> None:
        self.wire, self.clock, self.baud, self.sink = wire, clock, baud, sink
        self.written: list[bytes] = []
        self.up = False

    def start(self) -> None:
        self.plug()

    def stop(self) -> None:
        self.up = False

    def plug(self) -> None:
        self.up = True
        self.sink(UartUp("rs485", "/dev/fake"))

    def unplug(self) -> None:
        self.up = False
        self.sink(UartDown("rs485", "unplugged", "check the plug"))

    def write(self, data: bytes) -> bool:
        if not self.up:
            return False
        self.written.append(data)
        sent = self.clock.now() + wire_time(len(data), self.baud)
        for heard in self.wire.feed(data, sent):
            self.clock.call_at(
                heard.at + wire_time(len(heard.data), self.baud), lambda h=heard: self._say(h.data)
            )
        return True

    def _say(self, data: bytes) -> None:
        if self.up:
            self.sink(UartData("rs485", data))


class Rig:
    """`health` is (subject, what) as it was told."""

    def __init__(self, *devices: Device, **bus: float) -> None:
        self.clock = HandClock()
        self.wire = ModbusBus(devices)
        self.health: list[tuple[str, str]] = []
        self.host = BusHost("b1", BusSettings(**bus), self.clock, self.tell)  # type: ignore[arg-type]
        self.port = FakePort(self.wire, self.clock, 9600, self.host.from_port)
        self.tasks: list[asyncio.Task[None]] = []

    def tell(self, subject: str, what: str, advice: str) -> None:
        self.health.append((subject, what))

    async def start(self) -> "Rig":
        self.tasks = [asyncio.create_task(run()) for run in self.host.runners()]
        self.host.start(self.port)
        await self.clock.advance(1.0)
        return self

    async def stop(self) -> None:
        self.host.stop()
        for task in self.tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
