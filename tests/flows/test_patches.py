"""Flow 1 over patches, temporary groups and changes in mid-talk: one talker, all hear him, nothing stays keyed."""

import pytest

from central.patching import Patch
from link.floor.messages import GroupSettings, LineHeard, Member
from tests.flows.test_radio_to_radio import say
from tests.flows.world import World, word

A, B, C = "gw-a/r1", "gw-b/r1", "gw-c/r1"
TWO_GROUPS = [
    {"id": "valley", "members": [{"line": A, "priority": 4}], "timeout": 20},
    {"id": "hills", "members": [{"line": B, "priority": 6}], "timeout": 20},
    {"id": "dam", "members": [{"line": C}], "timeout": 20},
]


@pytest.fixture
async def two():
    world = await World(group=TWO_GROUPS).start()
    yield world
    await world.stop()


def patch(world: World, *groups: str, lines: tuple[str, ...] = (), seconds: float | None = None) -> Patch:
    wall = world.clock.wall()
    until = None if seconds is None else wall + seconds
    return Patch("patch-1", groups, tuple(Member(line) for line in lines), "wang", wall, until)


def words_in(frame: bytes) -> int:
    """The number of a word."""
    return int.from_bytes(frame[:2], "little") - 1


def edges(world: World, name: str) -> list[bool]:
    return [on for _, out, on in world.gateways[name].guard.history if out == "r1.ptt"]


def keyed(world: World) -> set[str]:
    return {name for name, gateway in world.gateways.items() if gateway.ptt()}


async def test_a_talk_in_one_group_is_heard_in_all_patched_ones_and_nowhere_else(two: World):
    await two.patches.make(patch(two, "valley", "hills"))
    two.gateways["gw-a"].carrier(True)
    await say(two, "gw-a", 50)
    assert keyed(two) == {"gw-b"}
    two.gateways["gw-a"].carrier(False)
    await two.pass_time(1.0)
    assert two.gateways["gw-b"].heard() == [word(number) for number in range(50)]
    assert two.gateways["gw-c"].heard() == two.gateways["gw-a"].heard() == []
    assert edges(two, "gw-b") == [True, False]


async def test_without_a_patch_the_groups_do_not_hear_each_other(two: World):
    two.gateways["gw-a"].carrier(True)
    await say(two, "gw-a", 25)
    assert keyed(two) == set()
    assert two.gateways["gw-b"].heard() == []


async def test_priorities_hold_across_the_patch_as_in_the_talkers_own_group(two: World):
    await two.patches.make(patch(two, "valley", "hills", "dam"))
    two.gateways["gw-a"].carrier(True)
    two.gateways["gw-b"].carrier(True)  # 6 in hills: above 4 in valley
    for number in range(25):
        two.gateways["gw-b"].cards["r1"].captured.append(word(1000 + number))
        await two.pass_time(0.02)
    assert two.core.groups["patch-1"].machine.holder == B
    assert two.core.groups["patch-1"].machine.waiting == (A,)
    assert word(1020) in two.gateways["gw-c"].heard()
    assert len({two.core.groups[name].machine.holder for name in ("valley", "hills", "dam")} - {None}) == 0


async def test_a_patch_that_is_made_and_ended_in_mid_talk_cuts_no_word_and_lets_nobody_go_in_between(
    world: World,
):
    """One group of three and one line beside it: who is keyed before, stays so."""
    world.patches.set_group(GroupSettings("valley", (Member(A), Member(B)), 2.0, 20.0))
    await world.settle()
    world.gateways["gw-a"].carrier(True)
    await say(world, "gw-a", 50)
    assert keyed(world) == {"gw-b"}
    await world.patches.make(patch(world, "valley", lines=(C,)))
    await say(world, "gw-a", 50, first=50)
    assert keyed(world) == {"gw-b", "gw-c"}
    await world.patches.end("patch-1", "wang")
    await say(world, "gw-a", 50, first=100)
    assert keyed(world) == {"gw-b"}
    world.gateways["gw-a"].carrier(False)
    await world.pass_time(1.0)
    assert edges(world, "gw-b") == [True, False]
    assert edges(world, "gw-c") == [True, False]
    assert world.gateways["gw-b"].heard() == [word(number) for number in range(150)]
    part = world.gateways["gw-c"].heard()
    assert part == [word(number) for number in range(50, 100)][-len(part) :] or len(part) >= 45


