"""Routes of telephone calls. They belong to no area: who looks or acts needs his right at the root."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from central.api.call_requests import CallRequest, JoinRequest, TransferRequest
from central.api.caller import Caller
from central.api.calls_desk import CallsDesk
from central.api.desk import Desk
from central.api.errors import responses
from central.api.who import Looker, having
from central.call_models import TelephoneCallView
from central.people.areas import ROOT

router = APIRouter(tags=["calls"])

Id = Annotated[str, Path(max_length=40, description="Call id", examples=["c41f0a-12"])]
Telephonist = Annotated[Caller, having("call")]


def _calls(request: Request) -> CallsDesk:
    desk: Desk = request.app.state.desk
    return desk.telephony


@router.get("/calls", summary="Telephone calls", responses=responses())
async def calls(request: Request, by: Looker) -> tuple[TelephoneCallView, ...]:
    """Those that go on, and those that ended lately; the newest first."""
    return _calls(request).calls() if by.may("look", ROOT) else ()


@router.get("/calls/{id}", summary="One telephone call", responses=responses(404))
async def call(request: Request, by: Looker, id: Id) -> TelephoneCallView:
    """Its parties and how it stands."""
    by.need("look")
    return _calls(request).call(id)


@router.post("/calls", summary="Connect two numbers", status_code=202, responses=responses(409, 413, 503))
async def connect(request: Request, by: Telephonist, asked: CallRequest) -> TelephoneCallView:
    """Rings a telephone of ours; when it answers the other number is dialled, as far as its class allows."""
    by.need("call")
    return await _calls(request).connect(asked, by.name)


@router.post(
    "/calls/{id}/transfer", summary="Transfer a call", status_code=202, responses=responses(404, 409, 413)
)
async def transfer(request: Request, by: Telephonist, id: Id, asked: TransferRequest) -> TelephoneCallView:
    """One party leaves at once, another number is dialled for who stays."""
    by.need("call")
    return await _calls(request).transfer(id, asked, by.name)


@router.post("/calls/{id}/join", summary="Join two calls", responses=responses(404, 409, 413))
async def join(request: Request, by: Telephonist, id: Id, asked: JoinRequest) -> TelephoneCallView:
    """An attended transfer, or with `stays` three who talk."""
    by.need("call")
    return await _calls(request).join(id, asked, by.name)


@router.delete("/calls/{id}", summary="End a call", responses=responses(404))
async def end(request: Request, by: Telephonist, id: Id) -> TelephoneCallView:
    """Everybody in it is let go."""
    by.need("call")
    return await _calls(request).end(id, by.name)
