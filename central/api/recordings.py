"""Routes of the recordings: list, one, its sound."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse
from pydantic import Field

from central.api.caller import Caller
from central.api.clips import audio
from central.api.desk import Desk, DeskError
from central.api.errors import responses
from central.api.recording_desk import RecordingSearch
from central.api.requests import Body
from central.api.who import Listener
from central.people.areas import ROOT
from central.recording_models import RecordingState, RecordingView

router = APIRouter(tags=["recordings"])

Id = Annotated[str, Path(max_length=200, description="Recording id", examples=["g-valley-20240101-101500"])]


class Search(Body):
    """Filters; each narrows the others."""

    kind: Literal["leg", "group", "broadcast", "gateway"] | None = Field(
        default=None, description="Only of this kind", examples=["group"]
    )
    subject: str | None = Field(
        default=None, max_length=200, description="Only of this line, group or broadcast", examples=["valley"]
    )
    state: RecordingState | None = Field(default=None, description="Only in this state", examples=["closed"])
    channel: Literal["live", "drill", "test"] | None = Field(
        default=None, description="Only of this channel", examples=["live"]
    )
    since: float | None = Field(
        default=None, description="Sounded after this, Unix seconds", examples=[1.7e9]
    )
    until: float | None = Field(default=None, description="Began before this, Unix seconds", examples=[1.8e9])
    line: str | None = Field(
        default=None,
        max_length=200,
        description="This line is in it, alone or with others",
        examples=["gw-north/r1"],
    )
    group: str | None = Field(
        default=None, max_length=200, description="Of this talk group", examples=["valley"]
    )
    party: str | None = Field(
        default=None, max_length=200, description="Somebody of such a name was heard", examples=["Boat 3"]
    )
    talk: str | None = Field(
        default=None, max_length=200, description="All segments of this recording", examples=["g-valley-1"]
    )
    held: bool | None = Field(default=None, description="Under a legal hold, or not", examples=[True])
    before: str | None = Field(
        default=None,
        max_length=200,
        description="Id of the last one of the page before",
        examples=["g-valley-1"],
    )
    limit: int = Field(default=50, ge=1, le=1000, description="How many at most", examples=[50])


SOUND: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {
            "audio/wav": {"example": "RIFF…WAVE…"},
            "audio/ogg": {"example": "OggS…"},
            "audio/flac": {"example": "fLaC…"},
        },
    },
    206: {"description": "The part that `Range` asked for"},
    416: {"description": "The file does not reach so far"},
}


def area_of(desk: Desk, view: RecordingView, by: Caller) -> str:
    """Where the right to hear it is needed. A warning was for everybody: wherever he has the right at all."""
    match view.kind:
        case "group":
            return desk.places.of_group(view.subject)
        case "broadcast":
            return next(iter(by.rights.at("recording.listen")), ROOT)
        case "gateway":
            return desk.places.of_gateway(view.gateway)
    return desk.places.of_line(view.subject)


@router.get("/recordings", summary="The newest recordings", responses=responses(404))
async def recordings(
    request: Request, by: Listener, search: Annotated[Search, Query()]
) -> tuple[RecordingView, ...]:
    """Newest first; of the newest `limit` those that the asker may hear. `before` goes on where a page ended."""
    desk: Desk = request.app.state.desk
    rows = await desk.tapes.recordings(RecordingSearch(**search.model_dump(exclude={"limit"})), search.limit)
    return tuple(row for row in rows if by.may("recording.listen", area_of(desk, row, by)))


@router.get("/recordings/{id}", summary="One recording", responses=responses(404))
async def recording(request: Request, by: Listener, id: Id) -> RecordingView:
    """What was recorded, how long, and whether the file is whole."""
    desk: Desk = request.app.state.desk
    view = await desk.tapes.recording(id)
    if view is None:
        raise DeskError(404, f"there is no recording {id!r}", "see GET /recordings for the newest ones")
    by.need("recording.listen", area_of(desk, view, by))
    return view


@router.get(
    "/recordings/{id}/audio",
    summary="The sound of a recording",
    response_class=FileResponse,
    responses={**responses(404, 409), **SOUND},
)
async def recording_audio(request: Request, by: Listener, id: Id) -> FileResponse:
    """FLAC, WAV or Ogg Opus; one that still runs as far as it goes. `Range` is obeyed; who hears it is noted."""
    desk: Desk = request.app.state.desk
    view = await recording(request, by, id)
    path = await desk.tapes.recording_audio(id)
    if path is not None:
        desk.proofs.played(id, by.name)
    if path is None and view.state == "announced":
        advice = f"have it brought: spillway recording fetch {id}"
        raise DeskError(409, f"recording {id!r} still lies on {view.gateway}", advice)
    if path is None:
        raise DeskError(404, f"the file of recording {id!r} is missing", "look at the recordings folder")
    return audio(path, view.sha if view.state != "open" else None)


@router.post(
    "/recordings/{id}/want",
    summary="Have a recording brought",
    status_code=202,
    responses=responses(404, 409, 503),
)
async def want(request: Request, by: Listener, id: Id) -> RecordingView:
    """For one that still lies on its gateway. It is `closed` once it has come and was unsealed."""
    desk: Desk = request.app.state.desk
    await recording(request, by, id)
    return await desk.tapes.want_recording(id, by.name)
