"""Evidence from `record` to the centre and back, over a broker in memory."""

from dataclasses import dataclass, field

import pytest

from firmware.events import EventsAcked, LinkChanged, OutboxStood
from firmware.outbox.board import Evidence
from firmware.outbox.entries import StoreChanged
from link.bus.fake import FakeBroker, FakeBus
from link.bus.port import BusUp, Message, Unheard
from link.contract.batch import decode_ack
from link.contract.topics import Row, Topics
from link.contract.wire import Wire
from link.hosting.clock import HandClock
from link.hosting.machine import Tick
from tests.firmware.outbox.bench import alarm, stamp, talk
from tests.firmware.outbox.memory_store import MemoryStore
from tests.flows.acks import AckingCentre


@dataclass
class Site:
    """One gateway's evidence, a broker and a centre that acknowledges."""

    clock: HandClock = field(default_factory=HandClock)
    store: MemoryStore = field(default_factory=MemoryStore)
    stood: list[OutboxStood] = field(default_factory=list)
    ill: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.broker = FakeBroker(self.clock.now)
        self.bus = FakeBus(self.broker, "gw-a")
        self.centre = AckingCentre(FakeBus(self.broker, "svc-centre"))
        topics = Topics("main")
        self.evidence = Evidence(
            self.store,
            self.bus,
            self.clock,
            lambda row: topics.of(row, "gw-a"),
            self.stood.append,
            lambda subject, what, advice: self.ill.append((subject, what)),
        )
        self.topic = topics.of(Row.ACK, "gw-a")

    def from_bus(self, fact: object) -> None:
        match fact:
            case BusUp():
                self.evidence.runner.inbox.post(LinkChanged(up=True))
            case Unheard():
                self.evidence.unheard(fact)
            case Message(payload=payload):
                self.evidence.runner.inbox.post(EventsAcked(decode_ack(payload)))

    async def start(self, centre: bool = True) -> "Site":
        if centre:
            await self.centre.start()
        self.store.start(self.evidence.heard)
        await self.bus.start(self.from_bus, (self.topic,))
        await self.pass_time(0.0)
        return self

    async def pass_time(self, seconds: float) -> None:
        for _ in range(max(1, round(seconds / 0.1))):
            await self.clock.advance(min(seconds, 0.1))
            for _ in range(30):
                self.broker.settle()
                while (event := self.evidence.runner.inbox.get_nowait()) is not None:
                    self.evidence.runner.step(event)
            self.evidence.runner.step(Tick())

    def took(self) -> list[Wire]:
        return [event.fact for event in self.centre.events.values()]


async def test_what_is_recorded_reaches_the_centre_and_is_deleted():
    site = await Site().start()
    for n in range(5):
        site.evidence.record(talk(n), stamp(n))
    site.evidence.record(alarm(), stamp())
    await site.pass_time(2.0)
    assert site.took() == [alarm(), *(talk(n) for n in range(5))], "alarms before all else"
    assert not site.store.kept and site.stood[-1].waiting == 0
    assert sum(site.centre.again.values()) == 0


async def test_what_the_broker_took_and_the_centre_did_not_stays():
    site = await Site().start()
    site.centre.silent = True
    site.evidence.record(talk(), stamp())
    await site.pass_time(5.0)
    assert len(site.store.kept) == 1
    site.centre.silent = False
    await site.pass_time(11.0)
    assert site.took() == [talk()] and not site.store.kept


async def test_with_nobody_there_events_pause_and_arrive_when_somebody_comes():
    site = await Site().start(centre=False)
    site.evidence.record(talk(), stamp())
    await site.pass_time(1.0)
    assert site.evidence.runner.machine.unheard_until > site.clock.now()
    await site.centre.start()
    await site.pass_time(25.0)
    assert site.took() == [talk()]


async def test_a_full_bus_loses_nothing(monkeypatch: pytest.MonkeyPatch):
    site = await Site().start()
    publish, refusals = site.bus.publish, [1, 2, 3]

    def full(topic: str, payload: bytes, **more: int) -> bool:
        return publish(topic, payload, **more) if not refusals else bool(refusals.pop()) and False

    monkeypatch.setattr(site.bus, "publish", full)
    for n in range(3):
        site.evidence.record(talk(n), stamp(n))
        await site.pass_time(0.5)
    await site.pass_time(5.0)
    assert site.took() == [talk(n) for n in range(3)]


async def test_trouble_with_the_store_is_health():
    site = await Site().start()
    site.evidence.heard(StoreChanged("full", "free space"))
    assert site.ill == [("outbox", "full")]


async def test_a_crash_of_the_machine_loses_nothing(monkeypatch: pytest.MonkeyPatch):
    site = await Site().start()
    machine = site.evidence.runner.machine
    object.__setattr__(machine, "handle", lambda event, now: 1 / 0)
    site.evidence.record(talk(), stamp())
    await site.pass_time(3.0)
    assert site.took() == [talk()]
