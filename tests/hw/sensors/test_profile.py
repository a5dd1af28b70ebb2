"""Profiles of instruments: those shipped are good, senseless ones are refused."""

import pytest

from hw.sensors.profile import FOLDER, load_profile, profile_names
from link.hosting.settings import SettingsError


def test_shipped_profiles():
    assert profile_names() == ("current-ma", "level-float", "level-int16", "rain-counter", "supply-volts")
    for name in profile_names():
        assert load_profile(name).settings("x", 2).stale >= 20
    assert load_profile("level-float").settings("x", 2).layout.order == "CDAB"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("address = 0", "adress = 0", "did you mean 'address'"),
        ("low = 0.0", "low = 200.0", "must be less than high"),
        ('type = "float32"', 'type = "float64"', "float64"),
        ('order = "CDAB"', 'order = "ACBD"', "ACBD"),
        ("dead_band = 0.005", "stale = 6.0", "twice poll"),
        ("dead_band = 0.005", "scale = 0.0", "scale = 0"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, old, new, says):
    text = (FOLDER / "level-float.toml").read_text()
    assert old in text
    file = tmp_path / "own.toml"
    file.write_text(text.replace(old, new))
    with pytest.raises(SettingsError, match=says):
        load_profile(str(file))


def test_an_unknown_profile_names_the_known():
    with pytest.raises(SettingsError, match="level-int16"):
        load_profile("level")
