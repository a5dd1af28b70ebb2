"""Profiles of relay boards: those shipped are good, a typing error is an error."""

import pytest

from hw.relay_board.profile import FOLDER, load_profile, profile_names
from link.hosting.settings import SettingsError


def test_shipped_profiles():
    assert profile_names() == ("waveshare-8",)
    for name in profile_names():
        settings = load_profile(name).settings("pa", slave=3)
        assert (settings.slave, settings.flash_on, settings.unit) == (3, 0x0200, 0.1)


def test_a_wrong_key_gets_a_suggestion(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text((FOLDER / "waveshare-8.toml").read_text().replace("flash_on", "flash_one"))
    with pytest.raises(SettingsError, match="flash_one.*did you mean 'flash_on'"):
        load_profile(str(file))


def test_an_unknown_profile_names_the_known():
    with pytest.raises(SettingsError, match="waveshare-8"):
        load_profile("waveshare-9")
