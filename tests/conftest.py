"""What every test gets: the marker of its folder, and a run that can be looked over for what it left behind."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.leftovers import Run

SYSTEM = Path(__file__).parent / "system"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests below tests/system touch real parts: they are marked so and may take longer."""
    for item in items:
        if SYSTEM in item.path.parents:
            item.add_marker(pytest.mark.system)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(120))


@pytest.fixture(scope="session", autouse=True)
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The run that every test belongs to. See tests/system/test_zz_nothing_left.py."""
    begun = Run.begin(tmp_path_factory.getbasetemp())
    yield begun
    shutil.rmtree(begun.folder, ignore_errors=True)
