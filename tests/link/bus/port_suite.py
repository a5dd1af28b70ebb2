"""What every bus door must do: the same tests for the fake broker and for paho with a real mosquitto.

A rig makes doors, makes trouble and waits; a subclass gives the `rig` fixture.
"""

import threading
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from link.bus.port import Bus, BusDown, BusError, BusUp, Message, NeverKept, Unheard, Will


class Rig(Protocol):
    """One broker with its doors; everything made here is stopped at the end of the test."""

    def make(self, client_id: str, **settings: Any) -> Bus: ...

    async def until(self, done: Callable[[], bool]) -> None:
        """Let things move until `done`; fails the test when that does not come."""

    async def rest(self) -> None:
        """Let everything under way arrive."""

    async def cut(self, client_id: str) -> None: ...

    async def mend(self, client_id: str) -> None: ...

    async def kill_broker(self) -> None: ...

    async def restart_broker(self) -> None: ...


def of(seen: list[object], kind: type) -> list[Any]:
    return [fact for fact in seen if isinstance(fact, kind)]


async def up(rig: Rig, client_id: str, *subscriptions: str, will: Will | None = None, **settings: Any) -> Any:
    """A started, connected door and the list of its facts."""
    seen: list[object] = []
    bus = rig.make(client_id, **settings)
    await bus.start(seen.append, subscriptions, will)
    await rig.until(lambda: bool(of(seen, BusUp)))
    return bus, seen


