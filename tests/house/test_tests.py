"""The tests themselves: each asserts something, none sleeps without need, each module has a test."""

import ast
from functools import cache
from pathlib import Path

from tests.house.sources import Function, called, calls, functions, module_name, python_files, text, tree

RAISES = {"pytest.raises", "pytest.warns", "pytest.fail"}

SUITE = "SUITE"
"""A test that is given each promise of a port suite calls it by the name of its argument."""

HARMLESS = {
    "tests/central/api/test_api_documentation.py: test_examples_of_fields_are_valid",
    "tests/link/bus/test_bus_topic_filter.py: test_good_filters",
}
"""Tests whose point is that nothing is raised. May only shrink."""

SLEEPERS = {
    "tests/central/store/side_work.py",
    "tests/central/store/test_store_clips.py",
    "tests/central/store/test_store_journal.py",
    "tests/central/store/test_store_side_process.py",
    "tests/central/store/test_store_verify.py",
    "tests/hw/guard/test_process.py",
    "tests/link/bus/test_stream.py",
}
"""Unit tests that sleep for real. May only shrink: time is an argument (`HandClock`)."""

UNTESTED = {
    "central.api.broadcasts",
    "central.api.clips",
    "central.api.groups",
    "central.api.journal",
    "central.api.recordings",
    "central.api.status",
    "central.build",
    "central.cli.clip",
    "central.cli.follow",
    "central.cli.group",
    "central.cli.journal",
    "central.cli.recording",
    "central.cli.session",
    "central.cli.status",
    "firmware.voice.process",
    "link.voice.pcm",
    "link.voice.pjsua_exchange",
    "link.voice.pjsua_ports",
    "link.voice.pjsua_thread",
    "link.voice.pjsua_tls",
    "link.voice.wav_files",
}
"""Modules of the product that no test names: reached through others at best. May only shrink."""


@cache
def asserting() -> frozenset[str]:
    """Names of functions below tests that assert, directly or by calling another one that does."""
    known: dict[str, list[Function]] = {}
    for path in python_files("tests"):
        for name, node in functions(tree(path)):
            known.setdefault(name.rpartition(".")[2], []).append(node)
    found: set[str] = set()
    while True:
        more = {name for name, nodes in known.items() if any(asserts(node, found) for node in nodes)}
        if more <= found:
            return frozenset(found)
        found |= more


def asserts(function: ast.AST, known: set[str] | frozenset[str]) -> bool:
    """Whether it asserts: `assert`, `pytest.raises`, a mock's assert, or a call of a `known` function."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = called(node)
            last = name.rpartition(".")[2]
            if name in RAISES or last in known or last.startswith("assert_"):
                return True
            if isinstance(function, Function) and name in {each.arg for each in function.args.args}:
                return any(
                    SUITE in {part.id for part in ast.walk(mark) if isinstance(part, ast.Name)}
                    for mark in function.decorator_list
                )
    return False


def cases(path: Path) -> list[tuple[str, Function]]:
    """The tests in a file."""
    found = functions(tree(path))
    return [(name, node) for name, node in found if name.rpartition(".")[2].startswith("test_")]


def test_every_test_can_fail():
    known = asserting()
    idle = [
        f"{path}: {name}"
        for path in python_files("tests")
        for name, node in cases(path)
        if not asserts(node, known)
    ]
    assert set(idle) - HARMLESS == set()
    assert HARMLESS - set(idle) == set(), "take these off the list"


def test_every_test_file_holds_a_test():
    files = [path for path in python_files("tests") if path.name.startswith("test_")]
    assert len(files) > 80
    elsewhere = ("port_suite", ".TestCase\n")  # cases of a suite, or of a stateful machine of hypothesis
    empty = [path for path in files if not cases(path) and not any(word in text(path) for word in elsewhere)]
    assert [str(path) for path in empty] == []


def test_no_unit_test_sleeps_for_real():
    found = set()
    for path in python_files("tests"):
        if path.parts[1] == "system":
            continue
        for name, node in calls(tree(path)):
            slept = node.args[0] if node.args else None
            idle = isinstance(slept, ast.Constant) and slept.value == 0
            if name == "time.sleep" or (name == "asyncio.sleep" and not idle):
                found.add(str(path))
    assert found - SLEEPERS == set()
    assert SLEEPERS - found == set(), "take these off the list"


def test_every_module_of_the_product_is_named_by_a_test():
    named: set[str] = set()
    for path in (each for each in python_files("tests") if each.parts[1] != "house"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.add(node.value)
    modules = {
        module_name(path)
        for path in python_files("link", "hw", "firmware", "central")
        if path.name not in ("__init__.py", "__main__.py")
    }
    assert modules - named - UNTESTED == set()
    assert UNTESTED & named == set(), "take these off the list"
    assert modules >= UNTESTED, "these are gone: take them off the list"
