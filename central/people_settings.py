"""The part of the centre's settings about people and areas."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from central.people.areas import AreaKind
from link.contract.ids import Label
from link.hosting.settings import Settings

AreaId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


class PeopleSettings(Settings):
    """How people sign in. Times in seconds."""

    totp: Literal["required", "optional"] = "required"
    session_idle: float = Field(default=3600.0, ge=60, le=86400)
    session_most: float = Field(default=43200.0, ge=300, le=604800)
    invitation: float = Field(default=259200.0, ge=300, le=2592000)
    initial: Path | None = None


class AreaSettings(Settings):
    """One area; a right at an area holds for everything below it."""

    id: AreaId
    label: Label = ""
    kind: AreaKind
    within: AreaId | Literal[""] = ""
