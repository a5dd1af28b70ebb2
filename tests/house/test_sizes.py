"""Files of at most 350 lines, functions of fewer than 50. What is longer today may only become shorter."""

from pathlib import Path

from tests.house.sources import functions, python_files, text, tree

LONGEST_FILE = 350
LONGEST_FUNCTION = 49

FILES_OVER = {
    "tests/system/test_guard_process.py": 356,
}
"""File -> its lines today. Never raise a number, never add a line: cut the file in two."""

FUNCTIONS_OVER = {
    "central/cli/broadcast.py:start": 55,
}
"""`file:function` -> its lines today. As above."""

FOLDERS = ("link", "hw", "firmware", "central", "scripts", "images", "tests")


def ratchet(found: dict[str, int], allowed: dict[str, int], limit: int) -> list[str]:
    """Complaints: too long, grown, or no longer on the list for a reason."""
    grown = [
        f"{name}: {size} lines, {allowed.get(name, limit)} allowed"
        for name, size in found.items()
        if size > allowed.get(name, limit)
    ]
    cured = [
        f"{name}: take it off the list" for name in allowed if found.get(name, 0) <= limit < allowed[name]
    ]
    shorter = [
        f"{name}: now {found[name]} lines, write that down"
        for name in allowed
        if limit < found.get(name, 0) < allowed[name]
    ]
    return grown + cured + shorter


def lengths(path: Path) -> dict[str, int]:
    """Lines of each function of a file, decorators not counted."""
    found = functions(tree(path))
    return {f"{path}:{name}": (node.end_lineno or 0) - node.lineno + 1 for name, node in found}


def test_no_file_is_longer_than_a_reader_can_hold():
    files = {str(path): len(text(path).splitlines()) for path in python_files(*FOLDERS)}
    assert len(files) > 200
    assert ratchet(files, FILES_OVER, LONGEST_FILE) == []


def test_no_function_is_longer_than_a_screen():
    found: dict[str, int] = {}
    for path in python_files(*FOLDERS):
        found |= lengths(path)
    assert len(found) > 1000
    assert ratchet(found, FUNCTIONS_OVER, LONGEST_FUNCTION) == []


def test_the_ratchet_only_turns_one_way():
    assert ratchet({"a": 351}, {}, 350) == ["a: 351 lines, 350 allowed"]
    assert ratchet({"a": 400}, {"a": 399}, 350) == ["a: 400 lines, 399 allowed"]
    assert ratchet({"a": 390}, {"a": 399}, 350) == ["a: now 390 lines, write that down"]
    assert ratchet({"a": 300}, {"a": 399}, 350) == ["a: take it off the list"]
    assert ratchet({}, {"gone": 399}, 350) == ["gone: take it off the list"]
    assert ratchet({"a": 399}, {"a": 399}, 350) == []
