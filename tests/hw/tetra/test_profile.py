"""hw.tetra.profile: the shipped profiles, and what a profile may not say."""

from pathlib import Path

import pytest

from hw.tetra.profile import FOLDER, profile
from link.hosting.settings import SettingsError

GOOD = 'name = "mine"\ninitialise = ["ATE0"]\n'


def write(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.toml")))
def test_shipped_profiles_are_whole_and_never_reset(name: str) -> None:
    found = profile(name)
    assert found.name == name
    assert not found.may_reset
    assert "AT+CTSP=2,0,0" in found.initialise


def test_an_own_file_is_read(tmp_path: Path) -> None:
    assert profile(write(tmp_path, GOOD)).initialise == ("ATE0",)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (GOOD.replace("ATE0", "ATZ"), "may_reset"),
        (GOOD.replace("ATE0", "AT&F"), "may_reset"),
        (GOOD + 'hang_up = "ATZ"\n', "may_reset"),
        (GOOD + "baut = 9600\n", "baud"),
        (GOOD.replace("ATE0", "HELLO"), "no AT command"),
        (GOOD + 'dial = "ATD{nummer}"\n', "filled in"),
        (GOOD + 'dial = "ATD{number"\n', "filled in"),
    ],
)
def test_a_bad_profile_is_refused_with_a_reason(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        profile(write(tmp_path, text))


def test_a_reset_is_possible_where_the_profile_says_so(tmp_path: Path) -> None:
    text = GOOD.replace("ATE0", "ATZ") + "may_reset = true\n"
    assert profile(write(tmp_path, text)).initialise == ("ATZ",)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="sepura"):
        profile("sepora")
