from pathlib import Path

import pytest

from tests.central.town_rig import Town


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = Town(tmp_path, monkeypatch)
    yield made
    await made.stop()
