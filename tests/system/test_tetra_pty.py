"""TETRA end to end on real ptys and the real clock: line, runner, uart, bench terminal."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest

from hw.bench.tetra_pty import TetraPort
from hw.terminal import PortDown, PortUp, Told, Write
from hw.tetra.machine import TetraLine
from hw.tetra.messages import (
    Key,
    MessageDelivered,
    Release,
    SendText,
    TerminalLost,
    TerminalReady,
    TransmitEnded,
    TransmitGranted,
)
from hw.tetra.profile import profile
from hw.tetra.protocol import Splitter
from hw.uart import Uart, UartData, UartDown, UartFact, UartUp
from link.hosting.backoff import Backoff
from link.hosting.clock import SystemClock
from link.hosting.inbox import Inbox
from link.hosting.runner import Runner

F = TypeVar("F")


class Site:
    """One terminal and its line, joined by a pty."""

    def __init__(self, folder: Path) -> None:
        self.port = TetraPort(folder)
        self.told = Inbox("told")
        self.clock = SystemClock()
        self.splitter = Splitter()
        self.runner = Runner("tetra", TetraLine(profile("generic"), "1000"), self.perform, self.clock)
        quick = Backoff(first=0.02, factor=1.0, most=0.02)
        self.uart = Uart("tetra", str(folder / "tetra*"), 9600, self.fact, retry=quick)

    def fact(self, fact: UartFact) -> None:
        match fact:
            case UartUp():
                self.splitter = Splitter()
                self.runner.inbox.post(PortUp())
            case UartDown(reason=reason):
                self.runner.inbox.post(PortDown(reason))
            case UartData(data=data):
                for line in self.splitter.feed(data):
                    self.runner.inbox.post(line)

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

    def key(self) -> None:
        self.runner.inbox.post(Key(self.clock.now() + 10.0))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path)
    made.port.plug("tetra0")
    made.uart.start()
    task = asyncio.create_task(made.runner.run())
    await made.expect(TerminalReady)
    yield made
    task.cancel()
    made.port.pull()
    await asyncio.to_thread(made.uart.stop)


async def test_a_word_goes_out_with_split_bytes_and_a_late_grant(site: Site) -> None:
    for verb in ("split_bytes", "interleave", "grant_ms:400"):
        site.port.perform(verb)
    site.key()
    granted = await site.expect(TransmitGranted)
    assert 0.4 <= granted.after < 1.0
    assert site.port.terminal.on_air
    site.runner.inbox.post(Release())
    ended = await site.expect(TransmitEnded)
    assert ended.why == "released"
    async with asyncio.timeout(2):
        while site.port.terminal.on_air:
            await asyncio.sleep(0.01)
    assert not site.runner.machine.transmitting


async def test_a_pulled_cable_comes_back_under_another_name(site: Site) -> None:
    site.key()
    await site.expect(TransmitGranted)
    site.port.pull()
    await site.expect(TerminalLost)
    assert not site.runner.machine.transmitting
    site.port.plug("tetra7")
    await site.expect(TerminalReady)
    assert not site.port.terminal.on_air, "what was left transmitting is ceased before anything else"


async def test_a_chinese_text_arrives(site: Site) -> None:
    site.runner.inbox.post(SendText("k", "2001", "水位超警"))
    assert await site.expect(MessageDelivered) == MessageDelivered("k")
