"""Desk: changing a talk group; every no says why and what to do."""

import pytest

from central.api.desk import DeskError
from central.api.requests import GroupChange
from central.store.database import StoreError
from tests.central.town_rig import Town

STORE_TROUBLE = StoreError("the disk is full", "free some space")


def change(**fields: object) -> GroupChange:
    return GroupChange.model_validate(fields)


async def refusal(work) -> DeskError:
    with pytest.raises(DeskError) as caught:
        await work
    return caught.value


async def kinds(town: Town) -> list[str]:
    await town.journal.barrier()
    return [entry.kind for entry in await town.desk.journal_tail(50, None)]


async def test_a_group_is_changed_and_what_is_left_out_stays(town: Town):
    await town.born()
    await town.born("gw-b")
    seen = await town.desk.set_group("valley", change(hang=5.0), "wang")
    assert (seen.hang, seen.timeout, len(seen.members)) == (5.0, 60.0, 2)
    members = [{"line": "gw-a/r1", "priority": 2}, {"line": "gw-b/pa1", "label": "Dam"}]
    seen = await town.desk.set_group("valley", change(members=members, remove=["gw-b/r1"], timeout=9), "wang")
    assert [(m.line, m.priority, m.label) for m in seen.members] == [
        ("gw-a/r1", 2, "North"),
        ("gw-b/pa1", 5, "Dam"),
    ]
    assert (seen.hang, seen.timeout) == (5.0, 9.0)
    assert (await kinds(town)).count("group.set") == 2


async def test_a_line_that_joins_a_group_is_known_there_at_once(town: Town):
    await town.born()
    await town.node("gw-a/r1")
    await town.report("gw-a", 1)
    await town.desk.set_group("valley", change(remove=["gw-a/r1"]), "wang")
    seen = await town.desk.set_group("hills", change(members=[{"line": "gw-a/r1"}]), "wang")
    assert (seen.members[0].online, seen.members[0].leg) == (True, True)


@pytest.mark.parametrize(
    ("group", "line", "status", "what", "advice"),
    [
        ("x", "gw-a/r1", 404, "there is no group 'x'", "see: spillway group list"),
        ("hills", "gw-x/r1", 404, "there is no line 'gw-x/r1'", "see: spillway status"),
        ("hills", "gw-a/r9", 404, "there is no line 'gw-a/r9'", "see: spillway status"),
        (
            "hills",
            "gw-a/r1",
            409,
            "gw-a/r1 is in group 'valley'",
            "take it out there first: spillway group set valley --remove gw-a/r1",
        ),
    ],
)
async def test_a_group_that_cannot_be_set(
    town: Town, group: str, line: str, status: int, what: str, advice: str
):
    await town.born()
    error = await refusal(town.desk.set_group(group, change(members=[{"line": line}]), "wang"))
    assert (error.status, error.what, error.advice) == (status, what, advice)
    assert "group.set" not in await kinds(town)


async def test_a_line_of_a_gateway_that_never_came_may_be_in_a_group(town: Town):
    seen = await town.desk.set_group("hills", change(members=[{"line": "gw-a/r7"}]), "wang")
    assert [member.line for member in seen.members] == ["gw-a/r7"]


async def test_a_group_does_not_outgrow_a_bridge(town: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("central.group_desk.MOST_LEGS", 2)
    many = [{"line": f"gw-a/r{n}"} for n in range(3, 6)]
    error = await refusal(town.desk.set_group("hills", change(members=many), "wang"))
    assert (error.status, error.what) == (409, "a group has 2 members at most")
