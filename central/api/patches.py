"""Routes of patches and temporary groups: make one, look at them, end one.

Whoever makes or ends one needs the right to change groups at the area of every group and line that it joins, and of the
groups from which its lines are borrowed.
"""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Path, Request

from central.api.caller import Caller
from central.api.desk import Desk
from central.api.errors import responses
from central.api.patch_requests import PatchRequest, TemporaryGroup
from central.api.who import Grouper, Looker
from central.group_models import PatchView

router = APIRouter(tags=["groups"])

Id = Annotated[str, Path(max_length=32, description="Id of a patch or temporary group", examples=["storm"])]


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _areas(desk: Desk, groups: Iterable[str], lines: Iterable[str]) -> tuple[str, ...]:
    """Where somebody needs the right who changes these."""
    named = tuple(lines)
    homes = (home for home in map(desk.patches.home_of, named) if home is not None)
    found = (*map(desk.places.of_group, (*groups, *homes)), *map(desk.places.of_line, named))
    return tuple(dict.fromkeys(found))


def _sees(by: Caller, desk: Desk, patch: PatchView) -> bool:
    return any(by.may("look", area) for area in _areas(desk, patch.groups, patch.lines))


@router.get("/patches", summary="Patches and temporary groups", responses=responses())
async def patches(request: Request, by: Looker) -> tuple[PatchView, ...]:
    """Those that stand, the oldest first. Their floors are under `/groups`."""
    desk = _desk(request)
    return tuple(patch for patch in desk.patches.standing() if _sees(by, desk, patch))


@router.post("/patches", summary="Join groups and lines", status_code=201, responses=responses(404, 409, 413))
async def make(request: Request, by: Grouper, asked: PatchRequest) -> PatchView:
    """A talk in one of them is heard in all, with one floor. Single lines are borrowed from their groups."""
    desk = _desk(request)
    by.need("group.set", *_areas(desk, asked.groups, (each.line for each in asked.lines)))
    return await desk.patches.make(asked, by.name)


@router.post("/groups", summary="Make a temporary group", status_code=201, responses=responses(404, 409, 413))
async def make_group(request: Request, by: Grouper, asked: TemporaryGroup) -> PatchView:
    """Its lines are borrowed from their groups until it ends."""
    desk = _desk(request)
    by.need("group.set", *_areas(desk, (), (each.line for each in asked.lines)))
    return await desk.patches.make_group(asked, by.name)


@router.delete("/patches/{id}", summary="End a patch or temporary group", responses=responses(404, 503))
async def end(request: Request, by: Grouper, id: Id) -> PatchView:
    """Its groups have their own floors again, its lines go back to their groups. Whoever talks goes on there."""
    desk = _desk(request)
    patch = desk.patches.patch(id)
    by.need("group.set", *_areas(desk, patch.groups, patch.lines))
    return await desk.patches.end(id, by.name)
