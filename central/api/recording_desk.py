"""What the API may ask of core about recordings, and nothing more."""

from pathlib import Path
from typing import Protocol

from central.readmodels import RecordingView


class RecordingDesk(Protocol):
    """What may be asked. Every method may raise DeskError, and no other exception."""

    async def recordings(
        self, kind: str | None, subject: str | None, limit: int
    ) -> tuple[RecordingView, ...]:
        """The newest recordings that match, newest first."""

    async def recording(self, id: str) -> RecordingView | None:
        """One recording, or None."""

    async def recording_audio(self, id: str) -> Path | None:
        """Its file, complete or as far as it goes, or None when there is no such file."""

    async def want_recording(self, id: str, by: str) -> RecordingView:
        """Have a recording brought from its gateway. 404 unknown, 409 it cannot be had any more."""
