"""Flow 5: the link of a gateway with three radios is gone; they hear each other all the same, and are given back."""

import pytest

from firmware.events import ConfigurationChanged
from link.contract.realtime import LEASE_MS
from tests.flows.lakes import Lake, desired, group
from tests.flows.world import word

ALL = [word(number) for number in range(60)]


@pytest.fixture
async def lake(tmp_path):
    world = await Lake(tmp_path).start()
    yield world
    await world.stop()


def keyed(lake: Lake) -> set[str]:
    return {line for line in ("r1", "r2", "r3") if lake.gateway.ptt(f"{line}.ptt")}


async def test_without_the_link_the_lines_of_the_gateway_hear_each_other_whole(lake):
    await lake.cut()
    assert lake.desk.state().on
    await lake.over("r1", 60)
    assert lake.gateway.heard("r2") == ALL
    assert lake.gateway.heard("r3") == ALL
    assert lake.gateway.heard("r1") == []
    assert keyed(lake) == set()


async def test_while_the_centre_leads_nothing_is_patched_here(lake):
    await lake.over("r1", 60)
    assert lake.gateway.heard("r2") == ALL, "through the centre, and once"
    assert lake.desk.state().groups == ()
    assert not lake.island_facts("IslandBegan")
    assert lake.heard_island == []


async def test_a_leg_that_still_stands_does_not_double_the_sound(lake):
    await lake.cut()
    assert lake.gateway.rack.channels["r2"].leg is not None
    await lake.over("r1", 60)
    assert lake.gateway.heard("r2") == ALL
    leg, port = lake.gateway.rack.channels["r2"].leg, lake.gateway.rack.channels["r2"].port
    assert (leg, port) not in lake.gateway.engine.patches.wanted


async def test_the_link_falls_in_mid_talk_and_the_rest_is_heard(lake):
    lake.carrier("r1", True)
    await lake.say("r1", 30)
    lake.broker.cut("gw-b")
    await lake.say("r1", 20, first=30)
    assert keyed(lake) == set(), "at once, and for the grace"
    await lake.say("r1", 100, first=50)
    assert keyed(lake) == {"r2", "r3"}
    lake.carrier("r1", False)
    await lake.pass_time(1.0)
    assert lake.gateway.heard("r2")[-60:] == [word(number) for number in range(90, 150)]
    assert keyed(lake) == set()


async def test_the_link_comes_back_in_mid_talk_he_is_heard_to_the_end_and_handed_over(lake):
    await lake.cut()
    lake.carrier("r1", True)
    await lake.say("r1", 50)
    lake.broker.mend("gw-b")
    await lake.say("r1", 100, first=50)
    assert lake.desk.state().on, "he still talks"
    assert lake.core.groups["valley"].machine.holder == "gw-b/r1", "the centre sees him as well"
    lake.carrier("r1", False)
    await lake.pass_time(1.0)
    assert lake.gateway.heard("r2") == [word(number) for number in range(150)], "whole, and once"
    assert not lake.desk.state().on
    assert [change.on for change in lake.heard_island] == [True, False]
    await lake.pass_time(3.0)
    before = len(lake.gateway.heard("r2"))
    await lake.over("r3", 40)
    assert lake.gateway.heard("r2")[before:] == [word(number) for number in range(40)], "the centre leads"
    assert len(lake.gateways["gw-a"].heard()) > 40


async def test_what_the_island_did_is_told_afterwards_in_order(lake):
    await lake.cut()
    await lake.over("r1", 30)
    await lake.mend()
    kinds = [kind for kind in lake.ledger.kinds() if kind.startswith("fact.Island")]
    assert kinds == ["fact.IslandBegan", "fact.IslandFloor", "fact.IslandFloor", "fact.IslandEnded"]
    assert [(f["line"], f["why"]) for f in lake.island_facts("IslandFloor")] == [
        ("r1", "taken"),
        ("", "released"),
    ]
    assert lake.island_facts("IslandBegan")[0]["why"] == "the link is down"


