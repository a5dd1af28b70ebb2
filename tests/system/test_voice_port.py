"""pjsua2, each engine in a process of its own, over real SIP and RTP on loopback: the port's suite."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from link.voice.port import PortId, VoiceSettings
from tests.link.voice.call_suite import CallSuite
from tests.link.voice.gain_suite import GainSuite
from tests.link.voice.port_suite import VoiceSuite
from tests.system.voice_remote import RemoteEngine, RemoteSound, free_rtp_ports


@dataclass
class RemoteStation:
    engine: RemoteEngine
    uri: str = ""
    facts: list[object] = field(default_factory=list)


class RemoteRig:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[RemoteEngine] = []

    async def station(self, started: bool = True, edges: bool = False) -> RemoteStation:
        changes = {"edges": ("127.0.0.1",)} if edges else {}
        ports = {"rtp_port": free_rtp_ports(64), "rtp_ports": 64, "max_calls": 16}
        station = RemoteStation(RemoteEngine(VoiceSettings(**ports, **changes)))
        self._made.append(station.engine)
        if started:
            await station.engine.start(station.facts.append)
            station.uri = station.engine.uri
        else:
            await station.engine.launch()
        return station

    def source(self, hz: float = 0) -> RemoteSound:
        return RemoteSound(hz=hz or None)

    def ear(self) -> RemoteSound:
        return RemoteSound()

    async def heard(self, station: RemoteStation, port: PortId) -> bytes:
        path = self._folder / f"heard-{port}.raw"
        await station.engine.ask("heard", port, str(path))
        return path.read_bytes()

    async def popped(self, station: RemoteStation, port: PortId) -> int:
        return await station.engine.ask("popped", port)

    async def pass_time(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not done():
            assert time.monotonic() < deadline, "it did not come"
            await asyncio.sleep(0.01)

    async def end(self) -> list[int]:
        return [await engine.end() for engine in self._made]


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[RemoteRig]:
    rig = RemoteRig(tmp_path)
    try:
        yield rig
    finally:
        codes = await rig.end()
    assert codes == [0] * len(codes), "an engine's process did not end in peace"


class TestPjsua(GainSuite, VoiceSuite):
    """The port's suite."""


@pytest.mark.long
class TestPjsuaCalls(CallSuite):
    """Telephone calls."""