async def test_what_was_keyed_across_a_patch_is_let_go_when_it_ends_in_mid_talk(two: World):
    await two.patches.make(patch(two, "valley", "hills", lines=(C,)))
    two.gateways["gw-a"].carrier(True)
    await say(two, "gw-a", 25)
    assert keyed(two) == {"gw-b", "gw-c"}
    await two.patches.end("patch-1", "wang")
    await say(two, "gw-a", 25, first=25)
    await two.pass_time(1.0)
    assert keyed(two) == set()
    await two.pass_time(5.0)
    assert "patch-1" not in two.core.groups
    assert set(two.node._bridges) == {"valley"}, "the node forgets what is empty"


async def test_a_line_that_is_in_both_is_keyed_once_and_hears_no_echo(two: World):
    await two.patches.make(patch(two, "valley", "hills", lines=(B,)))
    assert [m.line for m in two.core.groups["patch-1"].machine.settings.members] == [A, B]
    assert two.core.groups["patch-1"].machine.settings.members[1].priority == 6, "as in its group"
    two.gateways["gw-a"].carrier(True)
    await say(two, "gw-a", 25)
    two.gateways["gw-a"].carrier(False)
    await two.pass_time(1.0)
    assert two.gateways["gw-b"].heard() == [word(number) for number in range(25)]
    assert two.gateways["gw-a"].heard() == []


async def test_a_borrowed_line_is_missing_in_its_own_group_and_comes_back(two: World):
    await two.patches.make(patch(two, "valley", lines=(C,)))
    await two.settle()
    assert two.core.groups["dam"].machine.settings.members == ()
    two.gateways["gw-a"].carrier(True)
    await say(two, "gw-a", 25)
    assert keyed(two) == {"gw-c"}
    two.gateways["gw-a"].carrier(False)
    await two.patches.end("patch-1", "wang")
    await two.pass_time(5.0)
    heard = two.core.groups["dam"].machine.heard[C]
    assert (heard.leg, heard.online, heard.talking) == (True, True, False)


async def test_a_temporary_group_ends_by_itself_when_its_time_is_over(two: World):
    await two.patches.make(patch(two, lines=(A, C), seconds=5.0))
    two.gateways["gw-a"].carrier(True)
    await say(two, "gw-a", 25)
    assert keyed(two) == {"gw-c"}
    await say(two, "gw-a", 240, first=25)
    assert two.core.table.patches == {}
    assert keyed(two) == set(), "its time was over in mid-talk"
    ended = [payload for kind, _, payload in two.ledger.entries if kind == "group.ended"]
    assert [payload["by"] for payload in ended] == ["its time was over"]


async def test_a_patch_is_recorded_for_each_of_its_groups_and_only_while_it_stands(two: World):
    await two.patches.make(patch(two, "valley", "hills"))
    two.gateways["gw-a"].carrier(True)
    await say(two, "gw-a", 10)
    assert two.tapes.running == {"group:patch-1": (A, B)}
    assert two.tapes.subjects["group:patch-1"] == ("valley", "hills")
    await two.patches.end("patch-1", "wang")
    await two.settle()
    assert two.tapes.ended == ["group:patch-1"]
    assert two.tapes.running == {"group:valley": (A,)}, "he talks on in his own group"


async def test_the_time_of_a_talker_is_his_own_also_across_the_end_of_a_patch(two: World):
    await two.patches.make(patch(two, "valley", "hills"))
    two.gateways["gw-a"].carrier(True)
    await two.pass_time(21.0)
    assert two.core.groups["patch-1"].machine.holder is None
    await two.patches.end("patch-1", "wang")
    await two.pass_time(0.5)
    assert two.core.groups["valley"].machine.holder is None, "he talked too long and still does"


async def test_a_lost_node_in_a_patch_frees_everybody_and_the_patch_speaks_again(two: World):
    await two.patches.make(patch(two, "valley", "hills"))
    two.gateways["gw-a"].carrier(True)
    await say(two, "gw-a", 25)
    two.node_engine.freeze()
    await two.pass_time(3.0)
    assert keyed(two) == set()
    assert two.core.groups["patch-1"].machine.node is False
    two.node_engine.thaw()
    await say(two, "gw-a", 150, first=25)
    assert keyed(two) == {"gw-b"}


