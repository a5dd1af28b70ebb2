"""The session that `spillway sign-in` leaves for the commands after it: one for each centre and person, in a file of
mode 0600 below XDG_STATE_HOME."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from central.cli.refusals import Misused
from link.hosting.durable import write_whole


class KeptSession(BaseModel):
    """One session."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    api: str
    person: str
    token: str = Field(repr=False)
    ends_wall: float


class _File(BaseModel):
    sessions: tuple[KeptSession, ...] = ()


def sessions_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where sessions are kept."""
    named = environment.get("XDG_STATE_HOME")
    home = Path(named) if named else Path(environment.get("HOME", "~")).expanduser() / ".local" / "state"
    return home / "spillway" / "sessions.json"


def kept_session(
    api: str, person: str | None, environment: Mapping[str, str] = os.environ
) -> KeptSession | None:
    """The session of this person at this centre, or of whoever signed in last; None: nobody is signed in."""
    for row in reversed(_read(sessions_path(environment))):
        if row.api == api and person in (None, row.person) and row.ends_wall > time.time():
            return row
    return None


def keep_session(new: KeptSession, environment: Mapping[str, str] = os.environ) -> None:
    """Keep it; an older one of the same person at the same centre goes, and those that have ended. Misused."""
    path = sessions_path(environment)
    rows = [row for row in _read(path) if row.ends_wall > time.time()]
    _write(path, [row for row in rows if (row.api, row.person) != (new.api, new.person)] + [new])


def forget_session(api: str, person: str, environment: Mapping[str, str] = os.environ) -> None:
    """It has ended. Misused."""
    path = sessions_path(environment)
    rows = _read(path)
    left = [row for row in rows if (row.api, row.person) != (api, person)]
    if len(left) < len(rows):
        _write(path, left)


def _read(path: Path) -> list[KeptSession]:
    try:
        return list(_File.model_validate_json(path.read_text(encoding="utf-8")).sessions)
    except (OSError, UnicodeDecodeError, ValidationError):  # a file that cannot be read is nobody's session
        return []


def _write(path: Path, rows: list[KeptSession]) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = json.dumps({"sessions": [row.model_dump() for row in rows]}, indent=2)
        write_whole(path, f"{text}\n".encode())
    except OSError as error:
        raise Misused(f"the session cannot be kept: {error.strerror}", str(path)) from None
