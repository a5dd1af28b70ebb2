"""What the API may ask of core about files that gateways send up, and nothing more."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Upload:
    """How far an upload is, in octets; `length` is None while nothing of it has come; `complete`: verified, kept."""

    offset: int
    length: int | None
    complete: bool


class UploadDesk(Protocol):
    """What may be asked. Every method may raise DeskError, and no other exception of its own."""

    async def upload(self, gateway: str, sha: str) -> Upload:
        """How far it is."""

    async def take_up(
        self, gateway: str, sha: str, length: int, offset: int, body: AsyncIterator[bytes]
    ) -> Upload:
        """Append `body` at `offset`. 409 another offset or length, 413 too long, 423 under way, 460, 507."""
