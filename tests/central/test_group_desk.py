"""Desk of groups: patches and temporary groups are made, seen, kept over a restart and ended; every no says why."""

import pytest

from central.api.changes import GroupNow, PatchNow
from central.api.desk import DeskError
from central.api.patch_requests import PatchRequest, TemporaryGroup
from central.api.requests import GroupChange
from central.group_desk import CoreGroupDesk
from central.group_views import patch_view
from central.patch_book import PatchBook, _row
from central.patching import Patch
from central.store.database import StoreError
from central.store.patches import PatchStore
from link.floor.messages import LineHeard
from link.hosting.clock import settle_loop
from tests.central.test_desk_groups import change, kinds, refusal
from tests.central.town_rig import Town

A, B = "gw-a/r1", "gw-b/r1"
SPEAKER = "gw-b/pa1"


def asked(*groups: str, lines: tuple[str, ...] = (), seconds: float | None = None) -> PatchRequest:
    fields = {"groups": groups, "lines": [{"line": line} for line in lines], "seconds": seconds}
    return PatchRequest.model_validate(fields)


def storm(*lines: str, seconds: float | None = None) -> TemporaryGroup:
    fields = {"group": "storm", "lines": [{"line": line} for line in lines], "seconds": seconds}
    return TemporaryGroup.model_validate(fields)


async def ready(town: Town) -> Town:
    await town.born()
    await town.born("gw-b")
    await town.node(A, B)
    await town.report("gw-a", 1)
    await town.report("gw-b", 1)
    return town


async def test_a_patch_is_made_seen_in_its_groups_and_ended(town: Town):
    await ready(town)
    made = await town.desk.patches.make(asked("valley", "hills", lines=(SPEAKER,), seconds=60), "wang")
    assert (made.kind, made.groups, made.lines, made.by) == ("patch", ("valley", "hills"), (SPEAKER,), "wang")
    assert made.until_wall == town.clock.wall() + 60
    views = {view.group: view for view in town.desk.view().groups}
    assert set(views) == {"valley", "hills", made.patch}
    assert views["valley"].patch == views["hills"].patch == made.patch
    assert (views[made.patch].kind, views[made.patch].groups) == ("patch", ("valley", "hills"))
    assert [m.line for m in views[made.patch].members] == [A, B, SPEAKER]
    assert town.desk.patches.standing() == (made,)
    over = await town.desk.patches.end(made.patch, "li")
    assert over.over
    assert town.desk.patches.standing() == ()
    assert {view.patch for view in town.desk.view().groups} == {""}
    assert {"patch.made", "patch.ended"} <= set(await kinds(town))


async def test_the_floor_of_a_patch_is_shown_in_each_of_its_groups_with_who_waits(town: Town):
    await ready(town)
    made = await town.desk.patches.make(asked("valley", "hills"), "wang")
    board = town.board
    for line, id in ((B, "2001"), (A, "")):
        board.groups[made.patch].inbox.post(LineHeard(line, True, True, True, "Boat" if id else "", id))
    await settle_loop()
    for group in ("valley", "hills", made.patch):
        view = town.views.group(group)
        assert (view.state, view.holder, view.waiting) == ("talking", A, (B,)), group
    members = {member.line: member for member in town.views.group("valley").members}
    assert (members[B].place, members[B].talker, members[B].talker_id) == (1, "Boat", "2001")
    assert members[A].place is None


async def test_a_temporary_group_borrows_its_lines_and_gives_them_back(town: Town):
    await ready(town)
    made = await town.desk.patches.make_group(storm(A, SPEAKER, seconds=30), "wang")
    assert (made.patch, made.kind) == ("storm", "temporary")
    view = town.views.group("storm")
    assert [(m.line, m.priority, m.label) for m in view.members] == [(A, 7, "North"), (SPEAKER, 5, "")]
    assert [m.lent for m in town.views.group("valley").members] == ["storm", ""]
    assert town.views.gateway("gw-a").lines[0].group == "storm"
    assert [m.line for m in town.board.groups["valley"].machine.settings.members] == [B]
    serving = town.spawn(town.patches.run())
    await town.clock.advance(31.0)
    serving.cancel()
    assert [view.group for view in town.desk.view().groups] == ["valley", "hills"]
    assert [m.line for m in town.board.groups["valley"].machine.settings.members] == [A, B]


@pytest.mark.parametrize(
    ("groups", "lines", "status", "what"),
    [
        (("valley", "nowhere"), (), 404, "there is no group 'nowhere'"),
        (("valley",), ("gw-x/r1",), 404, "there is no line 'gw-x/r1'"),
        (("valley", "hills"), (), 409, "group 'hills' is in"),
        (("valley",), (SPEAKER,), 409, f"{SPEAKER} is lent to"),
        (("storm", "valley"), (), 409, "'storm' was made for a time"),
    ],
)
async def test_what_cannot_be_joined_says_why(groups, lines, status: int, what: str, town: Town):
    await ready(town)
    await town.desk.patches.make(asked("hills", lines=(SPEAKER,)), "wang")
    await town.desk.patches.make_group(storm("gw-a/pa1", A), "wang")
    error = await refusal(town.desk.patches.make(asked(*groups, lines=lines), "wang"))
    assert error.status == status
    assert error.what.startswith(what)
    assert error.advice.startswith(("end ", "see: "))


