"""The paho door over TLS 1.3 with certificates both ways: large messages, strangers, no certificate."""

import asyncio
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from link.bus.broker_settings import BrokerSettings
from link.bus.paho_bus import PahoBus
from link.bus.port import BusDown, BusUp, Message
from link.bus.tls import TlsFiles
from tests.link.bus.port_suite import of
from tests.system.mosquitto_fixture import Mosquitto, free_port
from tests.system.strange_authority import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest.fixture
def tls_broker(tmp_path: Path, authority: Authority) -> Iterator[Mosquitto]:
    port, files = free_port(), authority.issue("broker")
    configuration = tmp_path / "mosquitto.conf"
    configuration.write_text(
        f"user root\nlistener {port} 127.0.0.1\ncafile {files.ca}\ncertfile {files.certificate}\n"
        f"keyfile {files.key}\nrequire_certificate true\nuse_identity_as_username true\ntls_version tlsv1.3\n"
        "set_tcp_nodelay true\nallow_anonymous false\n"
    )
    made = Mosquitto(configuration, port, {})
    made.start()
    yield made
    made.stop()


async def first_facts(port: int, files: TlsFiles, count: int) -> tuple[PahoBus, list[object]]:
    seen: list[object] = []
    bus = PahoBus(BrokerSettings("127.0.0.1", port, "g-one", back_off_first=0.05, tls=files))
    await bus.start(seen.append, ("t/#",))
    deadline = time.monotonic() + 10.0
    while len(seen) < count:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)
    return bus, seen


async def test_large_and_small_messages(tls_broker: Mosquitto, authority: Authority) -> None:
    bus, seen = await first_facts(tls_broker.port, authority.issue("g-one"), 1)
    assert isinstance(seen[0], BusUp)
    sizes = [0, 1, 150_000, 16_384, 16_385] + [40_000] * 5 + [10] * 100
    deadline = time.monotonic() + 10.0
    for size in sizes:
        while not bus.publish("t/1", bytes(size)):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.005)
    while len(of(seen, Message)) < len(sizes):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)
    assert [len(message.payload) for message in of(seen, Message)] == sizes
    await bus.stop()
    assert not of(seen, BusDown)


async def test_a_broker_that_is_not_ours_is_refused(
    tls_broker: Mosquitto, authority: Authority, tmp_path: Path
) -> None:
    files = authority.issue("g-one")
    theirs = Authority(tmp_path, "theirs")
    bus, seen = await first_facts(tls_broker.port, TlsFiles(theirs.ca, files.certificate, files.key), 1)
    assert isinstance(seen[0], BusDown) and "is not trusted" in seen[0].reason
    await bus.stop()


async def test_no_certificate_no_connection(tls_broker: Mosquitto, authority: Authority) -> None:
    bus, seen = await first_facts(tls_broker.port, TlsFiles(authority.ca), 1)
    assert isinstance(seen[0], BusDown) and "certificate" in seen[0].reason
    await bus.stop()


async def test_plain_port_is_named(tls_broker: Mosquitto, authority: Authority, tmp_path: Path) -> None:
    port = free_port()
    configuration = tmp_path / "plain.conf"
    configuration.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    plain = Mosquitto(configuration, port, {})
    plain.start()
    try:
        bus, seen = await first_facts(port, authority.issue("g-one"), 1)
        assert isinstance(seen[0], BusDown) and "TLS on both sides" in seen[0].reason
        await bus.stop()
    finally:
        plain.stop()


async def test_several_packets_in_one_record_all_arrive(authority: Authority) -> None:
    """mosquitto gives each packet a record of its own; other brokers do not. What is decrypted is in no selector."""
    files = authority.issue("broker")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    packet = bytes((0x30, 6)) + b"\0\3t/1\0"
    writers: list[asyncio.StreamWriter] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.read(1000)
        writer.write(bytes((0x20, 3, 0, 0, 0)))
        subscribe = await reader.read(1000)
        writer.write(bytes((0x90, 4)) + subscribe[2:4] + b"\0\1" + 5 * packet)

    server = await asyncio.start_server(play, "127.0.0.1", 0, ssl=context)
    bus, seen = await first_facts(server.sockets[0].getsockname()[1], authority.issue("g-one"), 6)
    assert isinstance(seen[0], BusUp) and of(seen, Message) == 5 * [Message("t/1", b"")]
    writers[0].transport.abort()
    await bus.stop()
    server.close()
