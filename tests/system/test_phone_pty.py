"""A phone's machine against the simulated phone on a real pseudo terminal: bytes, cable and time are real."""

import asyncio
import os
import time
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from hw.bench.phone import BenchPhone
from hw.bench.phone_pty import PhonePty
from hw.phone.facts import (
    Answer,
    CallAnswered,
    CallArrived,
    CallEnded,
    Dial,
    PhoneReady,
    SendText,
    TextArrived,
    TextDelivered,
    TextKept,
)
from hw.phone.machine import Phone
from hw.phone.profile import load_profile
from hw.phone.protocol import Splitter
from hw.terminal import MakeSafe, PortDown, PortUp, Told, Write
from link.hosting.machine import Tick


class Host:
    """Opens the terminal like a gateway does and performs what the machine wants."""

    def __init__(self, device: Path) -> None:
        self.phone = Phone(load_profile("generic"))
        self.facts: list[object] = []
        self.safe: list[str] = []
        self.opened: list[str] = []
        self._device = device
        self._fd = -1
        self._splitter = Splitter()

    def open(self) -> None:
        self._fd = os.open(self._device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd)
        self.opened.append(str(self._device.readlink()))
        self._splitter = Splitter()
        asyncio.get_running_loop().add_reader(self._fd, self._read)
        self.order(PortUp())

    def close(self, why: str) -> None:
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1
            self.order(PortDown(why))

    def _read(self) -> None:
        try:
            data = os.read(self._fd, 4096)
        except OSError as error:
            self.close(error.strerror or "gone")
            return
        if not data:
            self.close("end of file")
        for line in self._splitter.feed(data):
            self.order(line)

    def order(self, event: object) -> None:
        self.phone, effects = self.phone.handle(event, time.monotonic())
        for effect in effects:
            match effect:
                case Write(data) if self._fd >= 0:
                    os.write(self._fd, data)
                case Told(fact):
                    self.facts.append(fact)
                    if isinstance(fact, TextArrived):
                        self.order(TextKept(fact.key))
                case MakeSafe(reason):
                    self.safe.append(reason)

    async def tick(self) -> None:
        while True:
            await asyncio.sleep(0.01)
            if self.phone.deadline is not None and self.phone.deadline <= time.monotonic():
                self.order(Tick())

    async def told(self, kind: type, count: int = 1) -> object:
        await until(lambda: sum(isinstance(fact, kind) for fact in self.facts) >= count)
        return [fact for fact in self.facts if isinstance(fact, kind)][count - 1]


async def until(true: Callable[[], bool], limit: float = 30.0) -> None:
    async with asyncio.timeout(limit):
        while not true():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def both(folder: Path) -> AsyncIterator[tuple[PhonePty, Host]]:
    bench = PhonePty(BenchPhone(), folder / "phone0")
    bench.plug()
    host = Host(folder / "phone0")
    ticking = asyncio.create_task(host.tick())
    host.open()
    try:
        await host.told(PhoneReady)
        yield bench, host
    finally:
        ticking.cancel()
        host.close("test over")
        bench.unplug()


async def test_a_call_and_a_long_chinese_text_both_ways_byte_by_byte(tmp_path):
    text = "水库水位超过警戒线，请立即撤离。" * 10
    async with both(tmp_path) as (bench, host):
        bench.perform("split")
        host.order(SendText("t", "+8613800138000", text))
        bench.perform(f"text:+8613900139000:{text}")
        await host.told(TextDelivered)
        arrived = await host.told(TextArrived)
        assert isinstance(arrived, TextArrived) and arrived.text == text
        assert "".join(each.text for each in bench.phone.sent) == text
        await until(lambda: bench.phone.store == {})
        bench.perform("ring:13800138000")
        await host.told(CallArrived)
        host.order(Answer())
        await host.told(CallAnswered)
        bench.perform("hang_up")
        ended = await host.told(CallEnded)
        assert (
            isinstance(ended, CallEnded) and ended.why == "far end" and host.safe == [] and bench.dropped == 0
        )


async def test_the_cable_is_pulled_in_mid_call_and_comes_back_under_another_name(tmp_path):
    async with both(tmp_path) as (bench, host):
        host.order(Dial("139"))
        await host.told(CallAnswered)
        bench.perform("unplug")
        ended = await host.told(CallEnded)
        assert isinstance(ended, CallEnded) and ended.why.startswith("lost: port") and len(host.safe) == 1
        taken = os.openpty()  # somebody else has the old name by now
        try:
            bench.perform("plug")
            host.open()
            await host.told(PhoneReady, 2)
            assert host.opened[0] != host.opened[1]
            await until(lambda: bench.phone.calls == [])  # the call that still stood was hung up
        finally:
            for fd in taken:
                os.close(fd)
