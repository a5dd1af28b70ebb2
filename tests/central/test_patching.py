"""Which floor decides for whom: properties over all tables of groups and patches."""

from hypothesis import given
from hypothesis import strategies as st

from central.patching import ENDED, GroupTable, Patch, unique
from link.floor.messages import GroupSettings, Member

LINES = [f"gw-{letter}/r1" for letter in "abcdefgh"]
GROUPS = ("valley", "hills", "dam")


@st.composite
def tables(draw) -> GroupTable:
    """Groups that share no line, and patches as the desk lets them be."""
    table = GroupTable()
    homes = draw(st.lists(st.sampled_from([*GROUPS, ""]), min_size=len(LINES), max_size=len(LINES)))
    for name in GROUPS:
        members = tuple(Member(line, 4) for line, home in zip(LINES, homes, strict=True) if home == name)
        table.own[name] = GroupSettings(name, members, hang=draw(st.sampled_from([1.0, 3.0])))
    free_groups, free_lines = list(GROUPS), list(LINES)
    for number in range(draw(st.integers(0, 3))):
        groups = draw(st.lists(st.sampled_from(free_groups), unique=True)) if free_groups else []
        lines = draw(st.lists(st.sampled_from(free_lines), unique=True)) if free_lines else []
        free_groups = [group for group in free_groups if group not in groups]
        free_lines = [line for line in free_lines if line not in lines]
        members = tuple(Member(line, 7) for line in lines)
        table.patches[f"p{number}"] = Patch(f"p{number}", tuple(groups), members, "wang", 0.0)
    return table


@given(tables())
def test_every_line_has_one_floor_and_none_is_lost(table: GroupTable):
    floors = table.floors()
    deciding = [s for s in floors.values() if not s.patched]
    named = [member.line for settings in deciding for member in settings.members]
    assert len(named) == len(set(named)), "a line that two machines would key"
    joined = {m.line for p in table.patches.values() for m in p.members}
    assert set(named) == {m.line for g in table.own.values() for m in g.members} | joined


@given(tables())
def test_a_group_is_patched_by_the_patch_that_names_it_and_by_no_other(table: GroupTable):
    floors = table.floors()
    for name in GROUPS:
        named = [patch.id for patch in table.patches.values() if name in patch.groups]
        assert floors[name].patched == (named[0] if named else "")


@given(tables())
def test_a_line_of_a_patched_group_keeps_its_priority_there(table: GroupTable):
    for patch in table.patches.values():
        floor = table.floors()[patch.id]
        own = {m.line for group in patch.groups for m in table.own[group].members}
        for member in floor.members:
            assert (
                member.priority in ((4,) if member.line in own else (7,)) or member.line in table.borrowed()
            )
        assert floor.hang == max((table.own[group].hang for group in patch.groups), default=patch.hang)


def test_a_line_in_both_belongs_to_its_group():
    table = GroupTable(own={"valley": GroupSettings("valley", (Member(LINES[0], 4),))})
    table.patches["p"] = Patch("p", ("valley",), (Member(LINES[0], 7), Member(LINES[1])), "wang", 0.0)
    assert table.borrowed() == {LINES[1]: "p"}
    assert table.floors()["p"].members == (Member(LINES[0], 4), Member(LINES[1]))
    assert table.groups_of("p") == ("valley",)
    assert table.groups_of("valley") == ("valley",)


def test_ended_patches_are_remembered_but_not_for_ever():
    table = GroupTable()
    assert table.end("p") is None
    for number in range(ENDED + 2):
        table.patches[f"p{number}"] = Patch(f"p{number}", (), (), "wang", 0.0)
        table.end(f"p{number}")
    assert table.patches == {}
    assert list(table.ended)[0] == "p2"
    assert len(table.ended) == ENDED


def test_each_line_once_as_it_was_named_first():
    assert unique((Member("a", 3), Member("b"), Member("a", 7))) == (Member("a", 3), Member("b"))
