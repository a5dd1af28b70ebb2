"""The token file: gateways that may fetch and send files, and the secret that shows it. Kept as hashes.

Nothing of a token is ever logged or shown. Persons are not in it: they are kept by core (central/people_book.py).
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from central.people.bearers import digest
from central.people.initial import token_fault
from link.hosting.settings import Settings, SettingsError, load


class Bearer(Settings):
    """One name and its token. The token's shape is checked in `load_tokens`, whose words do not repeat it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    token: str = Field(repr=False)


class TokenFile(Settings):
    """The file: [[gateway]] tables with name and token."""

    gateway: tuple[Bearer, ...] = ()


@dataclass(frozen=True)
class GatewayWho:
    """A gateway that showed its token."""

    name: str


class Tokens:
    """The known tokens. Only their hashes are kept."""

    def __init__(self, file: TokenFile) -> None:
        self._known = {digest(row.token): GatewayWho(row.name) for row in file.gateway}

    @classmethod
    def load(cls, path: Path) -> "Tokens":
        """Read the token file. SettingsError says what is wrong with it, without showing a token."""
        return cls(load_tokens(path))

    def who(self, token: str) -> GatewayWho | None:
        """Whose token this is. A hash is looked up, so that the time it takes tells nothing of the token."""
        shown = digest(token)
        return self._known.get(shown)


def load_tokens(path: Path) -> TokenFile:
    """Read and check the token file. SettingsError."""
    file = load(path, TokenFile)
    for row in file.gateway:
        fault = token_fault(row.token)
        if fault:
            raise SettingsError(f"{path}: the token of {row.name} {fault}")
    twice = [name for name, times in Counter(row.name for row in file.gateway).items() if times > 1]
    if twice:
        raise SettingsError(f"{path}: {', '.join(twice)} is named twice; give everybody a name of his own")
    if len({row.token for row in file.gateway}) != len(file.gateway):
        raise SettingsError(f"{path}: two names share a token; give everybody a token of his own")
    return file
