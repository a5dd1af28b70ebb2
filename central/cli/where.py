"""Finds the centre and the person who asks: the town's note, or what the options say. Reads files only."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from central.api.tokens import TokenFile, load_tokens
from central.cli.refusals import Misused, Unreachable
from link.hosting.settings import SettingsError

VARIABLE = "SPILLWAY_TOWN"
NOTE = Path(".town") / "town.json"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
START = "start the town with scripts/run, or name the centre with --api and --token-file"


class TownNote(BaseModel):
    """What a running town writes down, so that commands find it (town.json). Paths may be relative to it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    api: str = Field(description="Address of the API", examples=["http://127.0.0.1:8080"])
    tokens: Path = Field(description="The persons' token file")
    ca: Path | None = Field(default=None, description="The authority that the API's certificate comes from")
    person: str | None = Field(default=None, description="Who asks when --as is left out")
    bench: Path | None = Field(default=None, description="Control socket of the bench")


@dataclass(frozen=True)
class Access:
    """Where the centre is, and as whom it is asked. The token is never printed."""

    api: str
    person: str
    token: str
    ca: Path | None = None
    """Whom to believe behind https; None: whom this computer believes."""

    def __repr__(self) -> str:
        return f"Access({self.api}, {self.person})"


def note_path(environment: Mapping[str, str], here: Path) -> Path:
    """Where the town's note should be."""
    named = environment.get(VARIABLE)
    path = Path(named) if named else here / NOTE
    return path / NOTE.name if path.is_dir() else path


def read_note(path: Path) -> TownNote:
    """The town's note. Unreachable when there is none; Misused when it cannot be read as one."""
    try:
        note = TownNote.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise Unreachable("no town runs here", str(path), START) from None
    except (OSError, ValueError, ValidationError) as error:
        fault = str(error).splitlines()[0]
        raise Misused(f"the town's note cannot be read: {fault}", str(path), START) from None
    folder = path.parent
    places = {name: folder / getattr(note, name) for name in ("tokens", "bench", "ca") if getattr(note, name)}
    return note.model_copy(update=places)


def find(
    api: str | None,
    token_file: Path | None,
    person: str | None,
    environment: Mapping[str, str] = os.environ,
    here: Path | None = None,
    ca: Path | None = None,
) -> Access:
    """Where to ask and as whom; the town's authority is believed at the town's address only. Misused, Unreachable."""
    note = None
    if api is None or token_file is None:
        note = read_note(note_path(environment, here or Path()))
    address = api or (note.api if note else "")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misused(f"{address!r} is not an address", "--api", "write https://HOST:PORT")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        what = f"{address!r}: a token would travel in the clear"
        raise Misused(what, "--api", "write https://; http:// leads to this machine only")
    path = token_file or (note.tokens if note else Path())
    try:
        tokens = load_tokens(path)
    except SettingsError as error:
        raise Misused(str(error), str(path)) from None
    default = note.person if note and token_file is None else None
    name, token = _person(tokens, person or default, path)
    if ca is None and note is not None and api is None:
        ca = note.ca
    return Access(address.rstrip("/"), name, token, ca)


def _person(tokens: TokenFile, name: str | None, path: Path) -> tuple[str, str]:
    if not tokens.person:
        raise Misused("the token file names no person", str(path), "add a [[person]] table")
    if name is None:
        return tokens.person[0].name, tokens.person[0].token
    for person in tokens.person:
        if person.name == name:
            return person.name, person.token
    known = ", ".join(person.name for person in tokens.person)
    raise Misused(f"there is no person {name!r}", "--as", f"known persons: {known}")
