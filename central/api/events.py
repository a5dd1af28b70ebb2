"""Routes of gateways' events and of the quarantine: look only."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from central.api.desk import Desk
from central.api.errors import responses
from central.api.events_desk import EventsDesk
from central.api.who import Keeper, Looker
from central.link_models import EventView, QuarantineView

router = APIRouter(tags=["events"])

Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most", examples=[50])]
Gateway = Annotated[
    str | None, Query(max_length=32, description="Only of this gateway", examples=["gw-north"])
]


def _events(request: Request) -> EventsDesk:
    desk: Desk = request.app.state.desk
    return desk.events


@router.get("/events", summary="The newest events of gateways", responses=responses(503))
async def events(
    request: Request, by: Looker, gateway: Gateway = None, limit: Limit = 50
) -> tuple[EventView, ...]:
    """Those that came last, by the time at which they happened, newest first.

    A gateway without the time tells it later: then all events of that start of its computer are corrected.
    """
    desk: Desk = request.app.state.desk
    if gateway is not None:
        by.need("look", desk.places.of_gateway(gateway))
    rows = await _events(request).events(gateway, limit)
    return tuple(row for row in rows if by.may("look", desk.places.of_gateway(row.gateway)))


@router.get("/quarantine", summary="What gateways sent and nobody understands", responses=responses(503))
async def quarantine(
    request: Request, by: Keeper, gateway: Gateway = None, limit: Limit = 50
) -> tuple[QuarantineView, ...]:
    """Newest first; bounded, the oldest go."""
    desk: Desk = request.app.state.desk
    if gateway is not None:
        by.need("fleet.manage", desk.places.of_gateway(gateway))
    rows = await _events(request).quarantine(gateway, limit)
    return tuple(row for row in rows if by.may("fleet.manage", desk.places.of_gateway(row.gateway)))


@router.get(
    "/quarantine/{id}/raw",
    summary="The bytes of an entry of the quarantine",
    response_class=Response,
    responses={
        **responses(404, 503),
        200: {
            "description": "Exactly what came",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        },
    },
)
async def raw(
    request: Request,
    by: Keeper,
    id: Annotated[int, Path(ge=0, le=2**53, description="Number of the entry", examples=[3])],
) -> Response:
    """For who looks into it with a program of his own. Needs the right at the root."""
    by.need("fleet.manage")  # the number does not tell whose it is
    return Response(await _events(request).raw(id), media_type="application/octet-stream")
