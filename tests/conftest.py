"""What every test gets: the marker of its folder, and a run that is looked over at its end for what it left behind.

Also lets one part of the suite be run by itself (`--part`), and counts what was left out where workers share the tests.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest

from tests.leftovers import Run
from tests.system.beside import BESIDE
from tests.system.gone import gone

SYSTEM = Path(__file__).parent / "system"
PARTS = ("quick", "beside", "alone")
LEFT_OUT = "spillway_left_out"

# How long one example takes says how busy the machine is; what hangs dies of the time limit of its test.
hypothesis.settings.register_profile("spillway", deadline=None)
hypothesis.settings.load_profile("spillway")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--part",
        choices=PARTS,
        help="one part of the suite: what is not below tests/system, what is in its list BESIDE (both of these "
        "may run side by side: -n), or the rest",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests below tests/system touch real parts: they are marked so and may take longer."""
    for item in items:
        if SYSTEM in item.path.parents:
            item.add_marker(pytest.mark.system)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(120))
    if part := config.getoption("part"):
        # not deselected: who asks for one part runs the others too, so nothing is left out
        items[:] = [item for item in items if part_of(item) == part]


def part_of(item: pytest.Item) -> str:
    """One of PARTS."""
    if SYSTEM not in item.path.parents:
        return "quick"
    return "beside" if item.path.stem in BESIDE else "alone"


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """A worker tells at its end how many it left out; the process that shares out the tests cannot know."""
    told: dict[str, Any] = getattr(items[0].config, "workeroutput", {})
    told[LEFT_OUT] = told.get(LEFT_OUT, 0) + len(items)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """All workers leave out the same tests: count them once, as pytest itself counts without workers."""
    terminal = node.config.pluginmanager.get_plugin("terminalreporter")
    left_out = getattr(node, "workeroutput", {}).get(LEFT_OUT, 0)
    if terminal is not None and left_out:
        terminal.stats["deselected"] = [SimpleNamespace()] * left_out


@pytest.fixture(scope="session", autouse=True)
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The run that every test belongs to, one in each worker. Fails after the last test if anything is left of it."""
    begun = Run.begin(tmp_path_factory.getbasetemp())
    yield begun
    left = gone(begun.all)
    shutil.rmtree(begun.folder, ignore_errors=True)
    assert left == [], "left behind by a test that ran before, in the same worker"
