"""Routes of the talk groups."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from central.api.desk import Desk, DeskError
from central.api.errors import responses
from central.api.requests import GroupChange
from central.api.seen import sees_group
from central.api.who import Grouper, Looker
from central.readmodels import GroupView

router = APIRouter(tags=["groups"])

Group = Annotated[str, Path(max_length=32, description="Group id", examples=["valley"])]


@router.get("/groups", summary="All talk groups", responses=responses())
async def groups(request: Request, by: Looker) -> tuple[GroupView, ...]:
    """Members, and who has the floor."""
    desk: Desk = request.app.state.desk
    return tuple(view for view in desk.view().groups if sees_group(by, desk.places, view))


@router.get("/groups/{group}", summary="One talk group", responses=responses(404))
async def group(request: Request, by: Looker, group: Group) -> GroupView:
    """Members, and who has the floor."""
    desk: Desk = request.app.state.desk
    for view in desk.view().groups:
        if view.group == group and sees_group(by, desk.places, view):
            return view
    by.need("look", desk.places.of_group(group))
    known = ", ".join(view.group for view in desk.view().groups) or "none"
    raise DeskError(404, f"there is no group {group!r}", f"known groups: {known}")


@router.patch("/groups/{group}", summary="Change a talk group", responses=responses(404, 409, 413))
async def set_group(request: Request, by: Grouper, group: Group, change: GroupChange) -> GroupView:
    """Hang time, time-out, members and their priorities. What is left out stays as it is.

    Needs the right at the group's area and at those of the lines that come or go.
    """
    desk: Desk = request.app.state.desk
    lines = (*(member.line for member in change.members), *change.remove)
    by.need("group.set", desk.places.of_group(group), *map(desk.places.of_line, lines))
    return await desk.set_group(group, change, by.name)
