"""A centre that does nothing but take batches and say up to where it has all, at once; it counts what it took."""

from collections import Counter

from link.bus.port import Bus, Message
from link.contract.batch import Ack, decode_batch, encode_ack
from link.contract.facts import Event
from link.contract.link_facts import EventsDropped
from link.contract.topics import Row, Topics


class AckingCentre:
    """`events`: what was taken, by gateway, epoch and number; `again`: how often each came once more."""

    def __init__(self, bus: Bus, realm: str = "main") -> None:
        self.bus, self.topics = bus, Topics(realm)
        self.events: dict[tuple[str, int, int], Event] = {}
        self.again: Counter[tuple[str, int, int]] = Counter()
        self.upto: dict[tuple[str, int], int] = {}
        self.gone: set[tuple[str, int, int]] = set()
        self.silent = False

    async def start(self) -> None:
        rows = (Row.EVENTS, Row.ALARMS)
        await self.bus.start(self.heard, tuple(self.topics.of(row, "+") for row in rows))

    def heard(self, fact: object) -> None:
        if not isinstance(fact, Message) or self.silent:
            return
        known = self.topics.parse(fact.topic)
        assert known is not None
        gateway, batch = known[1], decode_batch(fact.payload)
        for event in batch.events:
            key = gateway, batch.head.epoch, event.seq
            self.again[key] += key in self.events
            self.events[key] = event
            if isinstance(event.fact, EventsDropped):
                gone = range(event.fact.first, event.fact.last + 1)
                self.gone |= {(gateway, event.fact.epoch, seq) for seq in gone}
        epoch = batch.head.epoch
        upto = self.upto.get((gateway, epoch), 0)
        while (key := (gateway, epoch, upto + 1)) in self.events or key in self.gone:
            upto += 1
        self.upto[gateway, epoch] = upto
        payload = encode_ack(Ack(epoch=epoch, upto=upto))
        self.bus.publish(self.topics.of(Row.ACK, gateway), payload, qos=0)
