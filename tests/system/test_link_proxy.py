"""The thin link between real sockets: rate, delay, back-pressure, cuts, refusal, and the proxy as a process."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from scripts.chaos_parts.link_proxy import LinkProxy

ROOT = Path(__file__).parents[2]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Server:
    """Echoes, unless `mute`; keeps when it got how much, and how each connection ended."""

    mute: bool = False
    got: list[tuple[float, int]] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                self.got.append((time.monotonic(), len(data)))
                if not self.mute:
                    writer.write(data)
            self.ends.append("end")
        except ConnectionResetError:
            self.ends.append("reset")
        writer.close()

    @property
    def octets(self) -> int:
        return sum(size for _, size in self.got)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    yield made
    listening.close()
    await until(lambda: True)


@pytest_asyncio.fixture
async def link(server: Server) -> AsyncIterator[LinkProxy]:
    proxy = LinkProxy(("127.0.0.1", server.port))
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest_asyncio.fixture
async def call(link: LinkProxy) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection(*link.address)
    yield reader, writer
    writer.transport.abort()


async def until(look, limit: float = 5.0) -> None:
    end = time.monotonic() + limit
    while not look():
        assert time.monotonic() < end, "it did not come about in time"
        await asyncio.sleep(0.01)


async def echoed(call: Streams, said: bytes = b"hello") -> float:
    """Seconds until it came back."""
    begun = time.monotonic()
    call[1].write(said)
    assert await asyncio.wait_for(call[0].readexactly(len(said)), 5) == said
    return time.monotonic() - begun


def rate(got: list[tuple[float, int]]) -> float:
    """Bit/s with headers between the first and the last arrival."""
    octets = sum(size + 40 for _, size in got[1:])
    return octets * 8 / (got[-1][0] - got[0][0])


async def test_each_direction_keeps_its_rate(link, server, call):
    link.rate(up=64_000, down=9_600)
    said = bytes(14_000)
    call[1].write(said)
    back = []
    while not back or back[-1][0] - back[0][0] < 2.4:
        data = await call[0].read(65536)
        back.append((time.monotonic(), len(data)))
    await until(lambda: server.octets == len(said))
    assert rate(server.got) == pytest.approx(64_000, rel=0.1)
    assert rate(back) == pytest.approx(9_600, rel=0.1)
    assert link.counts.up.payload == len(said)
    assert link.counts.up.on_wire == len(said) + 40 * link.counts.up.segments
    assert link.counts.up.segments == pytest.approx(len(said) / 1460, abs=4)


async def test_the_delay_is_the_round_trip(link, call):
    await echoed(call)
    link.delay(0.6)
    trips = [await echoed(call) for _ in range(3)]
    assert sorted(trips)[1] == pytest.approx(0.6, abs=0.02)
    link.delay(0.0)
    assert await echoed(call) < 0.1


async def test_connections_share_the_line(link, server):
    server.mute = True
    link.rate(up=64_000)
    calls = [await asyncio.open_connection(*link.address) for _ in range(2)]
    for _, writer in calls:
        writer.write(bytes(8_000))
    await until(lambda: server.octets == 16_000)
    assert rate(server.got) == pytest.approx(64_000, rel=0.1)
    for _, writer in calls:
        writer.transport.abort()


async def test_a_sender_is_held_back_by_his_own_tcp(link, server, call):
    """A megabyte does not vanish into buffers on the way: what the line has not taken waits with who sends it."""
    server.mute = True
    link.rate(up=64_000)
    call[1].transport.set_write_buffer_limits(high=0)
    call[1].get_extra_info("socket").setsockopt(1, 7, 8192)  # SOL_SOCKET, SO_SNDBUF
    sent, end = 0, time.monotonic() + 1.0
    with contextlib.suppress(TimeoutError):
        while True:
            call[1].write(bytes(1000))
            sent += 1000
            await asyncio.wait_for(call[1].drain(), end - time.monotonic())
    assert 8_000 < sent < 70_000
    assert server.octets < 12_000


async def test_a_hole_swallows_all_and_closes_nothing(link, server, call):
    await echoed(call)
    link.cut("hole")
    call[1].write(b"into the hole")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call[0].read(1), 0.5)
    await until(lambda: link.counts.up.dropped == len(b"into the hole"))
    waiting = await asyncio.open_connection(*link.address)
    waiting[1].write(b"later")
    link.heal()
    assert await asyncio.wait_for(waiting[0].readexactly(5), 5) == b"later"
    call[1].write(b"still dead")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call[0].read(1), 0.3)
    assert server.ends == []
    assert server.octets == len(b"hello" + b"later")
    waiting[1].close()


async def test_a_stall_keeps_everything_until_it_is_healed(link, server, call):
    await echoed(call)
    link.cut("stall")
    call[1].write(b"patience")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call[0].read(1), 0.3)
    assert (server.octets, link.counts.up.payload) == (5, 5)
    link.heal()
    assert await asyncio.wait_for(call[0].readexactly(8), 5) == b"patience"


async def test_a_reset_ends_it_at_both_ends_and_keeps_others_out(link, server, call):
    await echoed(call)
    link.cut("reset")
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(call[0].read(1), 2)
    await until(lambda: server.ends == ["reset"])
    late, writer = await asyncio.open_connection(*link.address)
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(late.read(1), 2)
    writer.close()
    assert link.counts.resets == 2
    link.heal()
    again = await asyncio.open_connection(*link.address)
    await echoed(again)
    again[1].close()


async def test_refusal_keeps_others_out_and_nobody_else(link, call):
    await echoed(call)
    link.refuse()
    await asyncio.sleep(0)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*link.address)
    await echoed(call)
    link.heal()
    again = await asyncio.open_connection(*link.address)
    await echoed(again)
    again[1].close()


async def test_an_end_passes_over_after_what_was_said_before_it(link, server, call):
    link.rate(up=64_000)
    call[1].write(bytes(4_000))
    call[1].write_eof()
    await until(lambda: server.ends == ["end"])
    assert server.octets == 4_000
    assert len(await asyncio.wait_for(call[0].read(-1), 5)) == 4_000
    await until(lambda: link.counts.open == 0)


async def test_a_server_that_is_away_is_a_reset(link, server):
    link.to = ("127.0.0.1", 9)
    reader, writer = await asyncio.open_connection(*link.address)
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(1), 2)
    writer.close()


async def test_as_a_process_it_takes_orders_and_ends_with_its_input(server):
    command = [sys.executable, "-m", "scripts.chaos_parts.link_process", "--to", f"127.0.0.1:{server.port}"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None

        async def answer(**order: object) -> dict:
            if order:
                process.stdin.write(json.dumps(order).encode() + b"\n")
                process.stdin.flush()
            return json.loads(await asyncio.to_thread(process.stdout.readline))

        host, _, port = (await answer())["address"].partition(":")
        call = await asyncio.open_connection(host, int(port))
        await echoed(call)
        assert (await answer(do="delay", round_trip=0.2))["state"] == "up"
        assert await echoed(call) > 0.19
        assert "known are" in (await answer(do="jump"))["error"]
        counts = (await answer(do="counts"))["counts"]
        assert counts["up"] == {"payload": 10, "segments": 2, "dropped": 0, "on_wire": 90}
        assert (await answer(do="cut", how="reset"))["state"] == "reset"
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(call[0].read(1), 2)
        process.stdin.close()
        assert await asyncio.to_thread(process.wait, 5) == 0
        call[1].close()
