"""A satellite phone in a group: who calls in is put through and heard, hears the group, and is let go of."""

import pytest

from firmware.wiring import describe
from hw.bench.phone import BenchPhone
from hw.board import parse_board
from tests.flows.telephones import Edge
from tests.flows.terminals import Valley, words
from tests.flows.world import told

PHONE = told("""
    board = { name = "flow", kind = "bench", socket = "/nowhere" }
    card = [{ name = "s1", driver = "bench" }]
    serial = [{ name = "sat", device = "/bench/sat" }]
    output = [{ name = "s1.call", kind = "terminal", serial = "sat", family = "phone", longest = 1800.0 }]
    [[line]]
    id = "s1"
    kind = "phone"
    card = "s1"
    serial = "sat"
    ptt = "s1.call"
    answer = "known"
    known = ["+8613800138000"]
""")


class Phone(BenchPhone):
    """As the other devices are called."""

    def hear(self, data: bytes, now: float) -> None:
        self.feed(data, now)

    def take(self, now: float) -> bytes:
        return self.output(now)


@pytest.fixture
async def valley():
    world = await Valley(PHONE, "s1", "sat", Phone()).start()
    await world.pass_time(8.0)
    yield world
    await world.stop()


async def test_a_known_caller_is_put_through_and_talks_with_the_group(valley):
    valley.device.perform("ring:+8613800138000", valley.clock.now())
    await valley.pass_time(4.0)
    assert valley.line.call and valley.gateway.ptt("s1.call")
    await valley.far_end_speaks(40)
    assert valley.gateways["gw-a"].heard() == words(40)
    await valley.talk(40, 100)
    await valley.pass_time(1.0)
    assert valley.gateway.heard("s1") == words(40, 100)


async def test_a_stranger_is_not_put_through(valley):
    valley.device.perform("ring:+99123", valley.clock.now())
    await valley.pass_time(4.0)
    assert not valley.line.call
    assert not valley.gateway.ptt("s1.call")


async def test_a_text_is_told_only_when_it_lies_on_the_gateways_disk(valley):
    valley.gateway.shelf.slow = True
    valley.device.perform("text:+8613800138000:水位超警", valley.clock.now())
    await valley.pass_time(5.0)
    assert [fact.text for _, fact in valley.gateway.shelf.kept] == ["水位超警"]
    assert valley.payloads("text") == []
    assert valley.device.store, "the phone keeps it until then"
    valley.gateway.shelf.settle()
    await valley.pass_time(5.0)
    assert [payload["text"] for payload in valley.payloads("text")] == ["水位超警"]
    assert valley.device.store == {}


async def test_the_far_end_hangs_up_and_the_lease_ends(valley):
    valley.device.perform("ring:+8613800138000", valley.clock.now())
    await valley.pass_time(4.0)
    valley.device.perform("hang_up", valley.clock.now())
    await valley.pass_time(3.0)
    assert not valley.line.call
    assert not valley.gateway.ptt("s1.call")


def test_a_phone_over_a_geostationary_satellite_is_marked():
    near, far = (
        describe(parse_board(PHONE + f'profile = "{name}"\n'), {}) for name in ("generic", "thuraya")
    )
    assert [line.geo for line in (*near, *far)] == [False, True]


async def test_the_centre_marks_a_line_over_a_geostationary_satellite():
    world = await Valley(PHONE + 'profile = "thuraya"\n', "s1", "sat", Phone()).start()
    try:
        assert world.core.gateways["gw-b"].machine.lines["s1"].geo
        assert not world.core.gateways["gw-a"].machine.lines["r1"].geo
    finally:
        await world.stop()


class Dialling(Valley):
    """Numbers that begin with 88 leave by the satellite phone; telephones are there."""

    def settings(self, members, more):
        route = [{"prefix": "88", "line": "gw-b/s1", "strip": 2, "reach": "local"}]
        permit = [{"id": "desk", "reach": "local"}]
        telephony = {"permit": permit, "permit_for_all": "desk", "route": route, "edge": "phones"}
        return super().settings(members, {"telephony": {**telephony, "edges": ["127.0.0.1"]}})


@pytest.fixture
async def dialling():
    world = await Dialling(PHONE, "s1", "sat", Phone()).start()
    world.edge = await Edge(world).start()
    await world.pass_time(8.0)
    yield world
    await world.stop()


async def test_a_telephone_calls_by_the_satellite_phone_and_both_are_heard(dialling):
    edge = dialling.edge
    mine = await edge.dial("2001", "88+8613800138000")
    await dialling.pass_time(4.0)
    assert edge.is_up(mine)
    assert dialling.line.call
    assert any("8613800138000" in command for command in dialling.device.commands)
    await dialling.far_end_speaks(40)
    assert edge.heard(mine) == words(40)
    await edge.press(mine, "*")
    await edge.says(mine, *words(60, 100))
    await dialling.pass_time(1.0)
    assert words(60, 100)[30] in dialling.gateway.heard("s1")
    await edge.press(mine, "*")
    await edge.hang_up(mine)
    await dialling.pass_time(4.0)
    assert not dialling.line.call


async def test_a_line_that_has_a_call_is_busy_and_nobody_goes_further_than_he_may(dialling):
    edge = dialling.edge
    await edge.dial("2001", "88123456")
    assert edge.code(await edge.dial("2002", "88123456")) == 486
    refused = [payload["why"] for kind, _, payload in dialling.ledger.entries if kind == "call.refused"]
    assert refused == ["the line gw-b/s1 has a call already"]
