"""Routes of patches: what they hand to the desk, and whose right is asked for."""

import httpx

from central.api import patches
from central.api.caller import Caller
from central.api.patch_desk import PatchDesk
from central.api.seen import sees_group
from central.group_models import GroupView, PatchView
from central.people.rights import Grant, Rights
from tests.central.api.fake_desk import FakeDesk
from tests.central.api.test_api_rights import become
from tests.central.people.bench import AREAS

Api = httpx.AsyncClient
LINES = [{"line": "gw-north/p1"}, {"line": "gw-sat/p1", "priority": 7}]


async def test_they_are_made_seen_and_ended(desk: FakeDesk, api: Api) -> None:
    asks: PatchDesk = desk.patches
    assert patches.router.routes
    made = await api.post("patches", json={"groups": ["valley", "ridge"], "lines": LINES, "seconds": 60})
    assert made.status_code == 201
    assert PatchView.model_validate(made.json()) == asks.patch("patch-2")
    name, asked, by = desk.calls[-1]
    assert (name, asked.seconds, [line.priority for line in asked.lines], by) == (
        "make",
        60,
        [None, 7],
        "wang",
    )
    storm = await api.post("groups", json={"group": "storm", "lines": LINES})
    assert (storm.status_code, storm.json()["kind"], storm.json()["until_wall"]) == (201, "temporary", None)
    seen = (await api.get("patches")).json()
    assert [each["patch"] for each in seen] == ["patch-1", "patch-2", "storm"]
    ended = await api.delete("patches/storm")
    assert (ended.status_code, ended.json()["over"]) == (200, True)
    assert (await api.delete("patches/storm")).status_code == 404


async def test_one_group_alone_or_a_line_twice_is_refused(desk: FakeDesk, api: Api) -> None:
    for body in (
        {"groups": ["valley"]},
        {"groups": ["valley"], "lines": [LINES[0], LINES[0]]},
        {"groups": []},
    ):
        assert (await api.post("patches", json=body)).status_code == 422, body
    assert (await api.post("groups", json={"group": "storm", "lines": LINES[:1]})).status_code == 422
    assert desk.calls == []


async def test_the_right_is_asked_for_also_where_a_line_is_borrowed_from(desk: FakeDesk, api: Api) -> None:
    become(desk, api, Grant("dispatcher", "north-dam"))
    borrowed = [{"line": "gw-north/r1"}, {"line": "gw-sat/p1"}]  # r1 is of valley, whose area is the hills
    answer = await api.post("groups", json={"group": "storm", "lines": borrowed})
    assert (answer.status_code, desk.calls) == (403, [])
    become(desk, api, Grant("dispatcher", "north-dam"), Grant("dispatcher", "hills"))
    assert (await api.post("groups", json={"group": "storm", "lines": borrowed})).status_code == 201


async def test_who_looks_at_no_part_of_it_does_not_see_it(desk: FakeDesk, api: Api) -> None:
    become(desk, api, Grant("dispatcher", "south-dam"))
    assert (await api.get("patches")).json() == []
    become(desk, api, Grant("observer", "hills"))
    assert [each["patch"] for each in (await api.get("patches")).json()] == ["patch-1"]
    assert (await api.delete("patches/patch-1")).status_code == 403


def test_a_patch_is_shown_to_whoever_looks_at_a_part_of_it(desk: FakeDesk) -> None:
    patch = desk.group.model_copy(update={"group": "patch-1", "kind": "patch", "groups": ("valley",)})

    def sees(area: str, view: GroupView = patch) -> bool:
        return sees_group(Caller("sun", Rights((Grant("observer", area),), AREAS)), desk.places, view)

    assert [sees(area) for area in ("", "hills", "north-dam", "south-dam")] == [True] * 4
    alone = patch.model_copy(update={"groups": (), "members": patch.members[:1]})
    assert [sees(area, alone) for area in ("north-dam", "south-dam")] == [True, False]
    own = desk.group
    assert [sees(area, own) for area in ("hills", "north-dam")] == [True, False]