async def test_who_enters_late_hears_the_rest(world: World):
    """A leg that comes back in mid-talk, and a line that is added to the group."""
    world.patches.set_group(GroupSettings("valley", (Member(A), Member(B)), 2.0, 20.0))
    world.gateways["gw-a"].carrier(True)
    await say(world, "gw-a", 50)
    world.node_engine.drop_leg(world.node.legs[B])
    await world.pass_time(0.1)
    assert not world.gateways["gw-b"].ptt()
    await say(world, "gw-a", 150, first=50)
    assert world.gateways["gw-b"].ptt(), "his leg is dialled again, and he hears the rest"
    rest = world.gateways["gw-b"].heard()[-60:]
    assert rest == [word(number) for number in range(words_in(rest[0]), words_in(rest[0]) + 60)]
    assert world.gateways["gw-c"].heard() == []
    world.patches.set_group(GroupSettings("valley", (Member(A), Member(B), Member(C)), 2.0, 20.0))
    await say(world, "gw-a", 50, first=200)
    world.gateways["gw-a"].carrier(False)
    await world.pass_time(1.0)
    assert world.gateways["gw-c"].heard()[-20:] == [word(number) for number in range(230, 250)]
    assert not keyed(world)


async def test_a_line_taken_out_in_mid_talk_is_let_go_and_its_talker_too(world: World):
    world.gateways["gw-a"].carrier(True)
    await say(world, "gw-a", 25)
    world.patches.set_group(GroupSettings("valley", (Member(A), Member(C)), 2.0, 20.0))
    await world.pass_time(0.5)
    assert keyed(world) == {"gw-c"}
    world.patches.set_group(GroupSettings("valley", (Member(B), Member(C)), 2.0, 20.0))
    await world.pass_time(0.5)
    assert keyed(world) == set()
    assert world.core.groups["valley"].machine.holder is None


async def test_a_listen_only_member_is_heard_by_nobody_and_hears_all(world: World):
    members = (Member(A), Member(B), Member(C, listen=True))
    world.patches.set_group(GroupSettings("valley", members, 2.0, 20.0))
    world.gateways["gw-c"].carrier(True)
    await say(world, "gw-c", 25)
    assert keyed(world) == set()
    world.gateways["gw-c"].carrier(False)
    world.gateways["gw-a"].carrier(True)
    await say(world, "gw-a", 25)
    assert keyed(world) == {"gw-b", "gw-c"}
    assert not world.gateways["gw-a"].heard()


async def test_who_talks_is_named_in_journal_and_recordings(world: World):
    world.gateways["gw-a"].carrier(True)
    await world.pass_time(0.1)
    floors = [payload for kind, _, payload in world.ledger.entries if kind == "group.floor"]
    assert set(floors[0]) == {"holder", "talker", "talker_id", "why"}
    assert world.tapes.floors == [("valley", A, A)]


async def test_screens_are_told_who_waits_in_every_group_of_a_patch(two: World):
    await two.patches.make(patch(two, "valley", "hills"))
    two.gateways["gw-b"].carrier(True)
    await two.pass_time(0.2)
    told: list[tuple[str, str]] = []
    two.core.changed = lambda kind, name: told.append((kind, name))
    two.core.groups["patch-1"].inbox.post(LineHeard(A, True, leg=True, online=True))
    await two.settle()
    assert two.core.groups["patch-1"].machine.waiting == (A,)
    assert {name for kind, name in told if kind == "group"} == {"patch-1", "valley", "hills"}


async def test_gateways_are_told_of_groups_as_people_set_them_and_of_no_patch(world: World):
    before = dict(world.desired_store.rows)
    await world.patches.make(Patch("storm", (), (Member(A), Member(B)), "wang", 0.0))
    await world.pass_time(2.0)
    assert world.desired_store.rows == before
    world.patches.set_group(
        GroupSettings("valley", (Member(A, listen=True), Member(B), Member(C)), 2.0, 20.0)
    )
    await world.pass_time(2.0)
    changed = [name for name, row in world.desired_store.rows.items() if row != before.get(name)]
    assert changed == ["gw-a"]
