"""The `[recording]` table of the centre's settings: how recordings are kept, how long, what of the disk they get."""

from typing import Literal

from pydantic import Field

from link.hosting.settings import Settings


class RecordingSettings(Settings):
    """Days by kind are those of `keep_days` where none are given. What is held goes never."""

    codec: Literal["flac", "opus", "wav"] = Field(default="flac", description="what closed files become")
    segment_minutes: int = Field(default=15, ge=1, le=240, description="a long recording is cut into such")
    keep_days: int = Field(default=180, ge=1, le=36500)
    leg_days: int | None = Field(default=None, ge=1, le=36500)
    group_days: int | None = Field(default=None, ge=1, le=36500)
    broadcast_days: int | None = Field(default=None, ge=1, le=36500)
    gateway_days: int | None = Field(default=None, ge=1, le=36500)
    warn_percent: int = Field(default=85, ge=10, le=99, description="of the disk in use: people are told")
    floor_mb: int = Field(
        default=1024, ge=0, le=1_000_000, description="below it the oldest go first; 0: never"
    )

    def days_of(self, kind: str) -> int:
        """How long recordings of this kind are kept."""
        given: int | None = getattr(self, f"{kind}_days", None)
        return self.keep_days if given is None else given
