"""MAP27 end to end on real ptys and the real clock: line, runner, uart, bench radio."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest

from hw.bench.map27_pty import Map27Port
from hw.map27.machine import Map27Line
from hw.map27.messages import (
    Key,
    MessageDelivered,
    Release,
    SendStatus,
    TalkerStarted,
    TerminalLost,
    TerminalReady,
    TransmitEnded,
    TransmitGranted,
)
from hw.map27.profile import profile
from hw.map27.protocol import Splitter
from hw.terminal import PortDown, PortUp, Told, Write
from hw.uart import Uart, UartData, UartDown, UartFact, UartUp
from link.hosting.backoff import Backoff
from link.hosting.clock import SystemClock
from link.hosting.inbox import Inbox
from link.hosting.runner import Runner

F = TypeVar("F")


class Site:
    """One radio and its line, joined by a pty."""

    def __init__(self, folder: Path) -> None:
        self.port = Map27Port(folder)
        self.told = Inbox("told")
        self.clock = SystemClock()
        self.splitter = Splitter()
        self.runner = Runner(
            "map27",
            Map27Line(profile("generic").model_copy(update={"open_by": "call"}), "0/1000"),
            self.perform,
            self.clock,
        )
        quick = Backoff(first=0.02, factor=1.0, most=0.02)
        self.uart = Uart("map27", str(folder / "map27*"), 9600, self.fact, retry=quick)

    def fact(self, fact: UartFact) -> None:
        match fact:
            case UartUp():
                self.splitter = Splitter()
                self.runner.inbox.post(PortUp())
            case UartDown(reason=reason):
                self.runner.inbox.post(PortDown(reason))
            case UartData(data=data):
                for frame in self.splitter.feed(data):
                    self.runner.inbox.post(frame)

    def perform(self, effect: object) -> None:
        match effect:
            case Write(data=data):
                self.uart.write(data)
            case Told(fact=fact):
                self.told.post(fact)

    async def expect(self, kind: type[F]) -> F:
        async with asyncio.timeout(10):
            while True:
                fact = await self.told.get()
                if isinstance(fact, kind):
                    return fact


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path)
    made.port.plug("map27-0")
    made.uart.start()
    task = asyncio.create_task(made.runner.run())
    await made.expect(TerminalReady)
    yield made
    task.cancel()
    made.port.pull()
    await asyncio.to_thread(made.uart.stop)


async def test_an_over_a_status_a_caller_and_a_pulled_cable(site: Site) -> None:
    for verb in ("split_bytes", "grant_ms:300", "lose:1"):
        site.port.perform(verb)
    site.runner.inbox.post(Key(site.clock.now() + 10.0))
    granted = await site.expect(TransmitGranted)
    assert 0.3 <= granted.after < 1.6
    assert site.port.radio.on_air
    site.runner.inbox.post(Release())
    assert (await site.expect(TransmitEnded)).why == "released"
    async with asyncio.timeout(2):
        while site.port.radio.on_air:
            await asyncio.sleep(0.01)
    site.runner.inbox.post(SendStatus("k", "0/2001", 5))
    assert await site.expect(MessageDelivered) == MessageDelivered("k")
    site.port.perform("hush")
    site.port.perform("talk:0/2001")
    while (await site.expect(TalkerStarted)).talker != "0/2001":
        pass
    site.runner.inbox.post(Key(site.clock.now() + 10.0))
    await site.expect(TransmitGranted)
    site.port.pull()
    await site.expect(TerminalLost)
    assert not site.runner.machine.transmitting
    assert site.port.radio.on_air
    site.port.plug("map27-7")
    await site.expect(TerminalReady)
    async with asyncio.timeout(2):
        while site.port.radio.on_air:  # the first word to it is to stop
            await asyncio.sleep(0.01)
