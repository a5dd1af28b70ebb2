"""Which groups of a desired document are patched here, and what their decisions become."""

from firmware.effects import TellVoice
from firmware.island.messages import ToLine
from firmware.island.patching import LEASE, Patching, local_groups
from firmware.talk import KeyLine, LocalPatch
from link.contract import facts
from link.contract.patch_orders import SetPatch
from link.floor.messages import NodeChanged
from tests.firmware.island.rig import group

LINES = frozenset({"r1", "r2", "r3"})
VALLEY = group("valley", "r1", "r2", r1=7)


def test_a_group_counts_with_two_lines_of_this_gateway_and_a_line_counts_once():
    wanted, left_out = local_groups(
        (VALLEY, group("one", "r3", "x9"), group("late", "r2", "r3"), group("valley", "r3", "r1")), LINES
    )
    assert {name: [m.line for m in each.members] for name, each in wanted.items()} == {"valley": ["r1", "r2"]}
    assert wanted["valley"].members[0].priority == 7
    assert [word.split(":")[0] for word in left_out] == ["one", "late", "valley"]


def test_a_line_named_twice_in_a_group_is_one_member():
    wanted, _ = local_groups((group("valley", "r1", "r1", "r2"),), LINES)
    assert [m.line for m in wanted["valley"].members] == ["r1", "r2"]


def test_who_only_listens_does_so_in_island_mode_too():
    members = (VALLEY.members[0], VALLEY.members[1].model_copy(update={"listen": True}))
    wanted, _ = local_groups((VALLEY.model_copy(update={"members": members}),), LINES)
    assert [m.listen for m in wanted["valley"].members] == [False, True]


def test_a_decision_becomes_a_lease_and_a_patch():
    patching, _ = Patching().handle(NodeChanged(up=True), 0.0)
    patching, begun = patching.follow(local_groups((VALLEY,), LINES)[0], 0.0)
    assert ToLine("r1", LocalPatch(True)) in begun
    assert begun[-1] == TellVoice(SetPatch(patch="valley", members=("r1", "r2")))
    report = facts.LineReport(line="r1", carrier=True, ptt=False, leg=False, talker="unit 12")
    patching, effects = patching.handle(report, 5.0)
    assert ToLine("r2", KeyLine(5.0 + LEASE, "unit 12")) in effects
    joined = SetPatch(patch="valley", members=("r1", "r2"), talkers=("r1",), listeners=("r2",))
    assert TellVoice(joined) in effects
    assert patching.lines == {"r1", "r2"}


def test_a_voice_process_that_comes_anew_is_told_every_patch():
    patching, _ = Patching().follow(local_groups((VALLEY,), LINES)[0], 0.0)
    _, effects = patching.handle(NodeChanged(up=True), 1.0)
    assert TellVoice(SetPatch(patch="valley", members=("r1", "r2"))) in effects


def test_letting_go_gives_every_line_back():
    patching, _ = Patching(voice=True).follow(local_groups((VALLEY,), LINES)[0], 0.0)
    patching, effects = patching.let_go()
    assert patching.lines == frozenset()
    assert {
        each.line for each in effects if isinstance(each, ToLine) and each.event == LocalPatch(False)
    } == {
        "r1",
        "r2",
    }
    assert TellVoice(SetPatch(patch="valley")) in effects
