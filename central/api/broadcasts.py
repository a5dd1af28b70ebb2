"""Routes of the broadcasts: ask, look, approve, stop."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from central.api.caller import Caller
from central.api.desk import Desk, DeskError
from central.api.errors import responses
from central.api.key_requests import SignatureShown, StopShown
from central.api.requests import BroadcastRequest
from central.api.who import Approver, Asker, Looker, Stopper, having
from central.people.functions import Function
from central.readmodels import BroadcastView

router = APIRouter(tags=["broadcasts"])

Id = Annotated[str, Path(max_length=64, description="Broadcast id", examples=["b-7k2m"])]


@router.post(
    "/broadcasts",
    summary="Ask for a broadcast",
    status_code=202,
    responses=responses(404, 409, 413, 503),
)
async def start(request: Request, by: Asker, asked: BroadcastRequest) -> BroadcastView:
    """A drill or test sounds at once. A live one waits until a second, different person approves it.

    Unless the centre runs in plain mode, each yes is a signature over `to_sign` of the answer: the asker's own first
    (`POST /broadcasts/{id}/sign`), for a live one a second person's too. Nothing sounds before.

    202: what became of it is told by `GET /broadcasts/{id}` and on the live channel.
    """
    desk: Desk = request.app.state.desk
    by.need("broadcast.ask", *map(desk.places.of_zone, asked.zones))
    return await desk.start_broadcast(asked, by.name)


@router.get("/broadcasts", summary="The newest broadcasts", responses=responses())
async def broadcasts(
    request: Request,
    by: Looker,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most", examples=[50])] = 50,
) -> tuple[BroadcastView, ...]:
    """Newest first."""
    desk: Desk = request.app.state.desk
    return await desk.broadcasts(limit)


@router.get("/broadcasts/{id}", summary="One broadcast", responses=responses(404))
async def broadcast(request: Request, by: Looker, id: Id) -> BroadcastView:
    """With the progress of each loudspeaker."""
    desk: Desk = request.app.state.desk
    view = await desk.broadcast(id)
    if view is None:
        raise DeskError(404, f"there is no broadcast {id!r}", "see GET /broadcasts for the newest ones")
    return view


@router.post(
    "/broadcasts/{id}/approve",
    summary="Approve a live broadcast as the second person",
    responses=responses(404, 409),
)
async def approve(request: Request, by: Approver, id: Id) -> BroadcastView:
    """Refused (409) to the person who asked for it. Needs the right at the areas of all its zones."""
    desk: Desk = request.app.state.desk
    view = await desk.broadcast(id)
    if view is not None:
        by.need("broadcast.approve", *map(desk.places.of_zone, view.zones))
    return await desk.approve(id, by.name)


@router.post("/broadcasts/{id}/sign", summary="Sign a broadcast", responses=responses(404, 409))
async def sign(
    request: Request,
    by: Annotated[Caller, having("broadcast.ask", "broadcast.approve")],
    id: Id,
    shown: SignatureShown,
) -> BroadcastView:
    """The asker's signature (Ed25519 over `sw-auth-v1`, a zero octet, `to_sign`), or the second person's: approval."""
    desk: Desk = request.app.state.desk
    view = await desk.broadcast(id)
    if view is not None:
        function: Function = "broadcast.ask" if view.by == by.name else "broadcast.approve"
        by.need(function, *map(desk.places.of_zone, view.zones))
    return await desk.sign(id, shown, by.name)


@router.post("/broadcasts/{id}/stop", summary="Stop a broadcast", responses=responses(404, 409))
async def stop(request: Request, by: Stopper, id: Id, shown: StopShown | None = None) -> BroadcastView:
    """Whoever may stop may stop any, in any area; a live one takes his signature, unless the mode is plain.

    It is `over` when every loudspeaker has confirmed it."""
    desk: Desk = request.app.state.desk
    return await desk.stop(id, by.name, shown)
