"""Routes of telephones: list them, add one, give it a new secret, remove it. A secret is shown when it is made."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from central.api.desk import Desk
from central.api.errors import responses
from central.api.phone_requests import NUMBER, PhoneAdded
from central.api.phones_desk import PhonesDesk
from central.api.who import Keeper, Looker
from central.phone_models import NewPhoneView, PhoneView

router = APIRouter(tags=["telephones"])

Number = Annotated[str, Path(pattern=NUMBER, description="Extension", examples=["201"])]


def _phones(request: Request) -> PhonesDesk:
    desk: Desk = request.app.state.desk
    return desk.phones


@router.get("/phones", summary="Telephones", responses=responses())
async def phones(request: Request, by: Looker) -> tuple[PhoneView, ...]:
    """All that may register at the edge, by number."""
    return _phones(request).phones()


@router.get("/phones/{number}", summary="One telephone", responses=responses(404))
async def phone(request: Request, by: Looker, number: Number) -> PhoneView:
    """Without its secret, which nobody can show again."""
    return _phones(request).phone(number)


@router.post("/phones", summary="Add a telephone", status_code=201, responses=responses(404, 409, 503))
async def add(request: Request, by: Keeper, asked: PhoneAdded) -> NewPhoneView:
    """The answer holds the secret to type into the telephone, this once."""
    by.need("fleet.manage")
    return await _phones(request).add(asked, by.name)


@router.post(
    "/phones/{number}/secret",
    summary="Make a new secret",
    status_code=201,
    responses=responses(404, 409, 503),
)
async def new_secret(request: Request, by: Keeper, number: Number) -> NewPhoneView:
    """The old one is void at once; calls that stand go on."""
    by.need("fleet.manage")
    return await _phones(request).new_secret(number, by.name)


@router.delete("/phones/{number}", summary="Remove a telephone", responses=responses(404, 503))
async def remove(request: Request, by: Keeper, number: Number) -> PhoneView:
    """It can neither register nor call nor be called from now on; calls that stand go on."""
    by.need("fleet.manage")
    return await _phones(request).remove(number, by.name)
