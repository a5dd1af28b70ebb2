"""hw.map27.profile: the shipped profiles, and what a profile may not say."""

from pathlib import Path

import pytest

from hw.map27.profile import FOLDER, profile
from link.hosting.settings import SettingsError


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.toml")))
def test_shipped_profiles_are_whole(name: str) -> None:
    found = profile(name)
    assert found.name == name
    assert found.terms.t4 > 2 * 15.0, "the radio may speak every 15 s only"
    assert found.terms.t1(found.n1) * found.n2 < 10.0


def test_speeds_of_the_shipped_profiles() -> None:
    assert (profile("generic").baud, profile("srm9000").baud) == (9600, 19200)


def test_an_own_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nbaud = 1200\nn1 = 0\nk = 2\ngrant_by = "ack"\n')
    found = profile(str(path))
    assert (found.terms.baud, found.terms.n1, found.terms.k, found.grant_by) == (1200, 0, 2, "ack")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("baud = 9601", "baud"),
        ("n1 = 256", "n1"),
        ("k = 0", "k"),
        ("t3 = 16", "t3"),
        ('grant_by = "hope"', "grant_by"),
        ("bout = 9600", "baud"),
    ],
)
def test_a_bad_profile_is_refused_with_a_reason(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'name = "mine"\n{text}\n')
    with pytest.raises(SettingsError, match=word):
        profile(str(path))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="srm9000"):
        profile("srm900")
