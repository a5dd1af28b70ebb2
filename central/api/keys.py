"""Routes of keys and of the standing authorities of local triggers. Private keys never come here."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from central.api.desk import Desk
from central.api.errors import responses
from central.api.key_requests import KeyAsked, KeyRevoked, SignatureShown
from central.api.who import Approver, Looker, Manager
from central.key_models import KeyView, TriggerView

router = APIRouter(tags=["keys"])

Kid = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="Name of a key", examples=["0f" * 8])]
Trigger = Annotated[str, Path(max_length=32, description="Id of a trigger", examples=["dam-siren"])]


@router.get("/keys", summary="All public keys", responses=responses())
async def keys(request: Request, by: Looker) -> tuple[KeyView, ...]:
    """Those of the key ring, those that wait, those that are revoked."""
    desk: Desk = request.app.state.desk
    return desk.keys.known()


@router.post("/keys", summary="Register one's own key", status_code=201, responses=responses(409, 503))
async def register(request: Request, by: Looker, asked: KeyAsked) -> KeyView:
    """The public half only. It counts when another person has approved it and the next key ring is signed."""
    desk: Desk = request.app.state.desk
    return await desk.keys.register(asked, by.name)


@router.post("/keys/{kid}/approve", summary="Approve another's key", responses=responses(404, 409, 503))
async def approve(request: Request, by: Manager, kid: Kid) -> KeyView:
    """Compare its name with what the holder reads out from his own screen. Refused (409) to the holder."""
    desk: Desk = request.app.state.desk
    by.need("people.manage")
    return await desk.keys.approve(kid, by.name)


@router.post("/keys/{kid}/revoke", summary="Revoke a key", responses=responses(404, 503))
async def revoke(request: Request, by: Looker, kid: Kid, asked: KeyRevoked) -> KeyView:
    """One's own, or with the right to manage people any. The centre counts it no more at once, gateways with the
    next key ring."""
    desk: Desk = request.app.state.desk
    return await desk.keys.revoke(kid, asked.why, by)


@router.get("/triggers", summary="Local triggers and their standing authorities", responses=responses(503))
async def triggers(request: Request, by: Looker) -> tuple[TriggerView, ...]:
    """With what is to be signed."""
    desk: Desk = request.app.state.desk
    return await desk.keys.triggers(by.name)


@router.post("/triggers/{id}/sign", summary="Sign a standing authority", responses=responses(404, 409, 503))
async def sign(request: Request, by: Approver, id: Trigger, shown: SignatureShown) -> TriggerView:
    """A live trigger needs two different persons, a drill one."""
    desk: Desk = request.app.state.desk
    by.need("broadcast.approve", desk.places.of_gateway(desk.keys.gateway_of(id)))
    return await desk.keys.sign_trigger(id, shown, by.name)
