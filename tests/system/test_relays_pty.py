"""Coil outputs on a real serial line: fed relays close by timed pulses and open by themselves when the wire is cut."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from firmware.modbus.host import BusHost
from firmware.modbus.relays import Relays
from hw.bench.modbus import ModbusBus, RelayBoardModel
from hw.bench.modbus_line import ModbusLine
from hw.modbus.machine import BusSettings
from hw.relay_board.machine import RelaySettings
from hw.uart import Uart
from link.hosting.clock import SystemClock


class Guard:
    def feed(self, out: str, left: float, why: str, at_ns: int | None = None) -> bool:
        return True

    def safe(self, out: str) -> bool:
        return True


class Site:
    """A relay board at a pty, its bus hosted as a gateway does."""

    def __init__(self, path: Path) -> None:
        self.model = RelayBoardModel()
        self.line = ModbusLine(ModbusBus((self.model,)), path)
        clock = SystemClock()
        self.health: list[tuple[str, str]] = []
        self.read: list[tuple[bool, str]] = []
        self.host = BusHost("b1", BusSettings(), clock, lambda *said: self.health.append(said[:2]))
        self.relays = Relays(Guard(), clock, lambda *said: self.health.append(said[:2]), self.heard)
        self.relays.add_board(self.host, RelaySettings("pa"))
        self.relays.add_coil("amp", "pa", 2)
        self.relays.guard_says("amp", True, "feed")
        self.port = Uart("rs485", str(path), 9600, self.host.from_port)

    def heard(self, out: str, on: bool, why: str) -> None:
        self.read.append((on, why))

    def closed(self) -> bool:
        self.model.run(time.monotonic())
        return self.model.closed(2)


async def until(true: Callable[[], object], limit: float, what: str) -> None:
    end = time.monotonic() + limit
    while not true():
        assert time.monotonic() < end, f"{what} did not come"
        await asyncio.sleep(0.01)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path / "tty-rs485")
    made.line.plug()
    tasks = [asyncio.create_task(run()) for run in made.host.runners()]
    made.host.start(made.port)
    await until(lambda: ("relay board pa", "") in made.health, 5.0, "the board")
    yield made
    await asyncio.to_thread(made.host.stop)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    made.line.unplug()


async def test_a_fed_relay_closes_and_opens_without_the_gateway_when_the_cable_is_pulled(site: Site):
    began = time.monotonic()
    site.relays.feed("amp", 0.6, "clip")
    await until(site.closed, 2.0, "the relay")
    await until(lambda: (True, "read-back") in site.read, 2.0, "its read-back")
    print(f"order to read-back {1000 * (time.monotonic() - began):.0f} ms")
    site.line.unplug()
    await until(lambda: not site.closed(), 2.0, "the end of the pulse")
    await until(
        lambda: any(subject == "serial rs485" and what for subject, what in site.health), 2.0, "the fault"
    )
    site.line.plug()
    await until(lambda: site.health.count(("relay board pa", "")) == 2, 8.0, "the board again")


async def test_safe_opens_at_once(site: Site):
    site.relays.feed("amp", 4.0, "clip")
    await until(site.closed, 2.0, "the relay")
    site.relays.safe("amp")
    await until(lambda: not site.closed(), 1.0, "the open relay")
