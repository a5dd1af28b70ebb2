"""Routes of enrolment: gateways ask with a token, persons decide, gateways renew with their certificate."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from central.api.desk import Desk, DeskError
from central.api.enrolment_desk import EnrolmentDesk
from central.api.enrolment_requests import ApproveRequest, EnrolRequest, RenewRequest, TokenRequest
from central.api.errors import responses
from central.api.machines import Gateway
from central.api.who import Keeper
from central.enrolment_models import CertificateView, EnrolmentView, TokenView
from central.people.places import Places

router = APIRouter(tags=["enrolment"])

_token = HTTPBearer(auto_error=False, scheme_name="Enrolment", description="An enrolment token")
Id = Annotated[str, Path(pattern=r"^[a-z0-9-]{3,32}$", description="Gateway", examples=["gw-north"])]


def _desk(request: Request) -> EnrolmentDesk:
    desk: Desk = request.app.state.desk
    return desk.enrolment


def _places(request: Request) -> Places:
    desk: Desk = request.app.state.desk
    return desk.places


@router.post(
    "/enrol",
    summary="Ask for a gateway's first certificate",
    responses={
        **responses(409, 503),
        202: {"model": CertificateView, "description": "A person must approve"},
    },
)
async def enrol(request: Request, response: Response, body: EnrolRequest) -> CertificateView:
    """For gateways; the token is what lets them ask, and nothing more. It is good for one key.

    202 while nobody has decided. The same request again is answered as it stands then.
    """
    view = await _desk(request).enrol(body.gateway, body.token, body.csr)
    response.status_code = 202 if view.state == "pending" else 200
    response.headers["Cache-Control"] = "no-store"
    return view


@router.get(
    "/enrol/{gateway}",
    summary="How a gateway's request stands",
    responses={**responses(503), 202: {"model": CertificateView, "description": "A person must approve"}},
)
async def standing(
    request: Request,
    response: Response,
    gateway: Id,
    shown: Annotated[HTTPAuthorizationCredentials | None, Depends(_token)],
) -> CertificateView:
    """For gateways, with the token that the request was made with."""
    if shown is None:
        raise DeskError(401, "no token was shown", "send the header `Authorization: Bearer TOKEN`")
    view = await _desk(request).standing(gateway, shown.credentials)
    response.status_code = 202 if view.state == "pending" else 200
    response.headers["Cache-Control"] = "no-store"
    return view


@router.post("/renew", summary="Renew a gateway's certificate", responses=responses(409, 503))
async def renew(request: Request, gateway: Gateway, body: RenewRequest) -> CertificateView:
    """For gateways, with their certificate, for a key of their own making. No person is asked."""
    return await _desk(request).renew(gateway, body.csr)


@router.get("/enrolments", summary="Requests of gateways", responses=responses(503))
async def requests(request: Request, by: Keeper) -> tuple[EnrolmentView, ...]:
    """The latest of each gateway, newest first."""
    places = _places(request)
    rows = await _desk(request).requests()
    return tuple(row for row in rows if by.may("fleet.manage", places.of_gateway(row.gateway)))


@router.post("/enrolments", summary="A new enrolment token", status_code=201, responses=responses(404, 503))
async def new_token(request: Request, response: Response, by: Keeper, body: TokenRequest) -> TokenView:
    """Shown once. An older token of this gateway that was not used is worth nothing any more."""
    response.headers["Cache-Control"] = "no-store"
    by.need("fleet.manage", _places(request).of_gateway(body.gateway))
    return await _desk(request).new_token(body.gateway, by.name)


@router.post("/enrolments/{gateway}/approve", summary="Approve a request", responses=responses(404, 409, 503))
async def approve(request: Request, by: Keeper, gateway: Id, body: ApproveRequest) -> EnrolmentView:
    """With the fingerprint that the technician reads out at the gateway; it must be the same, whole.

    What was issued to this gateway before is revoked.
    """
    by.need("fleet.manage", _places(request).of_gateway(gateway))
    return await _desk(request).approve(gateway, body.fingerprint, by.name)


@router.post("/enrolments/{gateway}/refuse", summary="Refuse a request", responses=responses(404, 409, 503))
async def refuse(request: Request, by: Keeper, gateway: Id) -> EnrolmentView:
    """The gateway needs a new token then."""
    by.need("fleet.manage", _places(request).of_gateway(gateway))
    return await _desk(request).refuse(gateway, by.name)
