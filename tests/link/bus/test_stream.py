"""The stream door over real Unix sockets: the port's suite, hostile peers, the socket file."""

import asyncio
import socket
import stat
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from link.bus import stream
from link.bus.frames import FrameParser, frame
from link.bus.hello import hello, name_in
from link.bus.port import BusError, Frame, PeerDown, PeerUp
from link.bus.socket_path import listen_at
from link.bus.stream import StreamClient, StreamServer
from link.hosting.backoff import Backoff
from tests.link.bus.stream_suite import StreamSuite, of, pair


class SocketRig:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.made: list[StreamServer | StreamClient] = []
        self.strangers: list[asyncio.StreamWriter] = []

    def server(self, name: str) -> StreamServer:
        made = StreamServer(self.path, name)
        self.made.append(made)
        return made

    def client(self, name: str) -> StreamClient:
        made = StreamClient(self.path, name, Backoff(0.001, 2.0, 0.01))
        self.made.append(made)
        return made

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(5.0):
            while not done():
                await asyncio.sleep(0.0005)

    async def cut(self, client: Any) -> None:
        client._link._transport.abort()

    async def stranger(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        self.strangers.append(writer)
        return reader, writer


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SocketRig]:
    made = SocketRig(tmp_path / "s.sock")
    yield made
    for writer in made.strangers:
        writer.transport.abort()
    for door in made.made:
        await door.stop()
    await asyncio.sleep(0)


class TestStream(StreamSuite):
    pass


async def serve(rig: SocketRig) -> tuple[StreamServer, list[object]]:
    server, seen = rig.server("core"), list[object]()
    await server.start(seen.append)
    return server, seen


async def test_every_byte_may_come_alone(rig: SocketRig) -> None:
    _, seen = await serve(rig)
    reader, writer = await rig.stranger()
    for byte in frame(hello("slow")) + frame(b"ab") + frame(b""):
        writer.write(bytes([byte]))
        await writer.drain()
    await rig.until(lambda: len(seen) == 3)
    assert seen == [PeerUp("slow"), Frame("slow", b"ab"), Frame("slow", b"")]
    answer = FrameParser().feed(await reader.read(1000))
    assert [name_in(payload) for payload in answer] == ["core"]


async def test_oversize_closes_that_peer_only(rig: SocketRig) -> None:
    server, at_server, client, at_client = await pair(rig)
    reader, writer = await rig.stranger()
    writer.write(frame(hello("rogue")) + frame(b"good") + struct.pack("!I", 256 * 1024 + 1) + b"x")
    await rig.until(lambda: bool(of(at_server, PeerDown)))
    assert at_server[1:3] == [PeerUp("rogue"), Frame("rogue", b"good")]
    reason = "a frame of 262145 bytes is announced, 262144 are allowed"
    assert of(at_server, PeerDown) == [PeerDown("rogue", reason)]
    assert server.dropped() == {"garbage": 1} and server.peers() == ("voice",)
    assert client.send(b"unharmed")
    await rig.until(lambda: Frame("voice", b"unharmed") in at_server)


@pytest.mark.parametrize(
    "garbage",
    [b"GET / HTTP/1.1\r\n\r\n", frame(b"not json"), frame(b'{"spillway":2,"name":"x"}'), frame(b"[" * 200)]
    + [frame(b'{"spillway":1}'), frame(hello("x") + b" " * 300), frame(b'{"spillway":1,"name":"a b"}')],
)
async def test_no_hello_no_peer(rig: SocketRig, garbage: bytes) -> None:
    server, seen = await serve(rig)
    reader, writer = await rig.stranger()
    writer.write(garbage)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(10_000), 5.0)
    assert seen == [] and server.dropped() == {"garbage": 1}


async def test_silent_peer_is_closed(rig: SocketRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HELLO_LIMIT", 0.01)
    server, seen = await serve(rig)
    reader, _ = await rig.stranger()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(10_000), 5.0)
    assert seen == [] and not server._links


