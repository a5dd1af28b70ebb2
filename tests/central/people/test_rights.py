"""Rights as properties: what a grant gives, it gives below its area and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.people.areas import ROOT, Area, Areas
from central.people.functions import BUNDLES, FUNCTIONS, MEANINGS, ROLES, roles_with
from central.people.places import Places
from central.people.rights import Grant, Rights, refusal

KINDS = ("province", "city", "reservoir")


@st.composite
def trees(draw: st.DrawFn) -> Areas:
    """Random trees: each area lies within one of a higher kind, or at the root."""
    made: list[Area] = []
    for number in range(draw(st.integers(0, 9))):
        kind = draw(st.sampled_from(KINDS))
        above = [area.id for area in made if KINDS.index(area.kind) < KINDS.index(kind)]
        made.append(Area(f"a{number}", "", kind, draw(st.sampled_from([ROOT, *above]))))
    return Areas(made)


def grants(areas: Areas) -> st.SearchStrategy[tuple[Grant, ...]]:
    one = st.builds(Grant, st.sampled_from(ROLES), st.sampled_from([ROOT, *areas.all, "gone"]))
    return st.lists(one, max_size=4).map(tuple)


def above(areas: Areas, area: str) -> set[str]:
    """Worked out another way than the tree does it: by the entries alone."""
    found = {area}
    while area != ROOT:
        area = areas.all[area].within
        found.add(area)
    return found


@given(st.data())
def test_a_right_holds_at_its_area_and_below_and_nowhere_else(data: st.DataObject) -> None:
    areas = data.draw(trees())
    rights = Rights(data.draw(grants(areas)), areas)
    function = data.draw(st.sampled_from([each for each in FUNCTIONS if each != "broadcast.stop"]))
    area = data.draw(st.sampled_from([ROOT, *areas.all]))
    expected = any(
        function in BUNDLES[grant.role] and grant.area in above(areas, area) for grant in rights.grants
    )
    assert rights.may(function, area) == expected
    assert (area in rights.missing(function, (area,))) != expected
    assert rights.anywhere(function) == bool(rights.at(function))


@given(st.data())
def test_one_grant_more_never_takes_anything_away(data: st.DataObject) -> None:
    areas = data.draw(trees())
    few = data.draw(grants(areas))
    more = Rights(few + data.draw(grants(areas)), areas)
    for function in FUNCTIONS:
        for area in (ROOT, *areas.all):
            assert more.may(function, area) or not Rights(few, areas).may(function, area)


@given(st.data())
def test_who_may_stop_at_all_may_stop_everywhere(data: st.DataObject) -> None:
    areas = data.draw(trees())
    rights = Rights(data.draw(grants(areas)), areas)
    for area in (ROOT, *areas.all, "unheard-of"):
        assert rights.may("broadcast.stop", area) == rights.anywhere("broadcast.stop")


def test_an_unknown_area_asks_for_the_root() -> None:
    areas = Areas((Area("hills", "The hills", "province"), Area("upper", "", "city", "hills")))
    assert not Rights((Grant("dispatcher", "hills"),), areas).may("call", "unheard-of")
    assert Rights((Grant("dispatcher"),), areas).may("call", "unheard-of")
    assert not Rights((Grant("dispatcher", "gone"),), areas).may("call", "gone")


def test_nobody_manages_people_and_warns_by_one_role() -> None:
    for role in ROLES:
        assert not {"people.manage", "broadcast.ask"} <= set(BUNDLES[role])
    assert set().union(*BUNDLES.values()) == set(FUNCTIONS) == set(MEANINGS)
    assert all(roles_with(function) for function in FUNCTIONS)


def test_a_refusal_names_right_area_and_who_can_help() -> None:
    areas = Areas((Area("hills", "The hills", "province"),))
    what, advice = refusal("broadcast.ask", "hills", areas)
    assert "'broadcast.ask'" in what and "The hills (hills)" in what
    assert "dispatcher or supervisor" in advice and "administrator" in advice
    assert "the whole centre" in refusal("journal.read", ROOT, areas)[0]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([Area("a"), Area("a")], "twice"),
        ([Area("a", within="b")], "which is not here"),
        ([Area("a", kind="city", within="b"), Area("b", kind="city")], "cannot lie within"),
        ([Area("a", kind="city", within="b"), Area("b", kind="city", within="a")], "cannot lie within"),
        ([Area("a", kind="province", within="a")], "cannot lie within"),
    ],
)
def test_a_tree_that_is_none_is_refused(rows: list[Area], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Areas(rows)


def test_things_belong_to_areas_or_to_the_root() -> None:
    places = Places(Areas((Area("hills"),)), {"gw-a": "hills"}, {"north": "hills"}, {"valley": "hills"})
    assert places.of_line("gw-a/r1") == places.of_zone("north") == places.of_group("valley") == "hills"
    assert places.of_line("gw-b/r1") == places.of_zone("all") == places.of_group("x") == ROOT
