"""Flow 8: telephones call each other, a group and outside, through the voice node, as core decides."""

import pytest

from central.calls.messages import HangUp, Merge, Transfer
from tests.flows.telephones import Edge
from tests.flows.world import World, word

TELEPHONY = {
    "edge": "phones",
    "edges": ["127.0.0.1"],
    "permit_for_all": "desk",
    "ring_for": 10,
    "permit": [
        {"id": "desk", "reach": "local", "at_once": 2, "per_hour": 5},
        {"id": "chief", "reach": "international"},
    ],
    "extension": [
        {"number": "2001", "label": "Anna", "permit": "chief"},
        {"number": "2005", "do_not_disturb": True},
        {"number": "2006", "do_not_disturb": True, "forward_busy": "2002"},
        {"number": "2007", "forward_always": "2002"},
        {"number": "2008", "forward_no_answer": "2002"},
        {"number": "2009", "forward_busy": "2002"},
        {"number": "2010", "forward_always": "2011"},
        {"number": "2011", "forward_always": "2010"},
        {"number": "2012", "forward_always": "900441"},
    ],
    "route": [
        {"prefix": "9", "trunk": "carrier", "strip": 1, "reach": "local"},
        {"prefix": "900", "trunk": "carrier", "strip": 1, "reach": "international"},
        {"prefix": "1", "trunk": "carrier", "reach": "everything"},
    ],
    "trunk": [{"name": "carrier", "rings": "2002"}, {"name": "night", "rings": "2002", "days": []}],
}


@pytest.fixture
async def town():
    members = [{"line": f"{name}/r1"} for name in ("gw-a", "gw-b", "gw-c")]
    group = [{"id": "valley", "number": "700", "members": members, "timeout": 20}]
    world = await World(telephony=TELEPHONY, group=group).start()
    world.edge = await Edge(world).start()
    yield world
    await world.stop()


def calls(town) -> list:
    return list(town.core.telephones.calls.values())


def told(town, kind: str) -> list[dict]:
    return [payload for name, _, payload in town.ledger.entries if name == kind]


async def test_two_telephones_ring_answer_talk_and_part(town):
    edge = town.edge
    mine = await edge.dial("2001", "2002")
    (came,) = edge.ringing("2002")
    assert came.caller == "2001"
    await edge.engine.ring(came.leg)
    await town.pass_time(0.1)
    assert edge.rings_back(mine)
    assert [call.state for call in calls(town)] == ["ringing"]
    his = await edge.answer("2002")
    assert edge.is_up(mine)
    assert [call.state for call in calls(town)] == ["talking"]
    await edge.says(mine, word(1), word(2))
    assert edge.heard(his) == [word(1), word(2)]
    await edge.says(his, word(3))
    assert edge.heard(mine) == [word(3)]
    await edge.hang_up(his)
    assert edge.code(mine)
    assert calls(town) == []
    kinds = [kind for kind in town.ledger.kinds() if kind.startswith("call.")]
    assert kinds == ["call.began", "call.answered", "call.ended"]
    assert [owner for owner in town.tapes.ended if owner.startswith("call:")]


async def test_both_ends_are_recorded_until_the_end(town):
    mine, _ = await town.edge.talking("2001", "2002")
    ((owner, parties),) = town.tapes.running.items()
    assert owner.startswith("call:")
    assert sorted(parties) == ["2001", "2002"]
    await town.edge.hang_up(mine)
    assert town.tapes.ended == [owner]


async def test_a_caller_who_gives_up_stops_the_ringing(town):
    mine = await town.edge.dial("2001", "2002")
    await town.edge.hang_up(mine)
    assert town.edge.ringing("2002") == []
    assert calls(town) == []


@pytest.mark.parametrize(("code", "told_code"), [(486, 486), (404, 404), (603, 603)])
async def test_a_refusal_reaches_the_caller_as_it_was(town, code, told_code):
    mine = await town.edge.dial("2001", "2002")
    await town.edge.refuse("2002", code)
    assert town.edge.code(mine) == told_code


async def test_nobody_answers_in_time(town):
    mine = await town.edge.dial("2001", "2002")
    await town.pass_time(9.5)
    assert town.edge.code(mine) == 0
    await town.pass_time(1.0)
    assert town.edge.code(mine) == 480
    assert town.edge.ringing("2002") == []


