"""Routes of the talk groups."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from central.api.desk import Desk, DeskError
from central.api.errors import responses
from central.api.requests import GroupChange
from central.api.who import Person
from central.readmodels import GroupView

router = APIRouter(tags=["groups"])

Group = Annotated[str, Path(max_length=32, description="Group id", examples=["valley"])]


@router.get("/groups", summary="All talk groups", responses=responses())
async def groups(request: Request, by: Person) -> tuple[GroupView, ...]:
    """Members, and who has the floor."""
    desk: Desk = request.app.state.desk
    return desk.view().groups


@router.get("/groups/{group}", summary="One talk group", responses=responses(404))
async def group(request: Request, by: Person, group: Group) -> GroupView:
    """Members, and who has the floor."""
    desk: Desk = request.app.state.desk
    for view in desk.view().groups:
        if view.group == group:
            return view
    known = ", ".join(view.group for view in desk.view().groups) or "none"
    raise DeskError(404, f"there is no group {group!r}", f"known groups: {known}")


@router.patch("/groups/{group}", summary="Change a talk group", responses=responses(404, 409, 413))
async def set_group(request: Request, by: Person, group: Group, change: GroupChange) -> GroupView:
    """Hang time, time-out, members and their priorities. What is left out stays as it is."""
    desk: Desk = request.app.state.desk
    return await desk.set_group(group, change, by)