class BusSuite:
    async def test_up_names_a_session_of_64_bits(self, rig: Rig) -> None:
        _, seen = await up(rig, "a")
        session = of(seen, BusUp)[0].session_id
        assert len(session) == 16 and int(session, 16) >= 0

    async def test_message_arrives_as_it_was_sent(self, rig: Rig) -> None:
        a, _ = await up(rig, "a")
        _, seen = await up(rig, "b", "t/+/x")
        assert a.publish("t/1/x", b"\x00\xff payload")
        assert a.publish("t/1/y", b"for nobody")
        assert a.publish("t/2/x", b"last")
        await rig.until(lambda: len(of(seen, Message)) >= 2)
        assert of(seen, Message) == [Message("t/1/x", b"\x00\xff payload"), Message("t/2/x", b"last")]

    async def test_order_is_kept(self, rig: Rig) -> None:
        a, _ = await up(rig, "a")
        _, seen = await up(rig, "b", "t/#")
        for n in range(200):
            assert a.publish(f"t/{n % 7}", n.to_bytes(2, "big"), qos=1)
        await rig.until(lambda: len(of(seen, Message)) >= 200)
        assert [int.from_bytes(m.payload, "big") for m in of(seen, Message)] == list(range(200))

    async def test_retained_comes_from_the_store_marked_and_after_bus_up(self, rig: Rig) -> None:
        a, _ = await up(rig, "a")
        _, live = await up(rig, "b", "s/#")
        assert a.publish("s/1", b"kept", retain=True)
        await rig.until(lambda: bool(of(live, Message)))
        assert of(live, Message) == [Message("s/1", b"kept", False)]
        _, late = await up(rig, "c", "s/#")
        await rig.until(lambda: bool(of(late, Message)))
        assert late[0] == of(late, BusUp)[0]
        assert late[1] == Message("s/1", b"kept", True)

    async def test_where_nothing_may_be_kept_a_live_message_shows_that_it_was_to_be(self, rig: Rig) -> None:
        a, _ = await up(rig, "a")
        _, strict = await up(rig, "b", NeverKept("s/#"))
        _, plain = await up(rig, "c", "s/#")
        assert a.publish("s/1", b"kept", retain=True) and a.publish("s/2", b"not kept")
        await rig.until(lambda: len(of(strict, Message)) == len(of(plain, Message)) == 2)
        assert [m.retain for m in of(strict, Message)] == [True, False]
        assert [m.retain for m in of(plain, Message)] == [False, False]

    async def test_empty_retained_payload_clears_the_store(self, rig: Rig) -> None:
        a, _ = await up(rig, "a")
        _, live = await up(rig, "b", "s/#")
        assert a.publish("s/1", b"kept", retain=True)
        assert a.publish("s/1", b"", retain=True)
        await rig.until(lambda: len(of(live, Message)) >= 2)
        _, late = await up(rig, "c", "s/#")
        await rig.rest()
        assert of(late, Message) == []

    async def test_publish_while_not_connected_is_refused_and_counted(self, rig: Rig) -> None:
        bus = rig.make("a")
        assert bus.publish("t", b"x") is False
        assert bus.room() == 0
        assert bus.dropped() == {"not-connected": 1}

    async def test_cut_brings_the_will_and_mending_brings_everything_back(self, rig: Rig) -> None:
        a, seen = await up(rig, "a", "t/#", will=Will("w/a", lambda session: f"dead {session}".encode()))
        b, other = await up(rig, "b", "w/#")
        first = of(seen, BusUp)[0].session_id
        await rig.cut("a")
        await rig.until(lambda: bool(of(other, Message)) and bool(of(seen, BusDown)))
        assert of(other, Message) == [Message("w/a", f"dead {first}".encode(), False)]
        assert a.publish("t/1", b"x") is False and a.room() == 0
        await rig.mend("a")
        await rig.until(lambda: len(of(seen, BusUp)) == 2)
        assert of(seen, BusUp)[1].session_id != first
        assert b.publish("t/1", b"again")
        await rig.until(lambda: Message("t/1", b"again") in seen)
        assert a.publish("t/2", b"mine")
        await rig.until(lambda: Message("t/2", b"mine") in seen)

    async def test_will_is_kept_for_late_listeners(self, rig: Rig) -> None:
        _, seen = await up(rig, "a", will=Will("w/a", b"dead"))
        await rig.cut("a")
        await rig.until(lambda: bool(of(seen, BusDown)))
        _, late = await up(rig, "b", "w/#")
        await rig.until(lambda: bool(of(late, Message)))
        assert of(late, Message) == [Message("w/a", b"dead", True)]

    async def test_unacknowledged_messages_do_not_come_out_after_a_reconnect(self, rig: Rig) -> None:
        a, seen = await up(rig, "a")
        _, other = await up(rig, "b", "t/#")
        await rig.kill_broker()
        for n in range(5):
            a.publish("t/stale", bytes([n]))  # the door may or may not know yet that the broker is gone
        await rig.until(lambda: bool(of(seen, BusDown)))
        await rig.restart_broker()
        await rig.until(lambda: len(of(seen, BusUp)) == 2 and len(of(other, BusUp)) == 2)
        assert a.publish("t/fresh", b"now")
        await rig.until(lambda: Message("t/fresh", b"now") in other)
        assert [m.topic for m in of(other, Message)] == ["t/fresh"]

    async def test_stop_sends_what_was_accepted_and_no_will(self, rig: Rig) -> None:
        a, seen = await up(rig, "a", "t/#", will=Will("w/a", b"dead"))
        _, other = await up(rig, "b", "t/#", "w/#")
        for n in range(20):
            assert a.publish("t/last", bytes([n]))
        await a.stop()
        facts = len(seen)
        await rig.until(lambda: len(of(other, Message)) >= 20)
        await rig.rest()
        assert [m.payload[0] for m in of(other, Message)] == list(range(20))
        assert len(seen) == facts and not of(seen, BusDown)
        assert a.publish("t/after", b"x") is False

    async def test_stop_without_start_and_twice(self, rig: Rig) -> None:
        bus = rig.make("a")
        await bus.stop()
        await bus.stop()
        with pytest.raises(BusError):
            await bus.start(lambda fact: None)

    async def test_broker_killed_and_restarted(self, rig: Rig) -> None:
        a, seen = await up(rig, "a", "t/#")
        first = of(seen, BusUp)[0].session_id
        await rig.kill_broker()
        await rig.until(lambda: bool(of(seen, BusDown)))
        assert a.publish("t/1", b"lost") is False
        assert a.dropped()["not-connected"] >= 1
        await rig.restart_broker()
        await rig.until(lambda: len(of(seen, BusUp)) == 2)
        assert of(seen, BusUp)[1].session_id != first
        assert a.publish("t/1", b"here")
        await rig.until(lambda: Message("t/1", b"here") in seen)

    async def test_a_broker_that_stays_away_is_reported_once_with_advice(self, rig: Rig) -> None:
        await rig.kill_broker()
        seen: list[object] = []
        bus = rig.make("a")
        await bus.start(seen.append)
        await rig.until(lambda: bool(of(seen, BusDown)))
        await rig.rest()
        assert len(seen) == 1
        assert "is the broker running?" in seen[0].reason  # type: ignore[attr-defined]

    async def test_window_refuses_what_does_not_fit_and_opens_again(self, rig: Rig) -> None:
        a, _ = await up(rig, "a", window_bytes=300)
        results = [a.publish("t/1", bytes(60)) for _ in range(60)]
        assert results[:3] == [True, True, True]
        assert False in results
        assert a.dropped()["window-full"] == results.count(False)
        await rig.until(lambda: a.room() == 300)

    async def test_a_message_larger_than_the_window_goes_alone(self, rig: Rig) -> None:
        a, _ = await up(rig, "a", window_bytes=300)
        _, seen = await up(rig, "b", "t/#")
        assert a.publish("t/big", bytes(150_000))
        assert a.publish("t/small", b"x") is False
        await rig.until(lambda: bool(of(seen, Message)) and a.room() == 300)
        assert len(of(seen, Message)[0].payload) == 150_000

    async def test_qos_0_arrives_and_frees_the_window(self, rig: Rig) -> None:
        a, _ = await up(rig, "a", window_bytes=300)
        _, seen = await up(rig, "b", "t/#")
        for n in range(10):
            assert a.publish("t/0", bytes([n]) * 200, qos=0)
            await rig.until(lambda: a.room() == 300)
        await rig.until(lambda: len(of(seen, Message)) == 10)

    async def test_too_large_is_refused_going_out(self, rig: Rig) -> None:
        a, _ = await up(rig, "a")
        assert a.publish("t", bytes(200_001)) is False
        assert a.dropped() == {"too-large-out": 1}
        assert a.room() > 0

    async def test_too_large_is_dropped_coming_in(self, rig: Rig) -> None:
        a, _ = await up(rig, "a", largest_payload=250_000)
        b, seen = await up(rig, "b", "t/#")
        for _ in range(2):
            assert a.publish("t/big", bytes(200_001))
            await rig.until(lambda: a.room() == 65_536)
        assert a.publish("t/small", b"x")
        await rig.until(lambda: bool(of(seen, Message)))
        assert of(seen, Message) == [Message("t/small", b"x")]
        assert b.dropped() == {"too-large-in": 2}

    @pytest.mark.parametrize("topic", ["", "a/+", "a/#", "a\0b", "x" * 65536])
    async def test_bad_topics_are_an_error_of_the_caller(self, rig: Rig, topic: str) -> None:
        a, _ = await up(rig, "a")
        with pytest.raises(ValueError):
            a.publish(topic, b"")
        assert a.room() == 65_536

    async def test_qos_2_is_an_error_of_the_caller(self, rig: Rig) -> None:
        a, _ = await up(rig, "a")
        with pytest.raises(ValueError):
            a.publish("t", b"", qos=2)

    async def test_bad_subscription_is_an_error_at_start(self, rig: Rig) -> None:
        with pytest.raises(ValueError):
            await rig.make("a").start(lambda fact: None, ("a/#/b",))

    async def test_second_start_is_an_error(self, rig: Rig) -> None:
        a, _ = await up(rig, "a")
        with pytest.raises(BusError, match="was started before"):
            await a.start(lambda fact: None)

    async def test_second_client_with_the_same_id_is_named(self, rig: Rig) -> None:
        _, first = await up(rig, "a")
        await up(rig, "a")
        named = "a second client with the same id 'a'"
        await rig.until(lambda: any(named in down.reason for down in of(first, BusDown)))

    async def test_what_nobody_is_subscribed_to_is_told(self, rig: Rig) -> None:
        a, seen = await up(rig, "a")
        _, other = await up(rig, "b", "t/#")
        assert a.publish("t/1", b"heard") and a.publish("u/1", b"unheard") and a.publish("u/2", b"x", qos=0)
        await rig.until(lambda: bool(of(seen, Unheard)) and bool(of(other, Message)))
        await rig.rest()
        assert of(seen, Unheard) == [Unheard("u/1")]

    async def test_publish_from_many_threads(self, rig: Rig) -> None:
        a, _ = await up(rig, "a")
        _, seen = await up(rig, "b", "t/#")
        results: list[bool] = []

        def work(who: int) -> None:
            for n in range(50):
                results.append(a.publish(f"t/{who}", bytes([n])))

        threads = [threading.Thread(target=work, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [True] * 200
        await rig.until(lambda: len(of(seen, Message)) == 200)
        for who in range(4):
            assert [m.payload[0] for m in of(seen, Message) if m.topic == f"t/{who}"] == list(range(50))
        await rig.until(lambda: a.room() == 65_536)

    @pytest.mark.parametrize("qos", [0, 1])
    async def test_publish_from_within_the_sink(self, rig: Rig, qos: int) -> None:
        _, seen = await up(rig, "a", "echo/#")
        b = rig.make("b")
        answers: list[bool] = []

        def sink(fact: object) -> None:
            if isinstance(fact, Message):
                answers.append(b.publish("echo/1", fact.payload + b"!", qos=qos))

        await b.start(sink, ("ask/#",))
        c, _ = await up(rig, "c")
        await rig.until(lambda: b.room() > 0)
        assert c.publish("ask/1", b"hallo")
        await rig.until(lambda: bool(of(seen, Message)))
        assert of(seen, Message) == [Message("echo/1", b"hallo!")] and answers == [True]

    async def test_a_sink_that_raises_does_not_harm_the_door(self, rig: Rig) -> None:
        seen: list[object] = []

        def sink(fact: object) -> None:
            seen.append(fact)
            raise RuntimeError("the sink is broken")

        a = rig.make("a")
        await a.start(sink, ("t/#",))
        await rig.until(lambda: bool(of(seen, BusUp)))
        assert a.publish("t/1", b"1") and a.publish("t/2", b"2")
        await rig.until(lambda: len(of(seen, Message)) == 2)
        assert not of(seen, BusDown)
