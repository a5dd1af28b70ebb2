"""The token file: what it may hold, and that no complaint repeats a secret."""

from pathlib import Path

import pytest

from central.api.tokens import Tokens, Who
from link.hosting.settings import SettingsError
from tests.central.api.fake_desk import GATEWAY, LI, TOKENS, WANG


def written(folder: Path, text: str) -> Path:
    path = folder / "tokens.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_token_is_somebody(tmp_path: Path) -> None:
    tokens = Tokens.load(written(tmp_path, TOKENS))
    assert tokens.who(WANG) == Who("person", "wang") and tokens.who(LI) == Who("person", "li")
    assert tokens.who(GATEWAY) == Who("gateway", "gw-north")
    assert tokens.who_shows(f"bearer {WANG}") == Who("person", "wang")
    for wrong in ("", WANG[:-1], WANG + " ", "Ж" * 20):
        assert tokens.who(wrong) is None
    for wrong in ("", WANG, f"Basic {WANG}", "Bearer"):
        assert tokens.who_shows(wrong) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no person"),
        (TOKENS.replace('name = "li"', 'name = "wang"'), "named twice"),
        (TOKENS.replace(LI, WANG), "share a token"),
        (TOKENS.replace(LI, "short-secret"), "the token of li cannot be used"),
        (TOKENS.replace(LI, "a secret with blanks"), "contains a space"),
        (TOKENS.replace("[[person]]", "[[persons]]"), "did you mean 'person'"),
        (TOKENS.replace('name = "li"', 'name = "Li!"'), "name"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained_without_secrets(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(SettingsError) as told:
        Tokens.load(written(tmp_path, text))
    assert words in str(told.value) and "tokens.toml" in str(told.value)
    for secret in (WANG, LI, GATEWAY, "short-secret", "a secret with"):
        assert secret not in str(told.value)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        Tokens.load(tmp_path / "none.toml")