@pytest.mark.parametrize("number", ["2006", "2007"])
async def test_forwarded_at_once(town, number):
    mine = await town.edge.dial("2001", number)
    await town.edge.answer("2002")
    assert town.edge.is_up(mine)
    assert town.edge.ringing(number) == []
    assert [each["to"] for each in told(town, "call.forwarded")] == ["2002"]


async def test_forwarded_when_nobody_answers_and_when_busy(town):
    mine = await town.edge.dial("2001", "2008")
    assert town.edge.ringing("2002") == []
    await town.pass_time(10.5)
    await town.edge.answer("2002")
    assert town.edge.is_up(mine)
    await town.edge.hang_up(mine)
    again = await town.edge.dial("2001", "2009")
    await town.edge.refuse("2009", 486)
    await town.edge.answer("2002")
    assert town.edge.is_up(again)


async def test_do_not_disturb_and_circles_end(town):
    assert town.edge.code(await town.edge.dial("2001", "2005")) == 486
    assert town.edge.code(await town.edge.dial("2001", "2010")) == 482
    assert calls(town) == []


async def test_classes_let_nobody_further_than_they_reach(town):
    refused = await town.edge.dial("2003", "9001234")
    assert town.edge.code(refused) == 403
    assert "its class reaches local numbers" in told(town, "call.refused")[0]["why"]
    local = await town.edge.dial("2003", "9555")
    assert [each.trunk for each in town.edge.ringing("555")] == ["carrier"]
    assert town.edge.code(local) == 0
    await town.edge.dial("2001", "9001234")
    assert town.edge.ringing("001234")


async def test_forwarding_outside_is_at_the_cost_of_who_forwards(town):
    mine = await town.edge.dial("2001", "2012")
    assert town.edge.code(mine) == 403
    assert "2012 forwards to 900441" in told(town, "call.ended")[0]["why"]
    assert town.edge.ringing("00441") == []


async def test_so_many_calls_at_once_and_in_an_hour(town):
    first = [await town.edge.dial("2003", number) for number in ("2101", "2102")]
    third = await town.edge.dial("2003", "2103")
    assert town.edge.code(third) == 403
    assert "2 at once" in told(town, "call.refused")[0]["why"]
    for leg in first:
        await town.edge.hang_up(leg)
    for _ in range(3):
        await town.edge.hang_up(await town.edge.dial("2003", "2101"))
    assert town.edge.code(await town.edge.dial("2003", "2101")) == 403
    assert "5" in told(town, "call.refused")[-1]["why"]


async def test_an_emergency_call_is_never_refused(town):
    for number in ("2101", "2102"):
        await town.edge.dial("2003", number)
    mine = await town.edge.dial("2003", "119")
    assert town.edge.code(mine) == 0
    assert [each.trunk for each in town.edge.ringing("119")] == ["carrier"]


async def test_calls_from_outside_ring_whom_the_trunk_says_and_never_go_out_again(town):
    mine = await town.edge.dial("+8613800", "5551234", trunk="carrier")
    await town.edge.answer("2002")
    assert town.edge.is_up(mine)
    out = await town.edge.dial("+8613800", "9001", trunk="carrier")
    assert [each.caller for each in town.edge.ringing("2002")] == ["+8613800"]
    assert town.edge.code(out) == 0
    assert town.edge.ringing("001") == []
    assert town.edge.code(await town.edge.dial("+86138", "5551234", trunk="night")) == 480
    assert town.edge.code(await town.edge.dial("+86138", "5551234", trunk="unknown")) == 403


async def test_who_holds_is_not_heard_and_comes_back(town):
    mine, his = await town.edge.talking("2001", "2002")
    await town.edge.engine.hold(mine, True)
    await town.pass_time(0.1)
    assert [call.state for call in calls(town)] == ["held"]
    await town.edge.says(his, word(1))
    assert town.edge.heard(mine) == []
    await town.edge.engine.hold(mine, False)
    await town.pass_time(0.1)
    await town.edge.says(his, word(2))
    assert town.edge.heard(mine) == [word(2)]


