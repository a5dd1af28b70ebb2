"""Routes of roll-outs: start one, look at it, pause, resume and stop it, leave a gateway out.

Whoever acts needs the right to manage the fleet at the area of every gateway that is concerned.
"""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Path, Request

from central.api.caller import Caller
from central.api.desk import Desk
from central.api.errors import responses
from central.api.rollout_requests import LeaveOutRequest, RolloutRequest
from central.api.who import Keeper
from central.people.places import Places
from central.update_models import RolloutShown, RolloutView

router = APIRouter(tags=["updates"])

Id = Annotated[str, Path(max_length=40, description="Id of a roll-out", examples=["u-7k2m9x"])]


def _need(by: Caller, places: Places, gateways: Iterable[str]) -> None:
    by.need("fleet.manage", *dict.fromkeys(places.of_gateway(each) for each in gateways))


def _seen(by: Caller, places: Places, shown: RolloutShown) -> RolloutShown:
    """As far as he may see its gateways."""
    members = tuple(m for m in shown.members if by.may("fleet.manage", places.of_gateway(m.gateway)))
    skipped = tuple(each for each in shown.skipped if by.may("fleet.manage", places.of_gateway(each)))
    says = shown.says if len(members) == len(shown.members) else _unnamed(shown.says)
    return shown.model_copy(update={"members": members, "skipped": skipped, "says": says})


def _unnamed(says: str) -> str:
    """What stopped it names gateways."""
    return says.partition(":")[0]


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


@router.get("/rollouts", summary="Roll-outs", responses=responses())
async def rollouts(request: Request, by: Keeper) -> tuple[RolloutView, ...]:
    """The newest first: those with gateways of the asker's areas."""
    desk = _desk(request)
    found = []
    for each in desk.updates.rollouts():
        areas = {desk.places.of_gateway(gateway) for gateway in desk.updates.gateways_of(each.id)}
        mine = [by.may("fleet.manage", area) for area in areas]
        if any(mine):
            says = each.says if all(mine) else _unnamed(each.says)
            found.append(each.model_copy(update={"says": says}))
    return tuple(found)


@router.post("/rollouts", summary="Start a roll-out", status_code=201, responses=responses(404, 409, 503))
async def start(request: Request, by: Keeper, asked: RolloutRequest) -> RolloutShown:
    """Ring by ring: one gateway, then 5 %, 25 % and all; a day between them, neighbours never in one ring.
    Two bad ends, or more than a twentieth, stop it."""
    desk = _desk(request)
    _need(by, desk.places, asked.named)
    _need(by, desk.places, desk.updates.reaches(asked))
    return await desk.updates.start(asked, by.name)


@router.get("/rollouts/{id}", summary="One roll-out and its gateways", responses=responses(404))
async def rollout(request: Request, by: Keeper, id: Id) -> RolloutShown:
    """Its gateways as far as the asker may see them."""
    desk = _desk(request)
    shown = desk.updates.rollout(id)
    seen = _seen(by, desk.places, shown)
    if not seen.members:
        _need(by, desk.places, [each.gateway for each in shown.members])
    return seen


@router.post("/rollouts/{id}/pause", summary="Pause a roll-out", responses=responses(404, 409, 503))
async def pause(request: Request, by: Keeper, id: Id) -> RolloutShown:
    """Nobody begins; who has begun to write the other slot goes on to his end."""
    desk = _desk(request)
    _need(by, desk.places, desk.updates.gateways_of(id))
    return await desk.updates.pause(id, by.name)


@router.post("/rollouts/{id}/resume", summary="Resume a roll-out", responses=responses(404, 409, 503))
async def resume(request: Request, by: Keeper, id: Id) -> RolloutShown:
    """What was fetched meanwhile is not fetched again."""
    desk = _desk(request)
    _need(by, desk.places, desk.updates.gateways_of(id))
    return await desk.updates.resume(id, by.name)


@router.post("/rollouts/{id}/stop", summary="Stop a roll-out for good", responses=responses(404, 409, 503))
async def stop(request: Request, by: Keeper, id: Id) -> RolloutShown:
    """Who has begun to write goes on to his end. It is not resumed: start another one."""
    desk = _desk(request)
    _need(by, desk.places, desk.updates.gateways_of(id))
    return await desk.updates.stop(id, by.name)


@router.post("/rollouts/{id}/leave-out", summary="Leave a gateway out", responses=responses(404, 409, 503))
async def leave_out(request: Request, by: Keeper, id: Id, asked: LeaveOutRequest) -> RolloutShown:
    """Its ring does not wait for it; a bad end of it still counts."""
    desk = _desk(request)
    _need(by, desk.places, [asked.gateway])
    shown = await desk.updates.leave_out(id, asked.gateway, by.name)
    return _seen(by, desk.places, shown)
