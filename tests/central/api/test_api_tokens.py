"""The token file: which gateways it lets in, and that no complaint repeats a secret."""

from pathlib import Path

import pytest

from central.api.tokens import GatewayWho, Tokens
from link.hosting.settings import SettingsError

NORTH, SOUTH = "north-token-0123456789", "south-token-0123456789"
TOKENS = f"""
[[gateway]]
name = "gw-north"
token = "{NORTH}"
[[gateway]]
name = "gw-south"
token = "{SOUTH}"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "tokens.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_token_is_a_gateway(tmp_path: Path) -> None:
    tokens = Tokens.load(written(tmp_path, TOKENS))
    assert tokens.who(NORTH) == GatewayWho("gw-north") and tokens.who(SOUTH) == GatewayWho("gw-south")
    for wrong in ("", NORTH[:-1], NORTH + " ", "Ж" * 20):
        assert tokens.who(wrong) is None
    assert Tokens.load(written(tmp_path, "")).who(NORTH) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TOKENS.replace('name = "gw-south"', 'name = "gw-north"'), "named twice"),
        (TOKENS.replace(SOUTH, NORTH), "share a token"),
        (TOKENS.replace(SOUTH, "short-secret"), "the token of gw-south cannot be used"),
        (TOKENS.replace(SOUTH, "a secret with blanks"), "contains a space"),
        (TOKENS.replace("[[gateway]]", "[[person]]"), "unknown key 'person'"),
        (TOKENS.replace('name = "gw-south"', 'name = "South!"'), "name"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained_without_secrets(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(SettingsError) as told:
        Tokens.load(written(tmp_path, text))
    assert words in str(told.value) and "tokens.toml" in str(told.value)
    for secret in (NORTH, SOUTH, "short-secret", "a secret with"):
        assert secret not in str(told.value)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        Tokens.load(tmp_path / "none.toml")
