"""Events from a whole gateway to the centre's store and back as acknowledgements."""

import pytest

from link.bus.port import Message
from link.contract.batch import decode_ack
from link.contract.topics import Row
from tests.flows.world import World


@pytest.fixture
async def world():
    made = await World().start()
    yield made
    await made.stop()


def listen(world: World) -> list[Message]:
    """Everything that reaches gateway a from now on, as its bus gets it."""
    got: list[Message] = []
    honest = world.gateways["gw-a"].bus.sink

    def both(fact: object) -> None:
        if isinstance(fact, Message):
            got.append(fact)
        honest(fact)

    world.gateways["gw-a"].bus.sink = both
    return got


async def test_what_a_gateway_tells_is_stored_once_and_acknowledged(world: World) -> None:
    got = listen(world)
    world.gateways["gw-a"].carrier(True)
    await world.pass_time(0.5)
    world.gateways["gw-a"].carrier(False)
    await world.pass_time(3.0)
    topic = world.core.topics.of(Row.ACK, "gw-a")
    acks = [decode_ack(message.payload) for message in got if message.topic == topic]
    rows = world.ingest._store.sql.conn.execute("select seq from events where gateway = 'gw-a' order by seq")
    seqs = [seq for (seq,) in rows]
    assert seqs == list(range(1, len(seqs) + 1)) and len(seqs) >= 2
    assert acks and (acks[-1].upto, acks[-1].hold_ms) == (len(seqs), 0)
    facts_of_a = (
        entry for entry in world.ledger.entries if entry[0].startswith("fact.") and entry[1] == "gw-a"
    )
    told = [payload["seq"] for _, _, payload in facts_of_a]
    assert told == seqs


async def test_a_repeated_batch_moves_nobody_a_second_time(world: World) -> None:
    batches: list[Message] = []
    honest = world.core.mail.inbox.post

    def both(fact: object) -> bool:
        if isinstance(fact, Message) and fact.topic.endswith("/evt"):
            batches.append(fact)
        return honest(fact)

    world.core_bus.sink = both
    world.gateways["gw-a"].carrier(True)
    await world.pass_time(0.5)
    entries = len(world.ledger.entries)
    for batch in batches:
        honest(batch)
    await world.settle()
    assert batches and len(world.ledger.entries) == entries
    assert world.core.field.site("gw-a").lines["r1"].told_wall > 0
