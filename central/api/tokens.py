"""The token file: who may ask, and the secret that shows it. Kept as hashes, compared in constant time.

Nothing of a token is ever logged or shown. Later another door stands here (certificates, accounts); the rest
of the API only sees `Who`.
"""

import hmac
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import Field

from link.hosting.settings import Settings, SettingsError, load

Kind = Literal["person", "gateway"]

SHORTEST = 16
LONGEST = 200


class Bearer(Settings):
    """One name and its token. The token's shape is checked in `load_tokens`, whose words do not repeat it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    token: str = Field(repr=False)


class TokenFile(Settings):
    """The file: [[person]] and [[gateway]] tables with name and token."""

    person: tuple[Bearer, ...] = ()
    gateway: tuple[Bearer, ...] = ()


@dataclass(frozen=True)
class Who:
    """Somebody who showed a valid token."""

    kind: Kind
    name: str


class Tokens:
    """The known tokens. Only their hashes are kept."""

    def __init__(self, file: TokenFile) -> None:
        rows: list[tuple[Kind, Bearer]] = [("person", row) for row in file.person]
        rows += [("gateway", row) for row in file.gateway]
        self._known = tuple((_digest(row.token), Who(kind, row.name)) for kind, row in rows)

    @classmethod
    def load(cls, path: Path) -> "Tokens":
        """Read the token file. SettingsError says what is wrong with it, without showing a token."""
        file = load_tokens(path)
        if not file.person:
            raise SettingsError(f"{path}: names no person; add a [[person]] table with name and token")
        return cls(file)

    def who(self, token: str) -> Who | None:
        """Whose token this is. Takes as long for a wrong one as for a right one."""
        shown = _digest(token)
        found: Who | None = None
        for digest, who in self._known:
            if hmac.compare_digest(digest, shown):
                found = who
        return found

    def who_shows(self, authorization: str) -> Who | None:
        """Whose `Authorization` header this is."""
        scheme, _, token = authorization.partition(" ")
        return self.who(token.strip()) if scheme.lower() == "bearer" else None


def load_tokens(path: Path) -> TokenFile:
    """Read and check the token file. SettingsError."""
    file = load(path, TokenFile)
    rows = (*file.person, *file.gateway)
    for row in rows:
        if not (SHORTEST <= len(row.token) <= LONGEST and row.token.isascii() and row.token.isprintable()):
            raise SettingsError(
                f"{path}: the token of {row.name} cannot be used; "
                f"write {SHORTEST} to {LONGEST} ASCII characters, best from `openssl rand -hex 24`"
            )
        if " " in row.token:
            raise SettingsError(f"{path}: the token of {row.name} contains a space; take it out")
    twice = [name for name, times in Counter(row.name for row in rows).items() if times > 1]
    if twice:
        raise SettingsError(f"{path}: {', '.join(twice)} is named twice; give everybody a name of his own")
    if len({row.token for row in rows}) != len(rows):
        raise SettingsError(f"{path}: two names share a token; give everybody a token of his own")
    return file


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()
