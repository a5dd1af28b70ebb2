"""Routes of firmware bundles: send one in, list and remove them. Gateways fetch them from /blob by their hash."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.requests import ClientDisconnect

from central.api.desk import Desk, DeskError
from central.api.errors import responses
from central.api.who import Keeper
from central.people.areas import ROOT
from central.update_models import BundleView

router = APIRouter(tags=["updates"])

_SHA = r"^[0-9a-f]{64}$"
Sha = Annotated[str, Path(pattern=_SHA, description="SHA-256 of the bundle, hex", examples=["0" * 64])]


@router.get("/bundles", summary="Firmware bundles", responses=responses())
async def bundles(request: Request, by: Keeper) -> tuple[BundleView, ...]:
    """What the centre holds for its gateways, the oldest first."""
    desk: Desk = request.app.state.desk
    return desk.updates.bundles()


@router.post(
    "/bundles",
    summary="Send a firmware bundle in",
    status_code=201,
    responses=responses(400, 408, 413, 423, 460, 503, 507),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "A RAUC bundle as `images/build --bundle` makes it",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def add(
    request: Request,
    by: Keeper,
    sha: Annotated[
        str | None,
        Query(pattern=_SHA, description="SHA-256 that the file shall have, hex", examples=["0" * 64]),
    ] = None,
    name: Annotated[
        str, Query(max_length=80, description="Name of the file, for people", examples=["gateway.raucb"])
    ] = "",
) -> BundleView:
    """The body is the file itself; it is written as it comes. Version and kind of machine are read from it. One that
    is not signed by the key of the gateways is refused (422) and nothing is kept. Needs the right at the root."""
    desk: Desk = request.app.state.desk
    by.need("fleet.manage", ROOT)
    told = request.headers.get("content-length", "")
    try:
        length = int(told) if told.isdigit() else None
        return await desk.updates.add_bundle(request.stream(), length, sha, name, by.name)
    except ClientDisconnect:  # nobody reads the answer
        raise DeskError(408, "the connection broke", "send the bundle again") from None


@router.delete("/bundles/{sha}", summary="Remove a firmware bundle", responses=responses(404, 409, 503))
async def remove(request: Request, by: Keeper, sha: Sha) -> BundleView:
    """Refused (409) while a roll-out needs it."""
    desk: Desk = request.app.state.desk
    by.need("fleet.manage", ROOT)
    return await desk.updates.remove_bundle(sha, by.name)