async def test_a_name_that_is_taken_and_what_is_not_there(town: Town):
    await ready(town)
    await town.desk.patches.make_group(storm(A, SPEAKER), "wang")
    taken = await refusal(town.desk.patches.make_group(storm(B, "gw-a/pa1"), "wang"))
    assert (taken.status, taken.advice) == (409, "choose another name")
    assert (await refusal(town.desk.patches.end("x", "wang"))).status == 404
    changed = await refusal(town.desk.set_group("storm", change(hang=1.0), "wang"))
    assert changed.status == 409


async def test_too_many_lines_and_too_many_patches_are_refused(town: Town, monkeypatch: pytest.MonkeyPatch):
    await ready(town)
    monkeypatch.setattr("central.group_desk.MOST_LEGS", 2)
    full = await refusal(town.desk.patches.make(asked("valley", "hills", lines=(SPEAKER,)), "wang"))
    assert full.what == "a patch has 2 lines at most"
    monkeypatch.setattr("central.group_desk.MOST_PATCHES", 0)
    many = await refusal(town.desk.patches.make(asked("valley", "hills"), "wang"))
    assert many.what == "0 patches stand already"


async def test_a_group_that_changes_while_it_is_patched_changes_the_patch(town: Town):
    await ready(town)
    made = await town.desk.patches.make(asked("valley", "hills"), "wang")
    await town.desk.set_group("hills", GroupChange.model_validate({"members": [{"line": SPEAKER}]}), "wang")
    machine = town.board.groups[made.patch].machine
    assert [m.line for m in machine.settings.members] == [A, B, SPEAKER]
    assert town.views.group("hills").patch == made.patch
    listening = {"members": [{"line": SPEAKER, "listen": True}]}
    seen = await town.desk.set_group("hills", GroupChange.model_validate(listening), "wang")
    assert [member.listen for member in seen.members] == [True]


async def test_patches_stand_again_after_a_restart_and_lost_ones_are_ended(town: Town):
    await ready(town)
    made = await town.desk.patches.make(asked("valley", "hills", lines=(SPEAKER,), seconds=60), "wang")
    store = PatchStore(town.database)
    lost = Patch("patch-lost", ("valley", "gone"), (), "wang", town.clock.wall())
    await store.keep(_row(lost))
    town.board.table.patches.clear()
    again = PatchBook(town.board, store, town.clock, town.spawn)
    await again.resume()
    assert CoreGroupDesk(town.board, again, town.clock).standing() == (made,)
    assert town.board.groups["valley"].machine is not None
    assert [row.id for row in await store.all()] == [made.patch]
    assert "patch.ended" in await kinds(town)


async def test_a_disk_in_trouble_does_not_keep_people_apart(town: Town, monkeypatch: pytest.MonkeyPatch):
    await ready(town)

    async def full(*arguments: object) -> None:
        raise StoreError("the disk is full", "free some space")

    monkeypatch.setattr(PatchStore, "keep", full)
    monkeypatch.setattr(PatchStore, "remove", full)
    made = await town.desk.patches.make(asked("valley", "hills"), "wang")
    assert (made.kept, town.views.group("valley").patch) == (False, made.patch)
    with pytest.raises(DeskError) as caught:
        await town.desk.patches.end(made.patch, "wang")
    assert caught.value.status == 503
    assert town.views.group("valley").patch == ""


async def test_screens_are_told_of_a_patch_its_floor_and_its_end(town: Town):
    await ready(town)
    listener = town.desk.announcer.listen()
    made = await town.desk.patches.make(asked("valley", "hills"), "wang")
    for kind, name in (("patch", made.patch), ("group", made.patch), ("group", "valley")):
        town.desk.changed(kind, name)
    await town.desk.patches.end(made.patch, "wang")
    for kind in ("patch", "group"):
        town.desk.changed(kind, made.patch)
    town.desk.announcer.leave(listener)
    told = list(listener._waiting)
    patches = [change.patch for change in told if isinstance(change, PatchNow)]
    groups = [change.group.group for change in told if isinstance(change, GroupNow)]
    assert not patches[0].over
    assert patches[-1].over
    assert groups.count(made.patch) >= 1
    assert not isinstance(told[-1], GroupNow) or told[-1].group.group != made.patch


def test_a_patch_is_shown_as_it_was_made():
    view = patch_view(Patch("p", (), (), "wang", 1.0), over=True, kept=False)
    assert (view.patch, view.kind, view.over, view.kept) == ("p", "temporary", True, False)
