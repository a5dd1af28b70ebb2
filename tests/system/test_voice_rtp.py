"""Speech from one engine through a voice node to another: real SIP and RTP on loopback, measured.

A source -> A's leg -> node's bridge -> B's leg -> B's ear, three processes. What is printed are figures for
docs/status.md; what is asserted holds on a busy machine too.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from link.voice.port import LegUp, PortId
from tests.system.voice_measure import Heard, compare, speech
from tests.system.voice_remote import RemoteEngine, RemoteSound
from tests.system.voice_wire import WireTap

SECONDS = 2.0
HIT = 1
"""Overs that may lose a frame because the machine itself stood still at their first one; a fault of ours hits more."""


@dataclass
class Path3:
    """The way from A to B, all ports of it."""

    a: RemoteEngine
    node: RemoteEngine
    b: RemoteEngine
    leg_a: PortId
    leg_b: PortId
    node_a: PortId
    node_b: PortId
    source: PortId
    ear: PortId
    folder: Path

    async def open(self) -> None:
        await self.node.connect(self.node_a, self.node_b)
        await self.a.connect(self.source, self.leg_a)

    async def shut(self) -> None:
        await self.a.part(self.source, self.leg_a)
        await self.node.part(self.node_a, self.node_b)

    async def over(self) -> Heard:
        """One over: connected, the speech begins in that very frame, parted."""
        await self.b.ask("deafen", self.ear)
        await self.open()
        await self.a.ask("arm", self.source)
        await asyncio.sleep(SECONDS + 0.5)
        times = await self.b.ask("heard", self.ear, str(self.folder / "heard.raw"))
        await self.shut()
        began = (await self.a.ask("began", self.source))[-1]
        heard = np.fromfile(self.folder / "heard.raw", np.int16)
        return compare(speech(SECONDS), began, times, heard)


async def leg(here: RemoteEngine, node: RemoteEngine, token: str) -> tuple[PortId, PortId]:
    await node.expect(token, 5)
    dialled = await here.dial(node.uri, token)
    await here.fact(LegUp, token=token)
    return dialled, (await node.fact(LegUp, token=token)).leg


@pytest.fixture
async def way(tmp_path: Path) -> AsyncIterator[Path3]:
    a, node, b = engines = RemoteEngine(), RemoteEngine(), RemoteEngine()
    await asyncio.gather(*(engine.start(lambda fact: None) for engine in engines))
    (leg_a, node_a), (leg_b, node_b) = await leg(a, node, "a"), await leg(b, node, "b")
    (tmp_path / "speech.raw").write_bytes(speech(SECONDS).tobytes())
    clip = RemoteSound(path=tmp_path / "speech.raw")
    source = await a.add_frames("radio-a", clip, RemoteSound(), 16000)
    ear = await b.add_frames("radio-b", RemoteSound(), RemoteSound(), 16000)
    await b.connect(leg_b, ear)
    try:
        yield Path3(a, node, b, leg_a, leg_b, node_a, node_b, source, ear, tmp_path)
    finally:
        codes = await asyncio.gather(*(engine.end() for engine in engines))
    assert codes == [0, 0, 0]


async def test_the_first_word_after_a_long_idle_is_complete(way: Path3) -> None:
    await asyncio.sleep(5.5)
    heard = await way.over()
    print(f"first over after 5.5 s idle: {heard}")
    if heard.lost_ms:  # the machine may have stood still: what is ours happens again
        await asyncio.sleep(5.5)
        heard = await way.over()
        print(f"again: {heard}")
    assert heard.lost_ms == 0
    assert abs(heard.gain_db) < 1
    assert heard.delay_ms < 120


async def figures(way: Path3, overs: int) -> list[Heard]:
    found = []
    for _ in range(overs):
        await asyncio.sleep(1.0)
        found.append(await way.over())
    delays = np.array([heard.delay_ms for heard in found])
    ends = np.array([heard.end_delay_ms for heard in found])
    stats = await way.node.stats(way.node_a)
    print(
        f"{overs} overs of {SECONDS} s, G.722, port to port: "
        f"p50 {np.percentile(delays, 50):.0f} p99 {np.percentile(delays, 99):.0f} max {delays.max():.0f} ms, "
        f"at the end p50 {np.percentile(ends, 50):.0f} max {ends.max():.0f} ms; "
        f"start lost {max(heard.lost_ms for heard in found)} ms; jitter buffers per over: "
        f"added {np.mean([heard.added_ms for heard in found]):.1f} ms, "
        f"dropped {np.mean([heard.dropped_ms for heard in found]):.1f} ms; "
        f"RTP lost {stats.rx_lost} discarded {stats.rx_discarded} jitter {stats.jitter_ms:.2f} ms"
    )
    return found


@pytest.mark.long  # the tour measures the same of a whole town
async def test_overs_keep_start_gain_and_delay(way: Path3) -> None:
    found = await figures(way, 5)
    assert sum(1 for heard in found if heard.lost_ms) <= HIT
    assert all(abs(heard.gain_db) < 1 for heard in found)
    assert float(np.median([heard.delay_ms for heard in found])) < 80


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_thirty_overs(way: Path3) -> None:
    found = await figures(way, 30)
    assert sum(1 for heard in found if heard.lost_ms) <= HIT
    assert float(np.median([heard.delay_ms for heard in found])) < 80


@pytest.mark.long
async def test_an_idle_leg_sends_at_most_one_packet_a_second(way: Path3) -> None:
    first = way.a.settings.rtp_port
    gateway = range(first, first + way.a.settings.rtp_ports)
    first = way.node.settings.rtp_port
    node = range(first, first + way.node.settings.rtp_ports)
    await asyncio.sleep(1.0)
    with WireTap() as wire:
        begin = time.monotonic()
        await asyncio.sleep(12.0)
        idle = time.monotonic()
        await way.open()
        await asyncio.sleep(1.0)
        talking = time.monotonic()
        await way.shut()
        await asyncio.sleep(0.2)
        shut = time.monotonic()
        await asyncio.sleep(5.0)
        end = time.monotonic()
    up = wire.between(begin, idle, gateway, node), wire.between(shut, end, gateway, node)
    down = wire.between(begin, idle, node, gateway), wire.between(shut, end, node, gateway)
    print(f"idle leg on the wire, RTP and RTCP: up {up} down {down} packets in 12 s and in 5 s after an over")
    assert 3 <= up[0] <= 12
    assert 3 <= down[0] <= 12
    assert up[1] <= 5
    assert down[1] <= 5
    assert wire.between(idle, talking, gateway, node) >= 40
