"""The paho door without a broker: what a bare socket can answer, and settings that cannot work."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from link.bus import paho_bus, paho_session
from link.bus.broker_settings import BrokerSettings
from link.bus.paho_bus import PahoBus
from link.bus.port import BusDown, BusError, BusUp, Message, Will
from link.bus.tls import TlsFiles

Serve = Callable[[Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]], Awaitable[int]]
CONNACK_OK = bytes((0x20, 3, 0, 0, 0))


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a bare TCP server that plays the broker; returns its port."""
    servers: list[asyncio.Server] = []
    writers: list[asyncio.StreamWriter] = []

    async def start(play: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> int:
        async def each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            await play(reader, writer)
            with contextlib.suppress(OSError):
                while await reader.read(1000):
                    pass
            writer.close()

        servers.append(await asyncio.start_server(each, "127.0.0.1", 0))
        return int(servers[-1].sockets[0].getsockname()[1])

    yield start
    for server in servers:
        server.close()
    for writer in writers:
        writer.transport.abort()
    await asyncio.sleep(0)


async def facts_of(
    port: int, count: int, *subscriptions: str, will: Will | None = None, tls: TlsFiles | None = None
) -> tuple[list[object], PahoBus]:
    """The first facts of a door that signs in at `port`; the door is stopped."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[object]()
    bus = PahoBus(BrokerSettings("127.0.0.1", port, "g-one", "g-one", "secret", back_off_first=0.02, tls=tls))
    await bus.start(lambda fact: loop.call_soon_threadsafe(queue.put_nowait, fact), subscriptions, will)
    try:
        async with asyncio.timeout(10.0):
            return [await queue.get() for _ in range(count)], bus
    finally:
        await bus.stop()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x86, "bad user name or password for 'g-one'"),
        (0x87, "'g-one' is not authorised"),
        (0x88, "not available now"),
        (0x85, "does not accept the client id 'g-one'"),
        (0x84, "does not speak MQTT 5"),
    ],
)
async def test_refused_sign_in_becomes_advice(serve: Serve, code: int, words: str) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(bytes((0x20, 3, 0, code, 0)))
        writer.close()

    (down,), _ = await facts_of(await serve(refuse), 1)
    assert isinstance(down, BusDown) and words in down.reason and f"0x{code:02X}" in down.reason


@pytest.mark.parametrize(
    ("code", "words"), [(0x8E, "a second client with the same id 'g-one'"), (0x8B, "shutting down")]
)
async def test_disconnect_of_the_broker_becomes_advice(serve: Serve, code: int, words: str) -> None:
    async def end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(CONNACK_OK + bytes((0xE0, 2, code, 0)))
        writer.close()

    (up, down), _ = await facts_of(await serve(end), 2)
    assert isinstance(up, BusUp) and isinstance(down, BusDown) and words in down.reason


async def test_connect_packet_is_clean_and_carries_the_will(serve: Serve) -> None:
    packets: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        packets.append(await reader.read(1000))
        writer.write(CONNACK_OK)

    will = Will("w/a", lambda session: f"dead {session}".encode())
    (up,), _ = await facts_of(await serve(note), 1, will=will)
    assert isinstance(up, BusUp)
    packet = packets[0]
    assert packet[2:9] == b"\0\4MQTT\5"
    name, password, retain, qos_1, will_flag, clean = 0x80, 0x40, 0x20, 0x08, 0x04, 0x02
    assert packet[9] == name | password | retain | qos_1 | will_flag | clean
    assert packet[10:12] == (60).to_bytes(2, "big")
    properties = packet[13 : 13 + packet[12]]
    assert b"\x11\0\0\0\0" in properties, "session expiry 0"
    assert b"\x21\0\xc8" in properties, "receive maximum 200"
    assert f"dead {up.session_id}".encode() in packet


async def test_retained_before_the_suback_comes_after_bus_up(serve: Serve) -> None:
    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(CONNACK_OK)
        subscribe = await reader.read(1000)
        body = b"\0\3s/1\0kept"
        writer.write(bytes((0x31, len(body))) + body + bytes((0x90, 4)) + subscribe[2:4] + b"\0\1")

    (up, message), _ = await facts_of(await serve(early), 2, "s/#")
    assert isinstance(up, BusUp) and message == Message("s/1", b"kept", True)


async def test_refused_subscription_is_counted_and_the_door_stays_up(serve: Serve) -> None:
    async def deny(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(CONNACK_OK)
        subscribe = await reader.read(1000)
        writer.write(bytes((0x90, 5)) + subscribe[2:4] + b"\0\1\x87")

    (up,), bus = await facts_of(await serve(deny), 1, "mine/#", "theirs/#")
    assert isinstance(up, BusUp) and bus.dropped() == {"subscription-refused": 1}


async def test_topic_that_is_no_text_is_dropped(serve: Serve) -> None:
    async def bad(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        for topic in (b"s/\xff", b"s/1"):
            body = b"\0\3" + topic + b"\0x"
            writer.write((CONNACK_OK if topic == b"s/\xff" else b"") + bytes((0x30, len(body))) + body)

    (up, message), bus = await facts_of(await serve(bad), 2)
    assert message == Message("s/1", b"x") and bus.dropped() == {"bad-topic-in": 1}


async def test_garbage_from_the_broker_ends_the_connection_and_not_the_door(serve: Serve) -> None:
    tries: list[int] = []
    answers = (b"\xff" * 6, b"\x30\2\xff\xff", b"\0\0", CONNACK_OK)

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tries.append(1)
        await reader.read(1000)
        writer.write(answers[len(tries) - 1])

    facts, _ = await facts_of(await serve(babble), 2)
    assert isinstance(facts[0], BusDown) and isinstance(facts[-1], BusUp) and len(tries) == 4


async def test_few_in_flight_when_the_broker_says_so(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in (paho_bus, paho_session):
        monkeypatch.setattr(part, "GOODBYE_LIMIT", 0.05)

    async def narrow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(bytes((0x20, 6, 0, 0, 3, 0x21, 0, 3)))  # receive maximum 3

    loop, came = asyncio.get_running_loop(), asyncio.Event()
    bus = PahoBus(BrokerSettings("127.0.0.1", await serve(narrow), "g-one"))
    await bus.start(lambda fact: loop.call_soon_threadsafe(came.set))
    async with asyncio.timeout(10.0):
        await came.wait()
    assert [bus.publish("t", b"x") for _ in range(5)] == [True, True, True, False, False]
    await bus.stop()


async def test_will_function_that_raises_is_reported_and_tried_again(serve: Serve) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(CONNACK_OK)

    calls: list[str] = []

    def payload(session: str) -> bytes:
        calls.append(session)
        if len(calls) == 1:
            raise KeyError("no such line")
        return b"dead"

    (down, up), _ = await facts_of(await serve(accept), 2, will=Will("w", payload))
    assert isinstance(down, BusDown) and "no such line" in down.reason and isinstance(up, BusUp)


async def test_nobody_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        (down,), _ = await facts_of(bound.getsockname()[1], 1)
    assert isinstance(down, BusDown) and "nobody listens at 127.0.0.1" in down.reason
    left = [thread for thread in threading.enumerate() if thread.name.startswith("bus-")]
    for thread in left:  # the last try to connect may just be ending
        thread.join(5.0)
    assert not [thread for thread in left if thread.is_alive()]


async def test_tls_files_that_cannot_be_read_are_an_error_at_start(tmp_path: Path) -> None:
    missing = TlsFiles(tmp_path / "ca.pem")
    bus = PahoBus(BrokerSettings("127.0.0.1", 1, "g-one", tls=missing))
    with pytest.raises(BusError, match=r"ca\.pem"):
        await bus.start(lambda fact: None)
    await bus.stop()


@pytest.mark.parametrize(
    "wrong",
    [{"host": ""}, {"port": 0}, {"port": 70000}, {"client_id": ""}, {"keepalive": 0}, {"receive_maximum": 0}],
)
def test_settings_that_cannot_work(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        BrokerSettings(**{"host": "h", "port": 1883, "client_id": "g-one", **wrong})  # type: ignore[arg-type]


def test_password_is_not_shown() -> None:
    assert "secret" not in repr(BrokerSettings("h", 1, "c", "u", "secret"))
