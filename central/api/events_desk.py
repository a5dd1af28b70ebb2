"""What the API may ask of core about gateways' events and the quarantine. Core implements it."""

from typing import Protocol

from central.link_models import EventView, QuarantineView


class EventsDesk(Protocol):
    """Part of central.api.desk.Desk. Every method may raise DeskError, and no other exception."""

    def counters(self) -> dict[str, float]:
        """Whether events are taken, batches that wait, and batches turned away since the start, by name."""

    async def events(self, gateway: str | None, limit: int) -> tuple[EventView, ...]:
        """The events that came last (of one gateway), by their corrected time, newest first."""

    async def quarantine(self, gateway: str | None, limit: int) -> tuple[QuarantineView, ...]:
        """What nobody understood (of one gateway), newest first."""

    async def raw(self, id: int) -> bytes:
        """The bytes of one entry of the quarantine. 404."""
