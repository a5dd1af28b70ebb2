"""The file of initial people: who is there when the store has nobody yet. The command line reads tokens from it.

Mode 0600. Nothing of a token, password or seed is repeated in a complaint.
"""

from collections import Counter
from pathlib import Path

from pydantic import Field

from central.people.functions import Role
from central.people.rules import NAME, password_fault
from link.hosting.settings import Settings, SettingsError, load

SHORTEST = 16
LONGEST = 200


class InitialPerson(Settings):
    """One person. What is empty he has not; a password needs no invitation any more."""

    name: str = Field(pattern=NAME)
    token: str = Field(default="", repr=False)
    password: str = Field(default="", repr=False)
    totp: str = Field(default="", repr=False, description="seed, base32")
    roles: tuple[Role, ...] = ()
    area: str = ""


class PeopleFile(Settings):
    """The file: [[person]] tables."""

    person: tuple[InitialPerson, ...] = ()


def load_people(path: Path) -> PeopleFile:
    """Read and check the file. SettingsError."""
    file = load(path, PeopleFile)
    if path.stat().st_mode & 0o077:
        raise SettingsError(f"{path}: others may read it; chmod 600 {path}")
    for row in file.person:
        _check(path, row)
    twice = [name for name, times in Counter(row.name for row in file.person).items() if times > 1]
    if twice:
        raise SettingsError(f"{path}: {', '.join(twice)} is named twice; give everybody a name of his own")
    tokens = [row.token for row in file.person if row.token]
    if len(set(tokens)) != len(tokens):
        raise SettingsError(f"{path}: two names share a token; give everybody a token of his own")
    return file


def _check(path: Path, row: InitialPerson) -> None:
    fault = token_fault(row.token) if row.token else None
    if fault:
        raise SettingsError(f"{path}: the token of {row.name} {fault}")
    fault = password_fault(row.password, row.name) if row.password else None
    if fault:
        raise SettingsError(f"{path}: {row.name}: {fault}")


def token_fault(token: str) -> str | None:
    """Why a token cannot be used, in words that follow its owner's name; never repeats it."""
    if not (SHORTEST <= len(token) <= LONGEST and token.isascii() and token.isprintable()):
        return f"cannot be used; write {SHORTEST} to {LONGEST} ASCII characters, best from `openssl rand -hex 24`"
    return "contains a space; take it out" if " " in token else None