async def test_peer_that_does_not_read_is_dropped_and_does_not_block(rig: SocketRig) -> None:
    server, seen = await serve(rig)
    held = socket.socket(socket.AF_UNIX)
    try:
        held.connect(str(rig.path))
        held.sendall(frame(hello("deaf")))
        await rig.until(lambda: server.peers() == ("deaf",))
        sent = 0
        while server.send("deaf", bytes(100_000)):
            sent += 1
            assert sent < 100, "the buffer has no limit"
        assert server.dropped()["slow-peer"] == 1 and server.peers() == ()
        down = of(seen, PeerDown)[0]
        assert down.peer == "deaf" and "too slow" in down.reason
    finally:
        held.close()


async def test_too_many_peers(rig: SocketRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_PEERS", 2)
    server, seen = await serve(rig)
    for name in ("a", "b"):
        _, writer = await rig.stranger()
        writer.write(frame(hello(name)))
    await rig.until(lambda: len(seen) == 2)
    reader, _ = await rig.stranger()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(10_000), 5.0)
    assert server.dropped() == {"too-many-peers": 1} and set(server.peers()) == {"a", "b"}


async def test_file_mode_and_removal(rig: SocketRig) -> None:
    server, _ = await serve(rig)
    assert stat.S_IMODE(rig.path.stat().st_mode) == 0o600
    await server.stop()
    assert not rig.path.exists()


async def test_the_group_of_a_folder_that_hands_its_group_on_may_connect(rig: SocketRig) -> None:
    rig.path.parent.chmod(0o2750)
    server, _ = await serve(rig)
    assert stat.S_IMODE(rig.path.stat().st_mode) == 0o660
    await server.stop()
    alone = listen_at(rig.path)  # the API's socket, in the same folder
    assert stat.S_IMODE(rig.path.stat().st_mode) == 0o600
    alone.close()


async def test_stale_file_is_replaced(rig: SocketRig) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(rig.path))
    dead.close()
    assert rig.path.exists()
    _, seen = await serve(rig)
    await rig.client("voice").start(lambda fact: None)
    await rig.until(lambda: bool(seen))


async def test_live_socket_is_left_alone(rig: SocketRig) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(rig.path))
        other.listen(1)
        with pytest.raises(BusError, match="in use by a live process"):
            await rig.server("core").start(lambda fact: None)
        assert rig.path.exists()


async def test_something_else_at_the_path_is_left_alone(rig: SocketRig) -> None:
    rig.path.write_text("precious")
    with pytest.raises(BusError, match="no socket stands there"):
        await rig.server("core").start(lambda fact: None)
    assert rig.path.read_text() == "precious"


async def test_path_too_long_and_folder_missing(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)
    for door in (StreamServer(long, "core"), StreamClient(long, "voice")):
        with pytest.raises(BusError, match="at most 107 fit"):
            await door.start(lambda fact: None)
    with pytest.raises(BusError, match="cannot use its folder"):
        await StreamServer(tmp_path / "no" / "s.sock", "core").start(lambda fact: None)


async def test_stop_leaves_a_newer_servers_file_alone(rig: SocketRig) -> None:
    server, _ = await serve(rig)
    rig.path.unlink()
    newer = rig.server("newer")
    await newer.start(lambda fact: None)
    await server.stop()
    assert rig.path.exists()


async def test_stop_while_the_peer_does_not_read_ends_in_time(
    rig: SocketRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "GOODBYE_LIMIT", 0.02)
    server, _ = await serve(rig)
    held = socket.socket(socket.AF_UNIX)
    try:
        held.connect(str(rig.path))
        held.sendall(frame(hello("deaf")))
        await rig.until(lambda: server.peers() == ("deaf",))
        for _ in range(9):
            assert server.send("deaf", bytes(100_000))
        async with asyncio.timeout(2.0):
            await server.stop()
    finally:
        held.close()
