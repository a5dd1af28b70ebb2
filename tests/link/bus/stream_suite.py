"""What every stream door must do: the same tests for Unix sockets and for the fake place."""

from collections.abc import Callable
from typing import Any, Protocol

import pytest

from link.bus.port import LARGEST_FRAME, BusError, Frame, NeighbourClient, NeighbourServer, PeerDown, PeerUp


class StreamRig(Protocol):
    """One place where a server may listen; everything made here is stopped at the end of the test."""

    def server(self, name: str) -> NeighbourServer: ...

    def client(self, name: str) -> NeighbourClient: ...

    async def until(self, done: Callable[[], bool]) -> None:
        """Let things move until `done`; fails the test when that does not come."""

    async def cut(self, client: NeighbourClient) -> None:
        """Break the client's connection once."""


def of(seen: list[object], kind: type) -> list[Any]:
    return [fact for fact in seen if isinstance(fact, kind)]


async def pair(rig: StreamRig) -> tuple[Any, list[object], Any, list[object]]:
    """A server `core` and a client `voice`, up."""
    server, at_server = rig.server("core"), list[object]()
    client, at_client = rig.client("voice"), list[object]()
    await server.start(at_server.append)
    await client.start(at_client.append)
    await rig.until(lambda: bool(at_server and at_client))
    return server, at_server, client, at_client


class StreamSuite:
    async def test_both_learn_the_name(self, rig: StreamRig) -> None:
        server, at_server, _, at_client = await pair(rig)
        assert at_server == [PeerUp("voice")] and at_client == [PeerUp("core")]
        assert server.peers() == ("voice",)

    async def test_frames_arrive_whole_and_in_order_both_ways(self, rig: StreamRig) -> None:
        server, at_server, client, at_client = await pair(rig)
        down = [b"", b"one", bytes(range(256)) * 1024, b"last"]
        up = [bytes([n]) * n for n in range(200)]
        for payload in down:
            assert server.send("voice", payload)
        for payload in up:
            assert client.send(payload)
        await rig.until(lambda: len(at_server) == 201 and len(at_client) == 5)
        assert at_client[1:] == [Frame("core", payload) for payload in down]
        assert at_server[1:] == [Frame("voice", payload) for payload in up]

    async def test_several_peers_are_told_apart(self, rig: StreamRig) -> None:
        server, at_server, first, _ = await pair(rig)
        second, at_second = rig.client("bench"), list[object]()
        await second.start(at_second.append)
        await rig.until(lambda: bool(at_second))
        assert set(server.peers()) == {"voice", "bench"}
        assert server.send("bench", b"for bench")
        assert first.send(b"from voice") and second.send(b"from bench")
        await rig.until(lambda: len(of(at_second, Frame)) == 1 and len(of(at_server, Frame)) == 2)
        assert set(of(at_server, Frame)) == {Frame("voice", b"from voice"), Frame("bench", b"from bench")}

    async def test_send_to_nobody_is_refused_and_counted(self, rig: StreamRig) -> None:
        server, client = rig.server("core"), rig.client("voice")
        assert server.send("voice", b"x") is False and client.send(b"x") is False
        assert server.dropped() == {"not-sent": 1} and client.dropped() == {"not-sent": 1}

    async def test_too_large_is_refused_and_harms_nothing(self, rig: StreamRig) -> None:
        server, at_server, client, at_client = await pair(rig)
        assert server.send("voice", bytes(LARGEST_FRAME + 1)) is False
        assert client.send(bytes(LARGEST_FRAME + 1)) is False
        assert server.dropped() == {"too-large-out": 1} == client.dropped()
        assert client.send(bytes(LARGEST_FRAME)) and server.send("voice", b"x")
        await rig.until(lambda: len(at_server) == 2 and len(at_client) == 2)
        assert not of(at_server, PeerDown) and not of(at_client, PeerDown)

    async def test_client_waits_for_its_server(self, rig: StreamRig) -> None:
        client, at_client = rig.client("voice"), list[object]()
        await client.start(at_client.append)
        server, at_server = rig.server("core"), list[object]()
        await server.start(at_server.append)
        await rig.until(lambda: bool(at_client))
        assert at_client == [PeerUp("core")]

    async def test_cut_is_told_to_both_and_heals(self, rig: StreamRig) -> None:
        server, at_server, client, at_client = await pair(rig)
        await rig.cut(client)
        await rig.until(lambda: len(of(at_server, PeerUp)) == 2 and len(of(at_client, PeerUp)) == 2)
        kinds = [PeerUp, PeerDown, PeerUp]
        assert [type(fact) for fact in at_server] == kinds and [type(fact) for fact in at_client] == kinds
        assert at_server[1].peer == "voice" and at_client[1].peer == "core"  # type: ignore[attr-defined]
        assert server.send("voice", b"again")
        await rig.until(lambda: Frame("core", b"again") in at_client)

    async def test_server_stops_and_another_takes_its_place(self, rig: StreamRig) -> None:
        server, at_server, client, at_client = await pair(rig)
        assert server.send("voice", b"last words")
        await server.stop()
        await rig.until(lambda: bool(of(at_client, PeerDown)))
        assert at_client[1] == Frame("core", b"last words")
        assert not of(at_server, PeerDown), "no fact after stop"
        assert client.send(b"x") is False
        again, seen = rig.server("core"), list[object]()
        await again.start(seen.append)
        await rig.until(lambda: bool(seen) and len(of(at_client, PeerUp)) == 2)
        assert client.send(b"x")

    async def test_client_stops_after_its_last_words(self, rig: StreamRig) -> None:
        server, at_server, client, at_client = await pair(rig)
        for n in range(50):
            assert client.send(bytes([n]) * 10_000)
        await client.stop()
        await rig.until(lambda: bool(of(at_server, PeerDown)))
        assert [frame.payload[0] for frame in of(at_server, Frame)] == list(range(50))
        assert len(at_client) == 1 and server.peers() == ()
        assert client.send(b"x") is False

    async def test_second_server_is_refused(self, rig: StreamRig) -> None:
        await pair(rig)
        with pytest.raises(BusError, match="in use by a live process"):
            await rig.server("other").start(lambda fact: None)

    async def test_newest_of_one_name_wins(self, rig: StreamRig) -> None:
        server, at_server, first, at_first = await pair(rig)
        newer, at_newer = rig.client("voice"), list[object]()
        await newer.start(at_newer.append)
        await rig.until(lambda: bool(at_newer) and bool(of(at_first, PeerDown)))
        assert [type(fact) for fact in at_server[:3]] == [PeerUp, PeerDown, PeerUp]
        assert "newer connection" in of(at_server, PeerDown)[0].reason

    async def test_a_sink_that_raises_does_not_harm_the_door(self, rig: StreamRig) -> None:
        server, seen = rig.server("core"), list[object]()

        def sink(fact: object) -> None:
            seen.append(fact)
            raise RuntimeError("the sink is broken")

        await server.start(sink)
        client = rig.client("voice")
        await client.start(lambda fact: None)
        await rig.until(lambda: bool(seen))
        assert client.send(b"1") and client.send(b"2")
        await rig.until(lambda: len(seen) == 3)
        assert not of(seen, PeerDown)

    async def test_stop_without_start_and_twice(self, rig: StreamRig) -> None:
        server, client = rig.server("core"), rig.client("voice")
        for door in (server, client, server, client):
            await door.stop()

    async def test_names_are_checked(self, rig: StreamRig) -> None:
        for name in ("", "a b", "a\n", "x" * 65):
            with pytest.raises(ValueError):
                rig.server(name)
            with pytest.raises(ValueError):
                rig.client(name)
