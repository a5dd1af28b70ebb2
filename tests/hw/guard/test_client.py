"""hw.guard.client against a scripted guard on a Unix socket: facts up, orders down, nothing stale."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hw.guard import client as module
from hw.guard.client import GuardClient, GuardDown, GuardUp, OutputChanged
from link.hosting.backoff import Backoff

WELCOME = b'{"op":"welcome","outputs":1}\n'
STATE = b'{"op":"state","out":"r1.ptt","on":%d,"at_ns":7,"why":"%s"}\n'


class Script:
    """A guard that does as the test says; one connection at a time is looked at, the newest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.facts: asyncio.Queue[object] = asyncio.Queue()
        self.streams: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def open(self) -> None:
        async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.streams.put_nowait((reader, writer))

        self.server = await asyncio.start_unix_server(joined, self.path)

    async def accept(self, answer: bytes = WELCOME) -> None:
        self.reader, self.writer = await self.streams.get()
        assert await self.line() == {"op": "hello"}
        self.writer.write(answer)

    async def line(self) -> Any:
        return json.loads(await self.reader.readline())

    async def cut(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()

    async def fact(self) -> object:
        return await asyncio.wait_for(self.facts.get(), 5)


@pytest.fixture
async def script(tmp_path: Path) -> AsyncIterator[Script]:
    script = Script(tmp_path / "g.sock")
    await script.open()
    yield script
    script.server.close()
    while not script.streams.empty():
        script.streams.get_nowait()[1].close()
    if hasattr(script, "writer"):
        script.writer.close()


@pytest.fixture
async def client(script: Script) -> AsyncIterator[GuardClient]:
    client = GuardClient(script.path, Backoff(first=0.001, most=0.01))
    await client.start(script.facts.put_nowait)
    yield client
    await client.stop()


async def test_states_come_up_as_facts(script: Script, client: GuardClient) -> None:
    await script.accept(WELCOME + STATE % (0, b"start"))
    assert await script.fact() == GuardUp()
    assert await script.fact() == OutputChanged("r1.ptt", False, "start", 7)
    assert client.up
    script.writer.write(STATE % (1, b"feed"))
    assert await script.fact() == OutputChanged("r1.ptt", True, "feed", 7)


async def test_feed_carries_when_it_was_worked_out(script: Script, client: GuardClient) -> None:
    await script.accept()
    await script.fact()
    before = time.monotonic_ns()
    assert client.feed("r1.ptt", 1.5, "talk")
    sent = await script.line()
    assert before <= sent.pop("at_ns") <= time.monotonic_ns()
    assert sent == {"op": "feed", "out": "r1.ptt", "on": 1, "left_ms": 1500, "why": "talk"}
    assert client.feed("r1.ptt", 0.2, at_ns=123)
    assert (await script.line())["at_ns"] == 123


async def test_a_lease_is_never_rounded_up(script: Script, client: GuardClient) -> None:
    await script.accept()
    await script.fact()
    assert not client.feed("r1.ptt", 0.0009)
    assert not client.feed("r1.ptt", -1)
    with pytest.raises(ValueError, match="a lease of"):
        client.feed("r1.ptt", 5.001)
    assert client.feed("r1.ptt", 0.0019)
    assert (await script.line())["left_ms"] == 1


async def test_safe_carries_its_time(script: Script, client: GuardClient) -> None:
    await script.accept()
    await script.fact()
    assert client.safe("r1.ptt")
    sent = await script.line()
    assert sent["op"] == "safe" and sent["at_ns"] <= time.monotonic_ns()


async def test_without_a_guard_nothing_is_kept(tmp_path: Path) -> None:
    client = GuardClient(tmp_path / "none.sock", Backoff(first=0.001, most=0.01))
    facts: asyncio.Queue[object] = asyncio.Queue()
    await client.start(facts.put_nowait)
    fact = await asyncio.wait_for(facts.get(), 5)
    assert isinstance(fact, GuardDown) and "No such file" in fact.reason
    assert not client.feed("r1.ptt", 1) and not client.safe("r1.ptt") and not client.up
    assert client.dropped == 1
    script = Script(tmp_path / "none.sock")
    await script.open()
    await script.accept()
    script.writer.write(STATE % (0, b"start"))
    assert await asyncio.wait_for(facts.get(), 5) == GuardUp()
    assert client.feed("r1.ptt", 2, "second")
    assert (await script.line())["why"] == "second", "the first one must not have been queued"
    await client.stop()
    await script.cut()
    script.server.close()


async def test_lost_guard_is_told_once_and_found_again(script: Script, client: GuardClient) -> None:
    await script.accept()
    assert await script.fact() == GuardUp()
    await script.cut()
    fact = await script.fact()
    assert isinstance(fact, GuardDown) and not client.up
    await script.accept()
    assert await script.fact() == GuardUp()


async def test_being_turned_away_is_told_once(script: Script, client: GuardClient) -> None:
    for _ in range(3):
        await script.accept(b'{"op":"refused","why":"the gateway process 7 is connected already"}\n')
        await script.cut()
    assert await script.fact() == GuardDown("the gateway process 7 is connected already")
    assert script.facts.empty()


async def test_the_guards_reason_is_heard_though_it_has_closed_already(tmp_path: Path) -> None:
    """The guard turned this connection away before the first word could be written."""
    path, facts = tmp_path / "g.sock", asyncio.Queue[object]()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        client = GuardClient(path, Backoff(first=10.0, most=10.0))
        loop = asyncio.get_running_loop()
        honest = loop.sock_connect

        async def connect(sock: socket.socket, where: str) -> None:
            await honest(sock, where)
            with listening.accept()[0] as turned:
                turned.sendall(b'{"op":"refused","why":"only one may be"}\n')

        loop.sock_connect = connect  # type: ignore[method-assign]
        await client.start(facts.put_nowait)
        assert await asyncio.wait_for(facts.get(), 5) == GuardDown("only one may be")
        await client.stop()


async def test_a_guard_that_does_not_answer_is_left(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUIET", 0.02)
    client = GuardClient(script.path, Backoff(first=0.001, most=0.01))
    await client.start(script.facts.put_nowait)
    assert await script.fact() == GuardDown("the guard has not answered for 0.02 s")
    await client.stop()


async def test_nonsense_from_the_guard_is_counted(script: Script, client: GuardClient) -> None:
    await script.accept(b"\xff\n{}\n" + b"x" * 5000 + b"\n" + WELCOME + STATE % (1, b"whim"))
    assert await script.fact() == GuardUp()
    script.writer.write(STATE % (1, b"feed"))
    assert await script.fact() == OutputChanged("r1.ptt", True, "feed", 7)
    assert client.malformed == 3


async def fill(client: GuardClient) -> None:
    """Feed until the socket takes no more; the scripted guard does not read."""
    assert client._sock is not None
    client._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    for _ in range(5000):
        if not client.feed("r1.ptt", 1):
            return
    raise AssertionError("the socket never filled")


async def test_full_socket_drops_the_feed_and_does_not_wait(script: Script, client: GuardClient) -> None:
    await script.accept()
    await script.fact()
    script.reader._transport.pause_reading()  # type: ignore[attr-defined]
    before = time.monotonic()
    await fill(client)
    assert time.monotonic() - before < 2
    assert client.dropped == 1 and client.up
    assert not client.feed("r1.ptt", 1) and client.dropped == 2


async def test_safe_order_that_cannot_be_written_cuts_the_connection(
    script: Script, client: GuardClient
) -> None:
    await script.accept()
    await script.fact()
    script.reader._transport.pause_reading()  # type: ignore[attr-defined]
    await fill(client)
    assert not client.safe("r1.ptt")
    assert not client.up, "closed before this loop does anything else"
    assert await script.fact() == GuardDown("a safe order could not be written")


async def test_stop_closes_the_connection(script: Script) -> None:
    client = GuardClient(script.path)
    await client.start(script.facts.put_nowait)
    await script.accept()
    assert await script.fact() == GuardUp()
    await client.stop()
    assert await script.reader.read() == b""
    assert not client.up
