"""Routes of the recordings: list, one, its sound."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse

from central.api.caller import Caller
from central.api.clips import audio
from central.api.desk import Desk, DeskError
from central.api.errors import responses
from central.api.who import Listener
from central.people.areas import ROOT
from central.readmodels import RecordingView

router = APIRouter(tags=["recordings"])

Id = Annotated[str, Path(max_length=200, description="Recording id", examples=["g-valley-20240101-101500"])]
Kind = Annotated[
    Literal["leg", "group", "broadcast", "gateway"] | None,
    Query(description="Only of this kind", examples=["group"]),
]
Subject = Annotated[
    str | None,
    Query(max_length=200, description="Only of this line, group or broadcast", examples=["valley"]),
]
SOUND: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {"audio/wav": {"example": "RIFF…WAVE…"}, "audio/ogg": {"example": "OggS…"}},
    },
    206: {"description": "The part that `Range` asked for"},
    416: {"description": "The file does not reach so far"},
}
Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most", examples=[50])]


def _area(desk: Desk, view: RecordingView, by: Caller) -> str:
    """Where the right to hear it is needed. A warning was for everybody: wherever he has the right at all."""
    match view.kind:
        case "group":
            return desk.places.of_group(view.subject)
        case "broadcast":
            return next(iter(by.rights.at("recording.listen")), ROOT)
        case "gateway":
            return desk.places.of_gateway(view.gateway)
    return desk.places.of_line(view.subject)


@router.get("/recordings", summary="The newest recordings", responses=responses())
async def recordings(
    request: Request, by: Listener, kind: Kind = None, subject: Subject = None, limit: Limit = 50
) -> tuple[RecordingView, ...]:
    """Newest first; of the newest `limit` those that the asker may hear."""
    desk: Desk = request.app.state.desk
    rows = await desk.tapes.recordings(kind, subject, limit)
    return tuple(row for row in rows if by.may("recording.listen", _area(desk, row, by)))


@router.get("/recordings/{id}", summary="One recording", responses=responses(404))
async def recording(request: Request, by: Listener, id: Id) -> RecordingView:
    """What was recorded, how long, and whether the file is whole."""
    desk: Desk = request.app.state.desk
    view = await desk.tapes.recording(id)
    if view is None:
        raise DeskError(404, f"there is no recording {id!r}", "see GET /recordings for the newest ones")
    by.need("recording.listen", _area(desk, view, by))
    return view


@router.get(
    "/recordings/{id}/audio",
    summary="The sound of a recording",
    response_class=FileResponse,
    responses={**responses(404, 409), **SOUND},
)
async def recording_audio(request: Request, by: Listener, id: Id) -> FileResponse:
    """A WAV, or Ogg Opus when it was made at a gateway; one that still runs as far as it goes. `Range` is obeyed."""
    desk: Desk = request.app.state.desk
    view = await recording(request, by, id)
    path = await desk.tapes.recording_audio(id)
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
