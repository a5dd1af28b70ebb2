"""Finds the centre and the person who asks: the town's note, or what the options say. Reads files only."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from central.cli.kept_session import kept_session
from central.cli.refusals import Misused, Unreachable
from central.people.initial import PeopleFile, load_people
from link.hosting.settings import SettingsError

VARIABLE = "SPILLWAY_TOWN"
NOTE = Path(".town") / "town.json"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
START = "start the town with scripts/run, or name the centre with --api and sign in (or name a --token-file)"


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


def find_centre(
    api: str | None,
    ca: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    here: Path | None = None,
) -> Access:
    """Where to ask, as nobody; the town's authority is believed at the town's address only. Misused, Unreachable."""
    if api is not None:
        return Access(_checked(api), "", "", ca)
    note = read_note(note_path(environment, here or Path()))
    return Access(_checked(note.api), "", "", ca or note.ca)


def find(
    api: str | None,
    token_file: Path | None,
    person: str | None,
    environment: Mapping[str, str] = os.environ,
    here: Path | None = None,
    ca: Path | None = None,
) -> Access:
    """Where to ask and as whom: with the token file that is named, else signed in, else as the town's note says.

    Misused or Unreachable.
    """
    centre = find_centre(api, ca, environment, here)
    if token_file is not None:
        return Access(centre.api, *_person(_people(token_file), person, token_file), centre.ca)
    signed_in = kept_session(centre.api, person, environment)
    if signed_in is not None:
        return Access(centre.api, signed_in.person, signed_in.token, centre.ca)
    note = read_note(note_path(environment, here or Path()))
    return Access(centre.api, *_person(_people(note.tokens), person or note.person, note.tokens), centre.ca)


def _checked(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misused(f"{address!r} is not an address", "--api", "write https://HOST:PORT")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        what = f"{address!r}: a token would travel in the clear"
        raise Misused(what, "--api", "write https://; http:// leads to this machine only")
    return address.rstrip("/")


def _people(path: Path) -> PeopleFile:
    try:
        return load_people(path)
    except SettingsError as error:
        raise Misused(str(error), str(path)) from None


def _person(people: PeopleFile, name: str | None, path: Path) -> tuple[str, str]:
    known = {person.name: person.token for person in people.person if person.token}
    if not known:
        raise Misused("this file names no person with a token", str(path), "add a [[person]] table")
    if name is None:
        return next(iter(known.items()))
    if name in known:
        return name, known[name]
    raise Misused(f"there is no person {name!r}", "--as", f"known persons: {', '.join(known)}")
