"""Names and first words: no file that could hold anything, and every file says what it is for."""

import ast
import re

from tests.house.sources import python_files, tracked, tree

EMPTY_NAMES = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "base", "misc", "stuff"}


def empty_words(name: str) -> set[str]:
    """The words in a file's or folder's name that say nothing."""
    return EMPTY_NAMES & set(re.split(r"[^a-z]+", name.lower()))


def test_no_file_or_folder_has_a_name_that_says_nothing():
    bad = [str(path) for path in tracked() for part in path.parts if empty_words(part)]
    assert bad == []


def test_the_rule_of_names_sees_compound_names():
    assert empty_words("bus_utils.py") == {"utils"}
    assert empty_words("call-manager") == {"manager"}
    assert empty_words("database.py") == set()


def test_every_module_says_what_it_is_for():
    silent = [
        str(path)
        for path in python_files("link", "hw", "firmware", "central", "scripts", "images")
        if not ast.get_docstring(tree(path))
    ]
    assert silent == []


def test_every_public_class_and_function_of_the_product_says_what_it_promises():
    silent = []
    for path in python_files("link", "hw", "firmware", "central"):
        for node in tree(path).body:
            known = isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            if known and not node.name.startswith("_") and not ast.get_docstring(node):
                silent.append(f"{path}:{node.lineno} {node.name}")
    assert silent == []


def test_a_module_docstring_is_short_enough_to_be_read():
    long = []
    for path in python_files("link", "hw", "firmware", "central", "scripts"):
        said = ast.get_docstring(tree(path)) or ""
        if len(said.splitlines()) > 15:
            long.append(f"{path}: {len(said.splitlines())} lines")
    assert long == []
