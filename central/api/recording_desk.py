"""What the API may ask of core about recordings, and nothing more."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from central.recording_models import RecordingView


@dataclass(frozen=True)
class RecordingSearch:
    """What is looked for; times in Unix seconds. `before` is the id of the last one of the page before."""

    kind: str | None = None
    subject: str | None = None
    state: str | None = None
    channel: str | None = None
    since: float | None = None
    until: float | None = None
    line: str | None = None
    group: str | None = None
    party: str | None = None
    talk: str | None = None
    held: bool | None = None
    before: str | None = None


class RecordingDesk(Protocol):
    """What may be asked. Every method may raise DeskError, and no other exception."""

    async def recordings(self, search: RecordingSearch, limit: int) -> tuple[RecordingView, ...]:
        """The newest recordings that match, newest first. 404: `before` is unknown."""

    async def recording(self, id: str) -> RecordingView | None:
        """One recording, or None."""

    async def recording_audio(self, id: str) -> Path | None:
        """Its file, complete or as far as it goes, or None when there is no such file."""

    async def want_recording(self, id: str, by: str) -> RecordingView:
        """Have a recording brought from its gateway. 404 unknown, 409 it cannot be had any more."""
