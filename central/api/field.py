"""Routes of the field: lines with their terminals, inputs, texts; and orders to them."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request

from central.api.caller import Caller
from central.api.desk import Desk
from central.api.errors import responses
from central.api.field_desk import FieldDesk
from central.api.field_requests import FieldOrder, function_of
from central.api.who import Commander, Looker
from central.field_models import LineFieldView, OrderView, SiteView, TextView
from central.people.places import Places

router = APIRouter(tags=["field"])

Limit = Annotated[int, Query(ge=1, le=500, description="How many at most", examples=[50])]


def _field(request: Request) -> FieldDesk:
    desk: Desk = request.app.state.desk
    return desk.field


def _places(request: Request) -> Places:
    desk: Desk = request.app.state.desk
    return desk.places


def _sees(request: Request, by: Caller, name: str) -> bool:
    """Whether he may look at this gateway or line."""
    return by.may("look", _places(request).of_line(name))


@router.get("/sites", summary="The field of every gateway", responses=responses())
async def sites(request: Request, by: Looker) -> tuple[SiteView, ...]:
    """Supply, contacts, instruments, bypasses and lines."""
    return tuple(site for site in _field(request).sites() if _sees(request, by, site.gateway))


@router.get("/lines", summary="All lines with what their terminals told", responses=responses())
async def lines(request: Request, by: Looker) -> tuple[LineFieldView, ...]:
    """Signal, group, frequency, call, last talker, positions, emergencies."""
    return tuple(line for site in await sites(request, by) for line in site.lines)


@router.get("/lines/{line:path}", summary="One line", responses=responses(404))
async def line(
    request: Request,
    by: Looker,
    line: Annotated[str, Path(max_length=80, description="`gateway/line`", examples=["gw-lake/sat"])],
) -> LineFieldView:
    """The same of one line; an unknown one is answered with the nearest name."""
    by.need("look", _places(request).of_line(line))
    return _field(request).line(line)


@router.get("/texts", summary="The newest texts in and out", responses=responses())
async def texts(
    request: Request,
    by: Looker,
    limit: Limit = 50,
    line: Annotated[
        str | None, Query(max_length=80, description="Only of this line", examples=["gw-lake/sat"])
    ] = None,
) -> tuple[TextView, ...]:
    """Newest first, with the delivery state of those that went out. The newest 500 are kept."""
    return tuple(each for each in _field(request).texts(limit, line) if _sees(request, by, each.line))


@router.post(
    "/orders", summary="Order something in the field", status_code=202, responses=responses(404, 409, 413)
)
async def give(request: Request, by: Commander, asked: Annotated[FieldOrder, Body()]) -> OrderView:
    """One of the orders told apart by `order`; the same `id` again is the same order and is not sent twice.

    Calls and texts need the right `call`, all others `line.control`, at the area of the line's gateway.
    202: what became of it is told by `GET /orders/{id}` and on the live channel.
    """
    by.need(function_of(asked), _places(request).of_line(asked.subject))
    return await _field(request).give(asked, by.name)


@router.get("/orders", summary="The newest orders to the field", responses=responses())
async def orders(request: Request, by: Looker, limit: Limit = 50) -> tuple[OrderView, ...]:
    """Newest first; since the start of core, 200 at most."""
    return tuple(each for each in _field(request).orders(limit) if _sees(request, by, each.subject))


@router.get("/orders/{id}", summary="One order", responses=responses(404))
async def order(
    request: Request,
    by: Looker,
    id: Annotated[str, Path(max_length=64, description="Order id", examples=["o-1a2b3c4d"])],
) -> OrderView:
    """With the gateway's receipt and the fact that followed."""
    view = _field(request).order(id)
    by.need("look", _places(request).of_line(view.subject))
    return view
