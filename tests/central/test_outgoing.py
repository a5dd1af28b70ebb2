"""What core says to gateways waits for room at the broker's door, in order, and not longer than it is worth."""

import asyncio

from central.outgoing import AGAIN, RESERVE, Outgoing
from link.contract.topics import Row
from link.hosting.clock import HandClock, settle_loop

PAYLOAD = b"x" * 400


class TightBus:
    """A door whose window is 64 kB; what was sent stays in flight until `acknowledge`."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.flight = 0
        self.limit = 65_536

    def room(self) -> int:
        return self.limit - self.flight

    def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, expiry: int | None = None
    ) -> bool:
        if self.flight + len(payload) > self.limit:
            return False
        self.flight += len(payload)
        self.sent.append(topic)
        return True

    def acknowledge(self) -> None:
        self.flight = 0


def desk() -> tuple[TightBus, HandClock, Outgoing]:
    bus, clock = TightBus(), HandClock()
    return bus, clock, Outgoing(bus, clock)  # type: ignore[arg-type]


async def test_an_order_to_a_thousand_loses_none_and_keeps_its_order() -> None:
    bus, clock, outgoing = desk()
    task = asyncio.create_task(outgoing.run())
    topics = [f"gw/{number}" for number in range(1000)]
    for topic in topics:
        outgoing.post(topic, PAYLOAD, Row.COMMAND, 30)
    assert 0 < len(bus.sent) < 200, "the talk path keeps its share of the window"
    assert bus.room() >= RESERVE - len(PAYLOAD)
    for _ in range(50):
        bus.acknowledge()
        await clock.advance(AGAIN)
    assert bus.sent == topics and len(outgoing) == 0
    task.cancel()


async def test_what_is_worth_nothing_any_more_is_dropped() -> None:
    bus, clock, outgoing = desk()
    bus.flight = bus.limit
    task = asyncio.create_task(outgoing.run())
    outgoing.post("old", PAYLOAD, Row.COMMAND, 2)
    outgoing.post("young", PAYLOAD, Row.COMMAND, 30)
    await settle_loop()
    await clock.advance(3.0)
    assert bus.sent == [] and outgoing.expired == 1
    bus.acknowledge()
    await clock.advance(AGAIN)
    assert bus.sent == ["young"]
    task.cancel()


async def test_nothing_outlives_the_broker() -> None:
    bus, clock, outgoing = desk()
    bus.flight = bus.limit
    outgoing.post("old", PAYLOAD, Row.ACK)
    outgoing.clear()
    bus.acknowledge()
    outgoing.post("new", PAYLOAD, Row.ACK)
    assert bus.sent == ["new"] and len(outgoing) == 0