async def test_keys_reach_the_other_end(town):
    mine, his = await town.edge.talking("2001", "2002")
    await town.edge.press(mine, "42")
    digits = [fact.digit for fact in town.edge.facts if type(fact).__name__ == "CallDigit"]
    assert digits == ["4", "2"]
    assert town.edge.is_up(his)


async def test_a_blind_transfer_joins_who_stays_with_the_third(town):
    mine, his = await town.edge.talking("2001", "2002")
    (call,) = calls(town)
    town.core.telephones.post(Transfer(call.id, "2002", "2003", "wang"))
    await town.pass_time(0.1)
    assert town.edge.code(his)
    third = await town.edge.answer("2003")
    await town.edge.says(mine, word(1))
    assert town.edge.heard(third) == [word(1)]
    await town.edge.hang_up(third)
    assert town.edge.code(mine)
    assert told(town, "call.transferred") == [{"frm": "2002", "to": "2003", "by": "wang"}]


async def test_a_transfer_that_nobody_takes_ends(town):
    mine, _ = await town.edge.talking("2001", "2002")
    (call,) = calls(town)
    town.core.telephones.post(Transfer(call.id, "2002", "2003", "wang"))
    await town.pass_time(0.1)
    await town.edge.refuse("2003")
    assert town.edge.code(mine)
    assert calls(town) == []


async def test_a_transfer_goes_no_further_than_who_transfers_may(town):
    mine, his = await town.edge.talking("2001", "2002")
    (call,) = calls(town)
    town.core.telephones.post(Transfer(call.id, "2002", "9001", "wang"))
    await town.pass_time(0.1)
    assert town.edge.is_up(his)
    assert town.edge.is_up(mine)
    assert "its class reaches local" in told(town, "call.refused")[0]["why"]


@pytest.mark.parametrize("stays", [False, True])
async def test_two_calls_become_one_with_or_without_him_who_has_both(town, stays):
    first, common = await town.edge.talking("2001", "2002")
    his, third = await town.edge.talking("2002", "2003")
    one, two = calls(town)
    town.core.telephones.post(Merge(one.id, two.id, "2002", stays, "wang"))
    await town.pass_time(0.2)
    await town.edge.says(first, word(1))
    assert town.edge.heard(third) == [word(1)]
    assert (town.edge.heard(common) == [word(1)]) == stays
    assert town.edge.code(his)
    assert bool(town.edge.code(common)) != stays
    await town.edge.says(third, word(2))
    assert town.edge.heard(first) == [word(2)]
    assert len(calls(town)) == 1


async def test_another_telephone_picks_up_what_rings(town):
    mine = await town.edge.dial("2001", "2002")
    taker = await town.edge.dial("2004", "*82002")
    assert town.edge.ringing("2002") == []
    await town.edge.says(mine, word(1))
    assert town.edge.heard(taker) == [word(1)]
    assert town.edge.code(await town.edge.dial("2004", "*82002")) == 404


async def test_the_centre_ends_a_call(town):
    mine, his = await town.edge.talking("2001", "2002")
    town.core.telephones.post(HangUp(calls(town)[0].id, "wang"))
    await town.pass_time(0.1)
    assert town.edge.code(mine)
    assert town.edge.code(his)
    assert told(town, "call.ended") == [{"why": "ended by wang"}]


async def test_a_node_that_dies_ends_its_calls_as_facts(town):
    await town.edge.talking("2001", "2002")
    town.core._node_gone()
    await town.pass_time(0.1)
    assert calls(town) == []
    assert told(town, "call.ended") == [{"why": "the voice node is gone"}]


async def test_calls_of_a_core_that_was_started_anew_are_ended(town):
    mine, _ = await town.edge.talking("2001", "2002")
    runner = town.core.telephones.runner
    runner.machine = type(runner.machine)(runner.machine.plan)
    town.core.telephones.node_up(tuple(town.node.legs))
    await town.pass_time(0.1)
    assert town.edge.code(mine)


async def test_nobody_talks_for_ever(town):
    mine, _ = await town.edge.talking("2001", "2002")
    (call,) = calls(town)
    runner = town.core.telephones.runner
    runner.step(HangUp("no-such-call", "wang"))
    machine, _ = runner.machine.handle(object(), call.began + runner.machine.plan.longest + 1)
    assert machine.calls == {}
    assert town.edge.is_up(mine)
