"""Bodies that people send: checked here, trusted behind. An unknown field is an error that names it."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from central.readmodels import LineName
from link.contract.ids import Label, Sha256, ZoneId
from link.contract.orders import Channel

MOST_ZONES = 64
MOST_TEXT = 2000


class Body(BaseModel):
    """Base of all request bodies."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BroadcastRequest(Body):
    """Ask for a broadcast: to which zones, and exactly one of `clip`, `text` and `wav`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"zones": ["north"], "text": "大坝泄洪，请立即离开河岸。", "voice": "zh", "channel": "live"},
                {"zones": ["north", "south"], "clip": "flood-warning", "channel": "drill", "priority": 7},
            ]
        }
    )

    zones: tuple[ZoneId, ...] = Field(
        min_length=1, max_length=MOST_ZONES, description="Zones whose loudspeakers shall sound"
    )
    clip: str | None = Field(
        default=None, min_length=1, max_length=80, description="Name of a clip", examples=["flood-warning"]
    )
    text: str | None = Field(
        default=None, min_length=1, max_length=MOST_TEXT, description="Text to speak", examples=["Leave now."]
    )
    voice: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2}(-[a-z0-9-]{1,30})?$",
        description="Language of the text, for instance zh or en; chosen by the text when left out",
        examples=["zh"],
    )
    wav: Sha256 | None = Field(
        default=None, description="SHA-256 of a WAV sent to /clips before, hex", examples=["0" * 64]
    )
    channel: Channel = Field(
        default="live", description="live waits for a second person; drill and test sound at once"
    )
    priority: int = Field(default=5, ge=0, le=9, description="0 to 9; a higher one pre-empts")
    window: float = Field(
        default=300.0, ge=5, le=3600, description="How long orders may go out, seconds", examples=[300.0]
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("clip", "text", "wav") if getattr(self, name) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            raise ValueError(f"give exactly one of clip, text and wav, not {said}")
        if self.voice is not None and self.text is None:
            raise ValueError("voice belongs to text")
        if self.text is not None and not self.text.strip():
            raise ValueError("the text is empty")
        return self


class MemberChange(Body):
    """A line that shall be in the group, with this priority."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"line": "gw-north/r1", "priority": 7}]})

    line: LineName = Field(description="`gateway/line`")
    priority: int = Field(default=5, ge=0, le=9, description="0 to 9; a higher one pre-empts")
    label: Label | None = Field(default=None, description="Name for people; kept if left out")
    listen: bool | None = Field(
        default=None, description="It hears all and never has the floor; kept if left out"
    )


class GroupChange(Body):
    """Change a talk group; what is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"hang": 3.0, "members": [{"line": "gw-north/r1", "priority": 7}]}]}
    )

    hang: float | None = Field(default=None, ge=0, le=30, description="Hang time, seconds")
    timeout: float | None = Field(default=None, ge=5, le=600, description="Longest talk spurt, seconds")
    members: tuple[MemberChange, ...] = Field(
        default=(), max_length=64, description="Lines to add, or to give another priority or label"
    )
    remove: tuple[LineName, ...] = Field(default=(), max_length=64, description="Lines to take out")

    @model_validator(mode="after")
    def _some_change(self) -> Self:
        if self.hang is None and self.timeout is None and not self.members and not self.remove:
            raise ValueError("nothing to change: give hang, timeout, members or remove")
        both = {member.line for member in self.members} & set(self.remove)
        if both:
            raise ValueError(f"{', '.join(sorted(both))} cannot be both added and removed")
        return self
