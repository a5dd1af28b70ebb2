"""The shortwave driver over TCP: the same promises at the bench rigctld and at Hamlib's own, then the troubles."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator

import pytest

from hw.rig.client import QUEUE_LIMIT, RigctldClient
from hw.rig.messages import Keyed, PttFault, PttRead, RigLost, RigReady, Tune, Tuned
from tests.system.rig_site import RIGCTLD, BenchEnd, FarEnd, HamlibEnd, Site, said, until

ENDS = {"bench": BenchEnd, "hamlib": HamlibEnd}


@pytest.fixture(params=ENDS)
async def end(request: pytest.FixtureRequest) -> AsyncIterator[FarEnd]:
    if request.param == "hamlib" and RIGCTLD is None:
        pytest.skip("no rigctld here: Debian's package libhamlib-utils has it, see requirements/debian.txt")
    made: FarEnd = ENDS[request.param]()
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def bench() -> AsyncIterator[BenchEnd]:
    made = BenchEnd()
    await made.open()
    yield made
    await made.close()


async def test_it_is_found_tuned_and_read(end: FarEnd) -> None:
    async with Site(end.port, Tune(7_100_000, "LSB", 2400)) as site:
        await site.expect(RigReady)
        await site.expect(Tuned, frequency_hz=7_100_000, mode="LSB", passband_hz=2400)
        for hz, mode in ((14_200_000, "USB"), (3_600_000, "LSB"), (5_000_000, "AM"), (10_100_000, "CW")):
            site.tell(Tune(hz, mode, 3000))
            await site.expect(Tuned, frequency_hz=hz, mode=mode, passband_hz=3000)
        assert await said(end.port, "f") == "10100000"
        await said(end.port, "F 10120000")  # somebody at the knob
        await site.expect(Tuned, frequency_hz=10_120_000, mode="CW")
        assert site.rig.meters.strength_db is not None
        assert site.rig.misses == 0


async def test_ptt_outlives_its_client_and_the_driver_sees_it(end: FarEnd) -> None:
    """Why the guard exists: rigctld itself never lets go of a transmitter whose client has died."""
    async with Site(end.port, Tune(7_100_000, "LSB")) as site:
        await site.expect(Tuned, in_plan=True)
        site.tell(Keyed(True))
        start = time.monotonic()
        assert await said(end.port, "T 1") == "RPRT 0"  # and its connection is dead
        await site.expect(PttRead, on=True)
        assert time.monotonic() - start < 1.0
        await asyncio.sleep(1.0)
        assert await said(end.port, "t") == "1", "one second after its client died it is still on the air"
        site.tell(Keyed(False))
        fault = await site.expect(PttFault)
        assert fault.what == "stays-on"
        assert site.safe[0] == "the transmitter does not let go"
        assert await said(end.port, "T 0") == "RPRT 0", "any client may let go"
        await site.expect(PttRead, on=False)
        await site.expect(PttFault, what="")


async def test_letting_go_takes_fifty_milliseconds(end: FarEnd) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", end.port)
    took: dict[str, list[float]] = {"T 1": [], "T 0": []}
    for _ in range(7):
        for order, times in took.items():
            start = time.monotonic()
            writer.write(order.encode() + b"\n")
            assert await reader.readline() == b"RPRT 0\n"
            times.append(time.monotonic() - start)
    writer.close()
    assert statistics.median(took["T 1"]) < 0.02
    assert 0.045 < statistics.median(took["T 0"]) < 0.1


async def test_a_rigctld_that_dies_is_found_again_and_the_radio_tuned_again(end: FarEnd) -> None:
    async with Site(end.port, Tune(7_100_000, "LSB", 2400)) as site:
        await site.expect(Tuned, frequency_hz=7_100_000)
        await end.close()
        await site.expect(RigLost)
        assert site.rig.hindrance
        await end.open()
        await site.expect(RigReady)
        await site.expect(Tuned, frequency_hz=7_100_000, mode="LSB")
        assert not site.rig.hindrance
        assert len(site.downs) == 1


async def test_switched_off_it_is_lost_by_name_and_found_again(end: FarEnd) -> None:
    async with Site(end.port) as site:
        await site.expect(RigReady)
        await said(end.port, "\\set_powerstat 0") if isinstance(end, HamlibEnd) else await _verb(end, "off")
        lost = await site.expect(RigLost)
        assert lost.reason == "the radio is switched off"
        await said(end.port, "\\set_powerstat 1") if isinstance(end, HamlibEnd) else await _verb(end, "on")
        await site.expect(RigReady)


async def _verb(end: FarEnd, verb: str) -> None:
    assert isinstance(end, BenchEnd)
    await end.server.perform(verb)


@pytest.mark.parametrize("verb", ["split", "garbage", "two_rprt", "slow:0.1"])
async def test_an_upset_stream_costs_no_order(bench: BenchEnd, verb: str) -> None:
    await bench.server.perform(verb)
    async with Site(bench.port) as site:
        await site.expect(RigReady)
        site.tell(Tune(14_200_000, "USB"))
        await site.expect(Tuned, frequency_hz=14_200_000, mode="USB")
        assert site.downs == []


async def test_cut_and_gone_and_silent_are_each_told_once(bench: BenchEnd) -> None:
    async with Site(bench.port) as site:
        await site.expect(RigReady)
        await bench.server.perform("drop")
        assert "closed the connection" in (await site.expect(RigLost)).reason
        await site.expect(RigReady)
        await bench.server.perform("gone")
        await site.expect(RigLost)
        await until(lambda: len(site.downs) == 2, "told down")
        await asyncio.sleep(0.2)
        assert len(site.downs) == 2, "each outage once, however often it is tried"
        await bench.server.perform("back")
        await site.expect(RigReady)
        await bench.server.perform("silent")
        assert "does not answer" in (await site.expect(RigLost)).reason
        await until(lambda: len(site.downs) == 3, "the connection is made anew")
        await bench.server.perform("normal")
        await site.expect(RigReady)
        assert not [fact for fact in site.drain() if isinstance(fact, RigLost)]


async def test_a_babbler_waits_and_this_loop_does_not() -> None:
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(b"RPRT 0\nget_freq:\n" * 500)
                await writer.drain()
        except OSError:
            writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    heard = 0

    def hear(fact: object) -> None:
        nonlocal heard
        heard += len(getattr(fact, "data", b""))

    client = RigctldClient("hf", hear, port=server.sockets[0].getsockname()[1])
    client.start()
    await until(lambda: heard > 0, "heard")
    start, before = time.monotonic(), heard
    await asyncio.sleep(0.5)
    assert heard - before <= 64 * 1024 * (time.monotonic() - start) + 8192
    client.stop()
    client.stop()
    server.close()


async def test_a_far_end_that_reads_nothing_fills_the_queue_and_blocks_nobody() -> None:
    ends: list[asyncio.StreamWriter] = []

    async def deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        ends.append(writer)

    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    client = RigctldClient("hf", lambda fact: None, port=server.sockets[0].getsockname()[1])
    client.start()
    await until(lambda: client.up, "connected")
    sent = 0
    while client.write(bytes(QUEUE_LIMIT // 2)) and sent < 10_000:
        sent += 1
    assert client.refused == 1
    assert sent < 10_000
    client.reopen("deaf")
    await until(lambda: not client.up, "given up")
    await until(lambda: client.up, "made anew")
    client.stop()
    client.stop()
    await asyncio.sleep(0.3)
    assert not client.up
    assert len(ends) == 2, "a stopped one does not come again"
    for writer in ends:
        writer.transport.abort()
    server.close()
    await asyncio.sleep(0)
