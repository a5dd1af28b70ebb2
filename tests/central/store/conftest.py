from collections.abc import Iterator
from pathlib import Path

import pytest

from central.store.database import Database
from tests.central.store.backup_rig import Rig


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "core.db")
    yield opened
    opened.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.stop()
