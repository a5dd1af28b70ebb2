"""The [updates] table and who is whose neighbour."""

from pathlib import Path

import pytest

from central.config import load_central
from central.updates_settings import COMPATIBLE, UpdatesSettings
from images.building.bundle import COMPATIBLE as BUILT
from link.hosting.settings import SettingsError
from tests.central.test_config import TOWN, write


def test_the_table_is_read_with_its_path_and_stands_for_our_images(tmp_path: Path):
    settings = load_central(write(tmp_path, TOWN + '[updates]\nkeyring = "bundles.pem"\n')).updates
    assert settings == UpdatesSettings(keyring=tmp_path / "bundles.pem")
    assert (settings.program, settings.largest_mb, settings.compatible) == ("rauc", 1500, COMPATIBLE)
    assert COMPATIBLE == BUILT
    assert load_central(write(tmp_path, TOWN)).updates is None


@pytest.mark.parametrize(
    ("near", "said"),
    [("gw-suoth", "did you mean 'gw-south'"), ("gw-north", "no neighbour of itself")],
)
def test_a_neighbour_is_another_gateway(tmp_path: Path, near: str, said: str):
    text = TOWN.replace('id = "gw-north"\n', f'id = "gw-north"\nneighbours = ["{near}"]\n')
    with pytest.raises(SettingsError, match=said):
        load_central(write(tmp_path, text))


@pytest.mark.parametrize("url", ["https://centre/", "https://a b", "ftp://centre", "https://u@centre"])
def test_an_address_that_cannot_stand_before_a_path_is_refused(url: str):
    with pytest.raises(ValueError, match="url"):
        UpdatesSettings(keyring=Path("k"), url=url)
