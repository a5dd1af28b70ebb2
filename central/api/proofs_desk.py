"""What the API may ask of core about recordings as evidence: playing together, exports, the chain, holds."""

from pathlib import Path
from typing import Protocol

from central.api.recording_requests import ExportAsked, MixAsked
from central.recording_models import HoldView, SealVerdictView, SealView


class ProofsDesk(Protocol):
    """What may be asked. Every method may raise DeskError, and no other exception. Files are the asker's to remove."""

    def played(self, id: str, by: str) -> None:
        """Somebody hears this recording: for the journal."""

    async def mix(self, asked: MixAsked, by: str) -> tuple[Path, float]:
        """A WAV of these, and the Unix time at which it begins. 404 unknown, 409 no file, 422 too long."""

    async def export(self, asked: ExportAsked, by: str) -> Path:
        """A zip. 404 unknown, 409 it cannot be exported."""

    async def seal(self) -> SealView:
        """The head of the chain as it is signed."""

    async def verify_seals(self) -> SealVerdictView:
        """Check chain and files, in a worker process."""

    async def holds(self, standing: bool) -> tuple[HoldView, ...]:
        """Holds (that stand), the newest first."""

    async def hold(self, id: str, why: str, by: str) -> HoldView:
        """Keep the talk of this recording. 404 unknown, 409 it is erased."""

    async def release(self, number: int, why: str, by: str) -> HoldView:
        """End a hold. 404 there is none that stands."""
