"""The stream door in memory: the port's suite, and its verbs for trouble."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from link.bus.port import Frame, PeerDown, PeerUp
from link.bus.stream_fake import FakePlace, FakeStreamClient, FakeStreamServer
from tests.link.bus.stream_suite import StreamSuite, of, pair


class FakeStreamRig:
    def __init__(self) -> None:
        self.place = FakePlace()
        self.made: list[FakeStreamServer | FakeStreamClient] = []

    def server(self, name: str) -> FakeStreamServer:
        made = FakeStreamServer(self.place, name)
        self.made.append(made)
        return made

    def client(self, name: str) -> FakeStreamClient:
        made = FakeStreamClient(self.place, name)
        self.made.append(made)
        return made

    async def until(self, done: Callable[[], bool]) -> None:
        for _ in range(20):
            if done():
                return
            self.place.turn()
        raise AssertionError("it did not come")

    async def cut(self, client: Any) -> None:
        self.place.cut(client.name)
        self.place.mend(client.name)


@pytest.fixture
async def rig() -> AsyncIterator[FakeStreamRig]:
    made = FakeStreamRig()
    yield made
    for door in made.made:
        await door.stop()


class TestFakeStream(StreamSuite):
    pass


async def test_nothing_moves_until_turned(rig: FakeStreamRig) -> None:
    _, at_server, client, _ = await pair(rig)
    client.send(b"x")
    assert len(at_server) == 1
    rig.place.turn()
    assert at_server[1] == Frame("voice", b"x")


async def test_stalled_peer_is_dropped_at_the_limit(rig: FakeStreamRig) -> None:
    server, at_server, _, at_client = await pair(rig)
    rig.place.stall("voice")
    sent = 0
    while server.send("voice", bytes(100_000)):
        sent += 1
        rig.place.settle()
    assert sent == 10 and server.dropped() == {"slow-peer": 1}
    assert at_server[1:] == [PeerDown("voice", "too slow: 1000000 bytes wait for it")]
    assert of(at_client, Frame) == [] and len(of(at_client, PeerDown)) == 1
    rig.place.resume("voice")
    rig.place.settle()
    assert of(at_server, PeerUp) == [PeerUp("voice")] * 2


async def test_garbage_closes_and_is_counted(rig: FakeStreamRig) -> None:
    server, at_server, _, at_client = await pair(rig)
    rig.place.garbage("voice")
    assert server.dropped() == {"garbage": 1}
    assert len(of(at_server, PeerDown)) == len(of(at_client, PeerDown)) == 1


async def test_cut_lasts_until_mended(rig: FakeStreamRig) -> None:
    _, at_server, client, _ = await pair(rig)
    rig.place.cut("voice", "unplugged")
    rig.place.settle()
    assert at_server[1:] == [PeerDown("voice", "unplugged")] and not client.send(b"x")
    rig.place.mend("voice")
    rig.place.settle()
    assert at_server[2:] == [PeerUp("voice")]


async def test_frames_that_chase_each_other_are_found_out(rig: FakeStreamRig) -> None:
    server = rig.server("core")
    await server.start(lambda fact: server.send("voice", b"x"))
    client = rig.client("voice")
    await client.start(lambda fact: client.send(b"y"))
    with pytest.raises(RuntimeError, match="did not come to rest"):
        rig.place.settle(100)
