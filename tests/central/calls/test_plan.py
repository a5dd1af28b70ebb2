"""The dial plan: what a number means, who may dial it, and when the office is open."""

import pytest

from central.calls.plan import Extension, Permit, Phone, Plan, RouteOut, Target, TrunkIn, objection

PLAN = Plan(
    emergency=frozenset({"110", "119"}),
    extensions={"2001": Extension("2001", "Anna", Permit("national"))},
    groups={"700": "valley"},
    routes=(
        RouteOut("9", "carrier", strip=1, reach="local"),
        RouteOut("900", "carrier", strip=1, reach="international"),
        RouteOut("11", "carrier", strip=2),
        RouteOut("88", line="gw-a/sat"),
    ),
    trunks={"carrier": TrunkIn("carrier", "2001")},
)


@pytest.mark.parametrize(
    ("number", "target"),
    [
        ("2001", Target("phone", "2001")),
        ("2999", Target("phone", "2999")),
        ("700", Target("group", "700", group="valley")),
        ("9123", Target("out", "123", trunk="carrier", reach="local")),
        ("900123", Target("out", "00123", trunk="carrier", reach="international")),
        ("8812345", Target("out", "8812345", line="gw-a/sat", reach="everything")),
        ("*82001", Target("pickup", "2001")),
        ("*8", Target("none", "*8")),
        ("0", Target("none", "0")),
        ("110", Target("out", "110", trunk="carrier", reach="everything", emergency=True)),
    ],
)
def test_what_a_number_means(number: str, target: Target) -> None:
    assert PLAN.target(number) == target


def test_what_is_known_of_a_telephone_with_a_secret_counts_where_the_settings_are_silent() -> None:
    chief = Permit("international", 5, 5)
    plan = Plan(
        extensions={"2001": Extension("2001", "Anna", Permit("national"))},
        for_all=Permit("internal", 1, 9),
        permits={"chief": chief},
        phones={
            "2001": Phone("2001", "Hall", "chief", srtp=True),
            "77": Phone("77", "Gate", "chief"),
            "2003": Phone("2003", permit="local"),
            "2004": Phone("2004", permit="unheard-of"),
        },
    )
    assert plan.extension("2001") == Extension("2001", "Anna", Permit("national"), srtp=True)
    assert plan.extension("77") == Extension("77", "Gate", chief)
    assert plan.target("77").kind == "phone", "whatever the shape of its number"
    assert plan.extension("2003").permit == Permit("local", 1, 9)
    assert plan.extension("2004").permit == plan.for_all


def test_an_extension_that_stands_nowhere_is_as_all_are() -> None:
    assert PLAN.extension("2999") == Extension("2999", permit=PLAN.for_all)
    assert (PLAN.name_of("2001"), PLAN.name_of("2999")) == ("Anna", "2999")


@pytest.mark.parametrize(
    ("permit", "reach", "at_once", "hour", "said"),
    [
        (Permit("local"), "local", 0, 0, ""),
        (Permit("local"), "national", 0, 0, "reaches local"),
        (Permit("everything", at_once=1), "internal", 1, 0, "1 at once"),
        (Permit("everything", per_hour=3), "internal", 0, 3, "within an hour"),
    ],
)
def test_what_speaks_against_a_call(permit, reach, at_once, hour, said) -> None:
    why = objection(permit, Target("out", "1", trunk="t", reach=reach), at_once, hour)
    assert said in why
    assert bool(why) == bool(said)
    assert objection(permit, Target("out", "110", reach=reach, emergency=True), at_once, hour) == ""


@pytest.mark.parametrize(
    ("trunk", "weekday", "minute", "is_open"),
    [
        (TrunkIn("t", "1"), 6, 0, True),
        (TrunkIn("t", "1", opens=480, closes=1080), 0, 479, False),
        (TrunkIn("t", "1", opens=480, closes=1080), 0, 480, True),
        (TrunkIn("t", "1", opens=480, closes=1080), 0, 1080, False),
        (TrunkIn("t", "1", opens=480, closes=1080, days=frozenset({1})), 0, 600, False),
        (TrunkIn("t", "1", opens=1320, closes=360, days=frozenset({4})), 5, 100, True),
        (TrunkIn("t", "1", opens=1320, closes=360, days=frozenset({4})), 4, 100, False),
        (TrunkIn("t", "1", opens=1320, closes=360, days=frozenset({4})), 4, 1330, True),
        (TrunkIn("t", "1", opens=1320, closes=360, days=frozenset({6})), 0, 100, True),
    ],
)
def test_when_the_office_is_open(trunk: TrunkIn, weekday: int, minute: int, is_open: bool) -> None:
    assert trunk.open_at(weekday, minute) == is_open


def test_where_calls_from_outside_go() -> None:
    night = TrunkIn("night", "2001", "2002", days=frozenset())
    plan = Plan(trunks={"t": TrunkIn("t", "2001", direct=True), "night": night}, groups={"700": "valley"})
    assert plan.from_outside("t", "2005", 0, 0) == ("2005", "")
    assert plan.from_outside("t", "700", 0, 0) == ("700", "")
    assert plan.from_outside("t", "13800", 0, 0) == ("2001", "")
    assert plan.from_outside("night", "2005", 0, 0) == ("2002", "")
    assert plan.from_outside("nowhere", "2005", 0, 0) == ("", "trunk nowhere does not stand in the settings")
