"""A centre of thousands of gateways: what concerns them all does not hold up its loop, and comes in order."""

import asyncio

import pytest

from central.fleet import messages as fleet
from central.fleet.machine import Gateway
from link.bus.port import BusDown, BusUp, Frame
from link.contract import neighbour as voice
from link.hosting.portions import AT_A_TIME
from link.hosting.runner import Runner
from tests.central.town_rig import Town

NAMES = [f"many-{number:04}" for number in range(4 * AT_A_TIME)]


@pytest.fixture
def many(town: Town) -> Town:
    """A town with many more gateways; nobody serves their inboxes, so that they show what came."""
    for name in NAMES:
        runner = Runner(name, Gateway(name), town.board.perform_gateway, town.clock)
        town.board.gateways[name] = runner
    return town


def told(town: Town, event: type) -> int:
    return sum(any(isinstance(each, event) for each in came(town, name)) for name in NAMES)


def came(town: Town, name: str) -> list[object]:
    return list(town.board.gateways[name].inbox._items)


async def test_a_lost_broker_is_told_to_many_over_several_turns(many: Town):
    many.board.bus_up = True
    many.board.from_mail("", BusDown("gone"))
    assert told(many, fleet.BrokerLost) <= AT_A_TIME
    for _ in range(6):
        await asyncio.sleep(0)
    assert told(many, fleet.BrokerLost) == len(NAMES)


async def test_who_is_born_on_the_next_connection_heard_of_the_loss_before(many: Town):
    many.board.bus_up = True
    many.board.from_mail("", BusDown("gone"))
    many.board.from_mail("", BusUp("again"))
    many.board.from_mail(NAMES[-1], fleet.Heard())
    assert came(many, NAMES[-1]) == [fleet.BrokerLost(), fleet.Heard()]


async def test_a_leg_that_stands_is_heard_after_the_node_that_came(many: Town):
    ready = voice.NodeReady(sip="127.0.0.1:5060", calls=8, version="1", legs=(), recordings=())
    many.board.from_node(Frame("voice", voice.CENTRE_VOICE.encode(ready)))
    assert told(many, fleet.NodeUp) <= AT_A_TIME
    answered = voice.LegAnswered(leg=f"{NAMES[-1]}/r1")
    many.board.from_node(Frame("voice", voice.CENTRE_VOICE.encode(answered)))
    assert [type(each) for each in came(many, NAMES[-1])] == [fleet.NodeUp, fleet.LegStands]
