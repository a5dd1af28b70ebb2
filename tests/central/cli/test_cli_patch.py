"""`spillway patch`, temporary groups, the queue and listen-only members on the command line."""

import pytest

from central.cli.patch import lines_of, seconds_of
from central.cli.refusals import Misused
from central.group_models import PatchView
from tests.central.cli.conftest import Run, Town
from tests.central.cli.test_cli_commands import bad, good


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90.0), ("45min", 2700.0), ("1.5h", 5400.0), ("2d", 172800.0), (None, None)]
)
def test_a_time_is_a_number_and_its_unit(text: str | None, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "2 h", "-2h", "2hours", "1e9h"])
def test_what_is_no_time_is_misused(text: str) -> None:
    with pytest.raises(Misused):
        seconds_of(text)


def test_lines_come_one_by_one_or_with_commas() -> None:
    named = lines_of(["a/1,b/2=7", "c/3", ""])
    assert named == [{"line": "a/1"}, {"line": "b/2", "priority": 7}, {"line": "c/3"}]


def test_patches(town: Town, run: Run) -> None:
    made = good(run("patch", "make", "valley", "ridge", "--line", "gw-sat/p1=7", "--for", "2h", "--json"))
    assert PatchView.model_validate(made).until_wall == 1_700_007_200
    name, asked, by = town.desk.calls[-1]
    assert (name, asked.groups, asked.lines[0].priority, by) == ("make", ("valley", "ridge"), 7, "wang")
    assert "ridge" in run("patch", "list").stdout
    assert [each["patch"] for each in good(run("patch", "list", "--json"))] == ["patch-1", "patch-2"]
    assert good(run("patch", "end", "patch-1", "--json", "--as", "li"))["over"]
    assert "ended" in run("patch", "end", "patch-2").stdout
    bad(run("patch", "end", "patch-2"), 1, "there is no patch")
    bad(run("patch", "make", "valley"), 2, "name one more")
    bad(run("patch", "make", "valley", "--line", "gw-sat/p1", "--line", "gw-sat/p1"), 2, "is named twice")
    bad(run("patch", "make", "valley", "ridge", "--for", "soon"), 2, "write 90s, 45min, 2h or 1d")


def test_a_temporary_group_is_made(town: Town, run: Run) -> None:
    words = ("--lines", "gw-north/p1,gw-sat/p1=7", "--for", "45min", "--hang", "1")
    run("group", "make", "storm", *words)
    _, asked, _ = town.desk.calls[-1]
    assert (asked.group, asked.seconds, asked.hang, asked.timeout) == ("storm", 2700.0, 1.0, 60.0)
    assert [(each.line, each.priority) for each in asked.lines] == [("gw-north/p1", None), ("gw-sat/p1", 7)]
    bad(run("group", "make", "storm", "--lines", "gw-north/p1"), 2, "lines")


def test_the_queue_is_shown_and_who_only_listens(town: Town, run: Run) -> None:
    first, second = town.desk.group.members
    waits = second.model_copy(update={"place": 1, "talker": "Boat 3", "talker_id": "2001"})
    members = (first.model_copy(update={"listen": True, "lent": "storm"}), waits)
    told = {"members": members, "waiting": (second.line,), "patch": "patch-1"}
    town.desk.group = town.desk.group.model_copy(update=told)
    shown = run("group", "show", "valley").stdout
    for word in ("listens", "lent to storm", "Boat 3 (2001)", "in patch-1", "waiting"):
        assert word in shown, shown


def test_a_line_that_only_listens_is_added(town: Town, run: Run) -> None:
    good(run("group", "set", "valley", "--listen", "gw-north/r1", "--member", "gw-south/r1=3", "--json"))
    _, _, change, _ = town.desk.calls[-1]
    assert [(m.line, m.listen) for m in change.members] == [("gw-south/r1", False), ("gw-north/r1", True)]
    bad(run("group", "set", "valley", "--listen", "gw-a/r1", "--member", "gw-a/r1=3"), 2, "name it once")
