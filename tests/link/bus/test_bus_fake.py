"""The fake broker: the port's suite, and its verbs for trouble."""

import math
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from link.bus.fake import FakeBroker, FakeBus
from link.bus.port import BusDown, BusUp, Message
from tests.link.bus.port_suite import BusSuite, of, up


class FakeRig:
    def __init__(self) -> None:
        self.broker = FakeBroker()
        self.made: list[FakeBus] = []

    def make(self, client_id: str, **settings: Any) -> FakeBus:
        self.made.append(FakeBus(self.broker, client_id, **settings))
        return self.made[-1]

    async def until(self, done: Callable[[], bool]) -> None:
        for _ in range(100):
            if done():
                return
            self.broker.turn()
        raise AssertionError("it did not come")

    async def rest(self) -> None:
        self.broker.settle()

    async def cut(self, client_id: str) -> None:
        self.broker.cut(client_id)

    async def mend(self, client_id: str) -> None:
        self.broker.mend(client_id)

    async def kill_broker(self) -> None:
        self.broker.kill()

    async def restart_broker(self) -> None:
        self.broker.restart()


@pytest.fixture
async def rig() -> AsyncIterator[FakeRig]:
    made = FakeRig()
    yield made
    for bus in made.made:
        await bus.stop()


class TestFakeBus(BusSuite):
    pass


async def test_nothing_moves_until_turned(rig: FakeRig) -> None:
    seen: list[object] = []
    bus = rig.make("a")
    await bus.start(seen.append, ("#",))
    assert seen == []
    rig.broker.turn()
    assert len(seen) == 1 and isinstance(seen[0], BusUp)
    assert bus.publish("t", b"x")
    assert len(seen) == 1
    rig.broker.turn()
    assert seen[1] == Message("t", b"x")


async def test_drop_loses_exactly_so_many(rig: FakeRig) -> None:
    a, seen = await up(rig, "a", "#")
    rig.broker.drop(2, "t/#")
    for n in range(4):
        a.publish("t/1", bytes([n]))
    a.publish("u", b"u")
    rig.broker.settle()
    assert [m.payload for m in of(seen, Message)] == [b"\2", b"\3", b"u"]
    assert a.room() == 65_536


async def test_duplicate_delivers_qos_1_twice_and_qos_0_once(rig: FakeRig) -> None:
    a, seen = await up(rig, "a", "#")
    rig.broker.duplicate(3)
    a.publish("t", b"1")
    a.publish("t", b"0", qos=0)
    a.publish("t", b"2")
    a.publish("t", b"3")
    rig.broker.settle()
    assert [m.payload for m in of(seen, Message)] == [b"1", b"1", b"0", b"2", b"2", b"3"]


async def test_delay_holds_both_directions_and_keeps_order(rig: FakeRig) -> None:
    a, seen = await up(rig, "a", "#")
    rig.broker.delay("a", 0.5)
    a.publish("t", b"1")
    a.publish("t", b"2")
    rig.broker.settle()
    assert of(seen, Message) == [] and a.room() < 65_536
    rig.broker.advance(0.5)
    rig.broker.settle()
    assert of(seen, Message) == [] and a.room() == 65_536
    rig.broker.advance(0.5)
    rig.broker.settle()
    assert [m.payload for m in of(seen, Message)] == [b"1", b"2"]


async def test_silent_link_fills_the_window_and_says_nothing(rig: FakeRig) -> None:
    a, seen = await up(rig, "a", "#", window_bytes=300)
    rig.broker.delay("a", math.inf)
    results = [a.publish("t", bytes(60)) for _ in range(10)]
    rig.broker.advance(1e9)
    rig.broker.settle()
    assert results.count(True) == 3 and not of(seen, BusDown) and not of(seen, Message)
    rig.broker.cut("a")
    assert len(of(seen, BusDown)) == 1


async def test_expired_message_is_not_delivered(rig: FakeRig) -> None:
    a, _ = await up(rig, "a")
    _, seen = await up(rig, "b", "#")
    rig.broker.delay("b", 3.0)
    a.publish("t", b"old", expiry=2)
    a.publish("t", b"lasting", expiry=4)
    a.publish("t", b"ever")
    rig.broker.settle()
    rig.broker.advance(3.0)
    rig.broker.settle()
    assert [m.payload for m in of(seen, Message)] == [b"lasting", b"ever"]


async def test_refused_sign_in_says_what_to_check(rig: FakeRig) -> None:
    rig.broker.refuse("a", 0x86)
    seen: list[object] = []
    await rig.make("a").start(seen.append)
    rig.broker.settle()
    assert len(seen) == 1 and "bad user name or password for 'a'" in seen[0].reason  # type: ignore[attr-defined]
    rig.broker.mend("a")
    rig.broker.settle()
    assert isinstance(seen[1], BusUp)


async def test_kill_forgets_retained(rig: FakeRig) -> None:
    a, _ = await up(rig, "a")
    a.publish("s", b"kept", retain=True)
    rig.broker.settle()
    rig.broker.kill()
    rig.broker.restart()
    _, late = await up(rig, "b", "#")
    rig.broker.settle()
    assert of(late, Message) == []


async def test_messages_that_chase_each_other_are_found_out(rig: FakeRig) -> None:
    bus = rig.make("a")
    await bus.start(lambda fact: bus.publish("t", b"again"), ("#",))
    with pytest.raises(RuntimeError, match="did not come to rest"):
        rig.broker.settle(100)


async def test_injected_message_reaches_subscribers_and_the_record(rig: FakeRig) -> None:
    _, seen = await up(rig, "a", "#")
    rig.broker.inject(Message("t", b"stranger", True))
    rig.broker.settle()
    assert of(seen, Message) == [Message("t", b"stranger")]
    assert list(rig.broker.taken) == [Message("t", b"stranger", True)]
