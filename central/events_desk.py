"""The desk of gateways' events and the quarantine: what the store has, as read models. Looks only."""

from central.api.desk import DeskError
from central.ingest import Ingest
from central.link_models import EventView, QuarantineView
from central.store.database import StoreError
from central.store.events import EventStore, Seen
from central.store.quarantine import Kept, Quarantine
from link.contract.batch import UnknownFact, read_row
from link.contract.envelope import EnvelopeError, unpack


class CoreEventsDesk:
    """Implements central.api.events_desk.EventsDesk."""

    def __init__(self, events: EventStore, quarantine: Quarantine, ingest: Ingest) -> None:
        self._events, self._quarantine, self._ingest = events, quarantine, ingest

    def counters(self) -> dict[str, float]:
        """See EventsDesk."""
        return {
            "ingest_ok": float(self._ingest.ingest_ok),
            "ingest_waiting": float(self._ingest.waiting),
            "ingest_turned_away_total": float(self._ingest.turned_away),
        }

    async def events(self, gateway: str | None, limit: int) -> tuple[EventView, ...]:
        """See EventsDesk."""
        try:
            return tuple(event_view(seen) for seen in await self._events.list(gateway, limit))
        except StoreError as error:
            raise DeskError(503, error.reason, error.advice) from None

    async def quarantine(self, gateway: str | None, limit: int) -> tuple[QuarantineView, ...]:
        """See EventsDesk."""
        try:
            return tuple(quarantine_view(kept) for kept in await self._quarantine.list(gateway, limit))
        except StoreError as error:
            raise DeskError(503, error.reason, error.advice) from None

    async def raw(self, id: int) -> bytes:
        """See EventsDesk."""
        try:
            found = await self._quarantine.raw(id)
        except StoreError as error:
            raise DeskError(503, error.reason, error.advice) from None
        if found is None:
            raise DeskError(
                404, f"there is no entry {id} in the quarantine", "see: spillway events quarantine"
            )
        return found


def event_view(seen: Seen) -> EventView:
    """An event of the store; one that cannot be read shows its bytes."""
    kind, fields = f"type {seen.number}", {"raw": seen.body.hex()}  # type: str, dict[str, object]
    try:
        fact = read_row([seen.number, 0, 0, None, *unpack(seen.body)])
        if not isinstance(fact, UnknownFact):
            kind, fields = type(fact).__name__, fact.model_dump(mode="json")
    except (EnvelopeError, TypeError):
        pass
    return EventView(
        gateway=seen.gateway,
        lane=seen.lane,
        epoch=seen.epoch,
        seq=seen.seq,
        kind=kind,
        fields=fields,
        at_wall=seen.at_ms / 1000,
        said_wall=seen.wall_ms / 1000,
        mono=seen.mono_ms / 1000,
        tq=seen.tq,
        corrected=bool(seen.corrected),
        received_wall=seen.received_ms / 1000,
    )


def quarantine_view(kept: Kept) -> QuarantineView:
    """An entry of the quarantine."""
    return QuarantineView(
        id=kept.id,
        gateway=kept.gateway,
        lane=kept.lane,
        why=kept.why,
        detail=kept.detail,
        size=kept.size,
        head=kept.head.hex(),
        first_wall=kept.first_ms / 1000,
        last_wall=kept.last_ms / 1000,
        times=kept.times,
    )
