"""Words that must not stand in the project: promises for later, and sleeping."""

import re

from tests.house.sources import python_files, text

# Written in pieces, so that this file does not hold what it forbids.
PROMISES = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error")
LATER = re.compile("|".join(rf"\b{word}\b" for word in PROMISES))
SLEEP = re.compile(r"\btime\.sle" + r"ep\(|\bfrom time import .*\bsleep\b|\bbreakpoint\(|\bpdb\b")
SLEEPERS = {"central/cli/follow.py", "hw/guard/make_safe.py"}
"""Programs that people or systemd wait for; they have no event loop."""


def lines_with(pattern: re.Pattern[str], text: str) -> list[int]:
    """1-based numbers of the lines in which `pattern` stands."""
    return [number for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]


def test_nothing_is_left_for_later():
    names = python_files("link", "hw", "firmware", "central", "scripts", "images", "tests")
    assert [f"{path}:{n}" for path in names for n in lines_with(LATER, text(path))] == []


def test_nobody_sleeps_in_the_product():
    names = python_files("link", "hw", "firmware", "central")
    assert {str(path) for path in names if lines_with(SLEEP, text(path))} == SLEEPERS


def test_the_patterns_see_what_they_are_for():
    assert lines_with(LATER, "a\n# TO" + "DO: later\n") == [2]
    assert lines_with(LATER, "raise NotImplemented" + "Error") == [1]
    assert lines_with(SLEEP, "time.sle" + "ep(1)") == [1]
    assert lines_with(SLEEP, "await asyncio.sleep(1)") == []
