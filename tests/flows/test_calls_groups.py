"""Flow 8 meets flow 1: telephones in talk groups, and in the patches that their groups are in."""

import pytest

from central.group_views import GroupViews
from central.patching import Patch
from link.floor.messages import Member
from tests.flows.telephones import Edge
from tests.flows.test_calls import TELEPHONY
from tests.flows.world import World, word


@pytest.fixture
async def town():
    members = [{"line": f"{name}/r1"} for name in ("gw-a", "gw-b", "gw-c")]
    group = [{"id": "valley", "number": "700", "members": members, "timeout": 20}]
    world = await World(telephony=TELEPHONY, group=group).start()
    world.edge = await Edge(world).start()
    yield world
    await world.stop()


async def test_a_telephone_joins_a_group_hears_it_and_takes_the_floor_by_key(town):
    mine = await town.edge.dial("2001", "700")
    assert town.edge.is_up(mine)
    town.gateways["gw-a"].carrier(True)
    town.gateways["gw-a"].cards["r1"].captured += [word(number) for number in range(40)]
    await town.pass_time(1.0)
    assert word(20) in town.edge.heard(mine)
    town.gateways["gw-a"].carrier(False)
    await town.pass_time(1.0)
    await town.edge.says(mine, word(100))
    assert town.core.groups["valley"].machine.holder is None, "nobody has pressed the key"
    await town.edge.press(mine, "*")
    assert town.core.groups["valley"].machine.talker_name() == "Anna"
    await town.edge.says(mine, *[word(number) for number in range(200, 240)])
    await town.pass_time(1.0)
    assert word(220) in town.gateways["gw-b"].heard()
    assert town.gateways["gw-b"].ptt()
    await town.edge.press(mine, "*")
    await town.pass_time(1.0)
    assert town.core.groups["valley"].machine.holder is None
    assert not town.gateways["gw-b"].ptt()


async def test_a_telephone_that_hangs_up_leaves_its_group(town):
    before = town.core.groups["valley"].machine.settings
    mine = await town.edge.dial("2001", "700")
    other = await town.edge.dial("2002", "700")
    assert len(town.core.groups["valley"].machine.settings.members) == 5
    await town.edge.press(mine, "*")
    await town.edge.hang_up(mine)
    await town.edge.hang_up(other)
    await town.pass_time(0.5)
    assert town.core.groups["valley"].machine.settings == before
    assert town.core.groups["valley"].machine.holder is None


async def test_a_telephone_goes_with_its_group_into_a_patch_and_out_of_it():
    members = [{"line": "gw-a/r1"}, {"line": "gw-b/r1"}]
    world = await World(
        telephony=TELEPHONY, group=[{"id": "valley", "number": "700", "members": members}]
    ).start()
    edge = await Edge(world).start()
    mine = await edge.dial("2001", "700")
    patch = Patch("patch-1", ("valley",), (Member("gw-c/r1"),), "wang", world.clock.wall())
    await world.patches.make(patch)
    await world.pass_time(0.2)
    await edge.press(mine, "*")
    assert world.core.groups["patch-1"].machine.talker_name() == "Anna"
    views = GroupViews(world.core, lambda moment: moment, lambda line: line or "")
    for name in ("valley", "patch-1"):
        (shown,) = [each for each in views.group(name).members if each.line.startswith("call:")]
        assert (shown.label, shown.talking) == ("Anna", True), "screens show him in both"
    await edge.says(mine, *[word(number) for number in range(40)])
    await world.pass_time(1.0)
    assert world.gateways["gw-b"].ptt() and world.gateways["gw-c"].ptt()
    await world.patches.end("patch-1", "wang")
    await world.pass_time(2.0)
    assert world.core.groups["valley"].machine.talker_name() == "Anna", "he talks on, to his own group"
    assert world.gateways["gw-b"].ptt() and not world.gateways["gw-c"].ptt()
    await edge.hang_up(mine)
    await world.pass_time(2.0)
    assert not any(gateway.ptt() for gateway in world.gateways.values())
    assert len(world.core.groups["valley"].machine.settings.members) == 2
    await world.stop()
