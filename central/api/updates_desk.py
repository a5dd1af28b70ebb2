"""What the API may ask of core about firmware bundles and roll-outs. See central.api.desk."""

from collections.abc import AsyncIterator
from typing import Protocol

from central.api.rollout_requests import RolloutRequest
from central.update_models import BundleView, RolloutShown, RolloutView


class UpdatesDesk(Protocol):
    """Every method may raise DeskError, and no other exception."""

    def bundles(self) -> tuple[BundleView, ...]:
        """The bundles that the centre holds, the oldest first."""

    async def add_bundle(
        self, body: AsyncIterator[bytes], length: int | None, sha: str | None, name: str, by: str
    ) -> BundleView:
        """Take a bundle in as it comes. 413 and 507 no room, 422 not signed for our gateways, 423, 460 another hash."""

    async def remove_bundle(self, sha: str, by: str) -> BundleView:
        """Forget one. 404 unknown, 409 a roll-out needs it."""

    def rollouts(self) -> tuple[RolloutView, ...]:
        """The newest first."""

    def gateways_of(self, id: str) -> tuple[str, ...]:
        """The gateways of a roll-out, ring by ring. 404 unknown."""

    def rollout(self, id: str) -> RolloutShown:
        """One roll-out. 404 unknown."""

    def reaches(self, asked: RolloutRequest) -> tuple[str, ...]:
        """The gateways that it asks for. 404 one of them is unknown."""

    async def start(self, asked: RolloutRequest, by: str) -> RolloutShown:
        """Start one. 404 unknown bundle or gateway, 409 with the reason when it cannot be."""

    async def pause(self, id: str, by: str) -> RolloutShown:
        """Nobody begins for now. 404 unknown, 409 it is over or paused."""

    async def resume(self, id: str, by: str) -> RolloutShown:
        """Go on. 404 unknown, 409 it is not paused."""

    async def stop(self, id: str, by: str) -> RolloutShown:
        """Stop it for good. 404 unknown, 409 it is over."""

    async def leave_out(self, id: str, gateway: str, by: str) -> RolloutShown:
        """Do not wait for this one. 404 unknown, 409 it is over."""