async def test_a_centre_that_says_it_is_away_is_replaced_and_comes_back(lake):
    await lake.centre_says(False)
    assert lake.desk.state().why == "the centre says that it is away"
    await lake.over("r1", 60)
    assert lake.gateway.heard("r2") == ALL
    await lake.centre_says(True, 5.0)
    assert lake.desk.state().on, "it has not opened the talk path"
    await lake.pass_time(6.0)
    assert not lake.desk.state().on


async def test_a_flap_shorter_than_the_grace_changes_nothing(lake):
    await lake.cut(0.5)
    await lake.mend()
    assert lake.heard_island == []
    assert not lake.island_facts("IslandBegan")


async def test_a_line_taken_out_of_the_group_while_away_is_released_at_once(lake):
    await lake.cut()
    lake.carrier("r1", True)
    await lake.say("r1", 50)
    assert keyed(lake) == {"r2", "r3"}
    lake.desk.post(desired(group("r1", "r3")))
    await lake.say("r1", 20)
    await lake.pass_time(0.5)
    assert keyed(lake) == {"r3"}
    lake.desk.post(desired(group("r2", "r3")))
    await lake.pass_time(1.0)
    assert keyed(lake) == set(), "who talked is no member any more"


async def test_two_groups_of_one_gateway_do_not_hear_each_other(tmp_path):
    first = desired(group("r1", "r2", name="valley"), group("r2", "r3", name="ridge"))
    lake = await Lake(tmp_path, first).start()
    await lake.cut()
    state = lake.desk.state()
    assert [each.members for each in state.groups] == [("r1", "r2")]
    assert state.left_out == ("ridge: 1 line(s) of this gateway that no other group has",)
    await lake.over("r1", 30)
    assert lake.gateway.heard("r3") == []
    await lake.stop()


async def test_without_a_document_nothing_is_patched_and_it_is_said(tmp_path):
    lake = Lake(tmp_path)
    lake.first = None
    lake.desk.post = lambda event, post=lake.desk.post: None if event is None else post(event)
    await lake.start()
    await lake.cut()
    await lake.over("r1", 30)
    assert keyed(lake) == set()
    assert lake.gateway.heard("r2") == []
    assert "no desired document" in lake.desk.state().why
    await lake.stop()


async def test_a_gateway_that_dies_alone_leaves_nothing_keyed(lake):
    await lake.cut()
    lake.carrier("r1", True)
    await lake.say("r1", 50)
    lake.gateway.kill()
    await lake.pass_time(LEASE_MS / 1000 + 0.1)
    assert keyed(lake) == set()


async def test_a_voice_process_that_freezes_leaves_nothing_keyed_and_comes_back(lake):
    await lake.cut()
    lake.carrier("r1", True)
    await lake.say("r1", 50)
    lake.gateway.engine.freeze()
    await lake.pass_time(2.0)
    assert keyed(lake) == set()
    lake.gateway.engine.thaw()
    lake.carrier("r1", False)
    await lake.pass_time(2.0)
    await lake.over("r3", 60)
    assert lake.gateway.heard("r1") == ALL


async def test_after_a_fault_the_island_begins_anew_and_keys_nobody_for_ever(lake):
    await lake.cut()
    lake.carrier("r1", True)
    await lake.say("r1", 50)
    lake.desk.post(ConfigurationChanged(None))  # nobody sends this: it makes the machine fall
    await lake.say("r1", 20, first=50)
    assert [change.on for change in lake.heard_island] == [True, False, True]
    assert keyed(lake) == {"r2", "r3"}
    lake.carrier("r1", False)
    await lake.pass_time(1.0)
    assert keyed(lake) == set()


async def test_frames_of_the_centre_do_not_key_what_is_patched_here(lake):
    await lake.centre_says(False)
    lake.gateways["gw-a"].carrier(True)
    await lake.pass_time(1.0)
    assert lake.core.groups["valley"].machine.holder == "gw-a/r1"
    assert keyed(lake) == set()
