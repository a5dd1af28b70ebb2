"""What the API may ask of core about patches and temporary groups. See central.api.desk."""

from typing import Protocol

from central.api.patch_requests import PatchRequest, TemporaryGroup
from central.group_models import PatchView


class PatchDesk(Protocol):
    """Every method may raise DeskError, and no other exception."""

    def standing(self) -> tuple[PatchView, ...]:
        """Patches and temporary groups that stand, the oldest first."""

    def patch(self, id: str) -> PatchView:
        """One of them. 404."""

    def home_of(self, line: str) -> str | None:
        """The configured group that a line belongs to."""

    async def make(self, asked: PatchRequest, by: str) -> PatchView:
        """Join groups and lines. 404 unknown group or line, 409 one that is patched or lent already."""

    async def make_group(self, asked: TemporaryGroup, by: str) -> PatchView:
        """Make a temporary group. 404 unknown line, 409 the name is taken or a line is lent already."""

    async def end(self, id: str, by: str) -> PatchView:
        """End one; what it was. 404; 503: it has ended, but the disk does not know."""
