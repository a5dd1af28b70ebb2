"""Routes that look: everything at a glance, the gateways, plain counters."""

import re

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from central.api.desk import Desk
from central.api.errors import responses
from central.api.seen import seen_town
from central.api.who import Looker
from central.readmodels import GatewayView, TownView

router = APIRouter(tags=["status"])


@router.get("/status", summary="Everything at a glance", responses=responses())
async def status(request: Request, by: Looker) -> TownView:
    """Gateways, groups and zones of the asker's areas; running and recent broadcasts, voice nodes."""
    desk: Desk = request.app.state.desk
    return seen_town(by, desk.places, desk.view())


@router.get("/gateways", summary="All gateways and their lines", responses=responses())
async def gateways(request: Request, by: Looker) -> tuple[GatewayView, ...]:
    """Gateways of the asker's areas, online or not."""
    desk: Desk = request.app.state.desk
    return seen_town(by, desk.places, desk.view()).gateways


@router.get(
    "/metrics",
    summary="Plain counters",
    response_class=Response,
    responses={
        **responses(),
        200: {
            "description": "One `name value` per line, in the text format of Prometheus",
            "content": {
                "text/plain": {
                    "schema": {"type": "string"},
                    "example": "spillway_bus_messages_total 1200\n",
                }
            },
        },
    },
)
async def metrics(request: Request, by: Looker) -> Response:
    """Counters since the start of core."""
    desk: Desk = request.app.state.desk
    announcer = desk.announcer
    counters = {
        **desk.counters(),
        "live_listeners": announcer.listeners,
        "live_changes_total": announcer.announced,
        "live_cut_off_total": announcer.cut_off,
    }
    rows = [f"spillway_{re.sub('[^a-zA-Z0-9_]', '_', name)} {value:g}" for name, value in counters.items()]
    return PlainTextResponse("\n".join(sorted(rows)) + "\n")
