import pytest

from tests.firmware.provisioning.rig import Computer, computer_in


@pytest.fixture
def computer(tmp_path, monkeypatch) -> Computer:
    return computer_in(tmp_path, monkeypatch)
