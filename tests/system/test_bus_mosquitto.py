"""The paho door with a real mosquitto: the port's suite, trouble, access rules, sign-in, latency."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from link.bus.broker_file import CENTRE
from link.bus.broker_settings import BrokerSettings
from link.bus.paho_bus import PahoBus
from link.bus.port import BusDown, BusUp, Message, Will
from scripts.chaos_parts.link_proxy import LinkProxy
from tests.link.bus.port_suite import BusSuite, of, up
from tests.system.mosquitto_fixture import Mosquitto, fleet_broker, open_broker  # noqa: F401
from tests.system.tcp_wire import Wire

QUICK = {"back_off_first": 0.05, "back_off_most": 0.3, "settled": 0.5}


async def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10.0
    while not done():
        assert time.monotonic() < deadline, "it did not come within 10 s"
        await asyncio.sleep(0.005)


class MosquittoRig:
    def __init__(self, broker: Mosquitto) -> None:
        self.broker = broker
        self.made: list[PahoBus] = []
        self.wires: dict[str, Wire] = {}
        self._running = True
        self._away: set[str] = set()

    def make(self, client_id: str, **settings: Any) -> PahoBus:
        if client_id not in self.wires:
            self.wires[client_id] = Wire(self.broker.port)
            if not self._running:
                self.wires[client_id].shut()
        port = self.wires[client_id].port
        self.made.append(PahoBus(BrokerSettings("127.0.0.1", port, client_id, **{**QUICK, **settings})))
        return self.made[-1]

    async def until(self, done: Callable[[], bool]) -> None:
        for client_id, wire in self.wires.items():
            if self._running and client_id not in self._away:
                await wire.mend()
        await until(done)

    async def rest(self) -> None:
        await asyncio.sleep(0.3)

    async def cut(self, client_id: str) -> None:
        self._away.add(client_id)
        await self.wires[client_id].cut()

    async def mend(self, client_id: str) -> None:
        self._away.discard(client_id)
        await self.wires[client_id].mend()

    async def kill_broker(self) -> None:
        self._running = False
        self.broker.kill()
        for wire in self.wires.values():
            await wire.cut()

    async def restart_broker(self) -> None:
        self._running = True
        self.broker.start()


@pytest.fixture
async def rig(open_broker: Mosquitto) -> AsyncIterator[MosquittoRig]:  # noqa: F811
    made = MosquittoRig(open_broker)
    yield made
    for bus in made.made:
        await bus.stop()
    for wire in made.wires.values():
        await wire.cut()
    await asyncio.sleep(0.01)


class TestPahoBus(BusSuite):
    pass


def work_of(client_id: str) -> list[str]:
    """Tasks and threads of one door."""
    running = (*(task.get_name() for task in asyncio.all_tasks()), *(t.name for t in threading.enumerate()))
    return [name for name in running if name == f"bus-{client_id}"]


async def test_stop_ends_all_work_while_up_and_while_trying(rig: MosquittoRig) -> None:
    up_bus, _ = await up(rig, "a")
    trying = rig.make("b", back_off_first=100.0, back_off_most=100.0)
    await rig.cut("b")
    seen: list[object] = []
    await trying.start(seen.append)
    await rig.until(lambda: bool(of(seen, BusDown)))
    assert len(work_of("a")) == len(work_of("b")) == 1
    began = time.monotonic()
    await up_bus.stop()
    await trying.stop()
    assert time.monotonic() - began < 1.0
    await until(lambda: work_of("a") == work_of("b") == [])  # a thread that has answered still has to end


async def test_stop_does_not_wait_for_a_broker_that_hangs() -> None:
    """It takes the sign-in and then neither reads nor acknowledges."""
    writers = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.read(10)
        writer.write(bytes((0x20, 3, 0, 0, 0)))

    server = await asyncio.start_server(hang, "127.0.0.1", 0, limit=1000)
    seen: list[object] = []
    bus = PahoBus(BrokerSettings("127.0.0.1", server.sockets[0].getsockname()[1], "a", **QUICK))
    await bus.start(seen.append)
    await until(lambda: bool(of(seen, BusUp)))
    assert bus.publish("t", bytes(60_000))
    began = time.monotonic()
    await bus.stop()
    assert 0.5 < time.monotonic() - began < 3.0
    await until(lambda: work_of("a") == [])
    for writer in writers:
        writer.transport.abort()
    server.close()
    await asyncio.sleep(0.01)


async def test_stop_under_a_flood_is_still_a_goodbye(rig: MosquittoRig) -> None:
    """Unread bytes at the close would reset the connection and bring the will."""
    flood, _ = await up(rig, "flood", window_bytes=1_000_000)
    _, watcher = await up(rig, "watcher", "w/#")
    ended = threading.Event()

    def pour() -> None:
        while not ended.is_set():
            if not flood.publish("f/1", bytes(5000), qos=0):
                time.sleep(0.0005)

    thread = threading.Thread(target=pour)
    thread.start()
    try:
        for _ in range(20):
            seen: list[object] = []
            bus = PahoBus(BrokerSettings("127.0.0.1", rig.broker.port, "a", **QUICK))
            await bus.start(seen.append, ("f/#",), Will("w/a", b"dead"))
            await until(lambda seen=seen: len(seen) > 20)
            began = time.monotonic()
            await bus.stop()
            assert time.monotonic() - began < 2.5
    finally:
        ended.set()
        thread.join()
    await rig.rest()
    assert of(watcher, Message) == []


async def test_small_packets_leave_at_once(rig: MosquittoRig) -> None:
    a, _ = await up(rig, "a")
    assert a._session._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


async def test_broker_that_answers_no_ping_is_given_up() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(bytes((0x20, 3, 0, 0, 0)))
        while await reader.read(1000):
            pass
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    seen: list[object] = []
    settings = BrokerSettings("127.0.0.1", server.sockets[0].getsockname()[1], "a", keepalive=1, **QUICK)
    bus = PahoBus(settings)
    await bus.start(seen.append)
    await until(lambda: len(seen) >= 2)
    assert isinstance(seen[1], BusDown) and "ping" in seen[1].reason
    await bus.stop()
    server.close()
    await asyncio.sleep(0.01)


async def test_a_link_that_swallows_what_is_sent_is_given_up(fleet_broker: Mosquitto) -> None:  # noqa: F811
    """TCP stands and says nothing: a hole in the link, a frozen broker."""
    proxy = LinkProxy(("127.0.0.1", fleet_broker.port))
    host, port = await proxy.start()
    seen: list[object] = []
    login = {"username": CENTRE, "password": fleet_broker.users[CENTRE]}
    bus = PahoBus(BrokerSettings(host, port, CENTRE, patience=0.5, keepalive=2, **login, **QUICK))
    await bus.start(seen.append)
    await until(lambda: bool(of(seen, BusUp)))
    assert bus.publish("sw/1/main/bc/centre", b"well")
    await asyncio.sleep(1.0)
    assert of(seen, BusDown) == [], "what is acknowledged is alive, also when nothing more is sent"
    proxy.cut("hole")
    assert bus.publish("sw/1/main/bc/centre", b"swallowed")
    await until(lambda: bool(of(seen, BusDown)))
    assert "acknowledged nothing" in of(seen, BusDown)[0].reason
    proxy.heal()
    await until(lambda: len(of(seen, BusUp)) == 2)
    await bus.stop()
    await proxy.stop()


async def test_retained_expiry_reaches_the_broker(rig: MosquittoRig) -> None:
    a, _ = await up(rig, "a")
    assert a.publish("s/short", b"x", retain=True, expiry=1)
    assert a.publish("s/long", b"x", retain=True, expiry=60)
    await asyncio.sleep(2.1)
    _, seen = await up(rig, "b", "s/#")
    await rig.rest()
    assert [m.topic for m in of(seen, Message)] == ["s/long"]


async def test_file_numbers_above_1023_do_no_harm(rig: MosquittoRig) -> None:
    holders = []
    try:
        with contextlib.suppress(OSError):
            while len(holders) < 1100:
                holders.append(socket.socket())
        if not holders or holders[-1].fileno() < 1030:
            pytest.fail("raise the limit of open files (ulimit -n) to run this test")
        a, seen = await up(rig, "a", "t/#")
        assert a.publish("t/1", b"x")
        await rig.until(lambda: bool(of(seen, Message)))
    finally:
        for holder in holders:
            holder.close()


async def start_in(
    broker: Mosquitto, name: str, *subscriptions: str, password: str = ""
) -> tuple[PahoBus, list[object]]:
    settings = BrokerSettings(
        *("127.0.0.1", broker.port, name, name, password or broker.users.get(name, "none")), **QUICK
    )
    seen: list[object] = []
    bus = PahoBus(settings)
    await bus.start(seen.append, subscriptions)
    await until(lambda: bool(seen))
    return bus, seen


async def test_sign_in_refused_says_what_to_check(fleet_broker: Mosquitto) -> None:  # noqa: F811
    for name, password in (("g-one", "wrong"), ("g-nobody", "any")):
        bus, seen = await start_in(fleet_broker, name, password=password)
        assert isinstance(seen[0], BusDown)
        assert name in seen[0].reason and "check" in seen[0].reason and "password" in seen[0].reason
        await asyncio.sleep(0.5)
        assert len(seen) == 1, "the same reason is said once"
        await bus.stop()


async def test_access_rules_by_delivery(fleet_broker: Mosquitto) -> None:  # noqa: F811
    centre, at_centre = await start_in(fleet_broker, CENTRE, "sw/1/#")
    one, at_one = await start_in(fleet_broker, "g-one", "sw/1/#")
    others = ("sw/1/main/dn/g-one/#", "sw/1/main/up/#", "sw/1/main/bc/#")
    two, at_two = await start_in(fleet_broker, "g-two", *others)
    for bus, topic in (
        (one, "sw/1/main/up/g-one/evt"),
        (one, "sw/1/main/up/g-one/live"),
        (one, "sw/1/main/up/g-two/evt"),
        (one, "sw/1/main/dn/g-two/cmd"),
        (one, "sw/1/main/bc/cmd"),
        (centre, "sw/1/main/dn/g-one/cmd"),
        (centre, "sw/1/main/bc/centre"),
    ):
        assert bus.publish(topic, b"x")
    await asyncio.sleep(0.5)
    assert {m.topic for m in of(at_centre, Message)} == {
        "sw/1/main/up/g-one/evt",
        "sw/1/main/up/g-one/live",
        "sw/1/main/dn/g-one/cmd",
        "sw/1/main/bc/centre",
    }
    assert {m.topic for m in of(at_one, Message)} == {
        "sw/1/main/up/g-one/live",
        "sw/1/main/dn/g-one/cmd",
        "sw/1/main/bc/centre",
    }
    assert {m.topic for m in of(at_two, Message)} == {"sw/1/main/bc/centre"}
    assert one.dropped() == {"refused-by-broker": 3}
    for bus in (centre, one, two):
        await bus.stop()


async def test_broker_without_answer_is_found_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        seen: list[object] = []
        bus = PahoBus(BrokerSettings("127.0.0.1", silent.getsockname()[1], "a", answer_limit=0.3, **QUICK))
        await bus.start(seen.append)
        await until(lambda: bool(seen))
        assert "does not answer as a broker" in seen[0].reason  # type: ignore[attr-defined]
        await bus.stop()


async def test_round_trip(fleet_broker: Mosquitto, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    """500 round trips of 60 bytes, QoS 1, publisher -> broker -> subscriber, waiting in the event loop."""
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    centre, _ = await start_in(fleet_broker, CENTRE)
    gateway = PahoBus(
        BrokerSettings("127.0.0.1", fleet_broker.port, "g-one", "g-one", fleet_broker.users["g-one"])
    )
    await gateway.start(lambda fact: loop.call_soon_threadsafe(arrived.set), ("sw/1/main/dn/g-one/rt",))
    await arrived.wait()
    took = []
    for _ in range(500):
        arrived.clear()
        began = time.perf_counter()
        assert centre.publish("sw/1/main/dn/g-one/rt", bytes(60), expiry=2)
        await arrived.wait()
        took.append(time.perf_counter() - began)
    took.sort()
    p50, p99 = took[250] * 1e3, took[495] * 1e3
    with capsys.disabled():
        print(f"\nbus publisher -> mosquitto -> subscriber, 500 x QoS 1: p50 {p50:.3f} ms p99 {p99:.3f} ms")
    await centre.stop()
    await gateway.stop()
    assert p50 < 3.0
