"""Routes of the journal: its end, and the check of its whole chain."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from central.api.desk import Desk
from central.api.errors import responses
from central.api.who import Reader
from central.journal_models import EntryView, VerdictView

router = APIRouter(tags=["journal"])


@router.get("/journal", summary="The last entries of the journal", responses=responses(503))
async def tail(
    request: Request,
    by: Reader,
    n: Annotated[int, Query(ge=1, le=1000, description="How many", examples=[50])] = 50,
    kind: Annotated[
        str | None, Query(max_length=64, description="Only of this kind", examples=["broadcast.approved"])
    ] = None,
) -> tuple[EntryView, ...]:
    """Oldest first. The journal is one for all areas: it needs the right at the root."""
    desk: Desk = request.app.state.desk
    by.need("journal.read")
    return await desk.journal_tail(n, kind)


@router.post("/journal/verify", summary="Check the whole journal", responses=responses(503))
async def verify(request: Request, by: Reader) -> VerdictView:
    """Every hash is computed again, from the first entry on. Answers 200 also when the chain is broken."""
    desk: Desk = request.app.state.desk
    by.need("journal.read")
    return await desk.journal_verify()
