"""Routes of the clips: send a WAV in, list them, fetch a file by its hash (gateways too)."""

import asyncio
import secrets
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse

from central.api.desk import Desk, DeskError
from central.api.errors import responses
from central.api.who import Anybody, Asker, Looker
from central.people.areas import ROOT
from central.readmodels import ClipView

router = APIRouter(tags=["clips"])

WAV_BODY = {
    "requestBody": {
        "required": True,
        "description": "A WAV file: PCM, 16 bit; other rates and channels are converted",
        "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
    }
}
AUDIO: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"audio/wav": {"example": "RIFF…WAVE…"}}},
    206: {"description": "The part that `Range` asked for"},
    416: {"description": "The file does not reach so far"},
}


@router.post(
    "/clips",
    summary="Send a WAV in",
    status_code=201,
    responses=responses(400, 409, 413, 503),
    openapi_extra=WAV_BODY,
)
async def add(
    request: Request,
    by: Asker,
    name: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=80,
            description="Name of the clip; without one it is known by its hash only",
            examples=["flood-warning"],
        ),
    ] = None,
) -> ClipView:
    """The body is the file itself. A name that exists is given to the new sound: as all areas
    share the names, giving one needs the right at the root."""
    desk: Desk = request.app.state.desk
    if name is not None:
        by.need("broadcast.ask", ROOT)
    path = desk.uploads / f"{secrets.token_hex(8)}.part"
    size = 0
    file = await asyncio.to_thread(path.open, "xb")
    try:
        async for chunk in request.stream():
            size += len(chunk)
            await asyncio.to_thread(file.write, chunk)
        await asyncio.to_thread(file.close)
        if size == 0:
            raise DeskError(400, "the body is empty", "send the WAV file as the body of the request")
        return await desk.add_clip(name, path, by.name)
    finally:
        file.close()
        path.unlink(missing_ok=True)


@router.get("/clips", summary="All named clips", responses=responses())
async def clips(request: Request, by: Looker) -> tuple[ClipView, ...]:
    """By name."""
    desk: Desk = request.app.state.desk
    return await desk.clips()


@router.get(
    "/blob/{sha}",
    summary="Fetch a file by its SHA-256",
    response_class=FileResponse,
    responses={**responses(404), **AUDIO},
)
async def blob(
    request: Request,
    who: Anybody,
    sha: Annotated[
        str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the file, hex", examples=["0" * 64])
    ],
) -> FileResponse:
    """Persons who may look, and gateways. `Range` and `If-Range` are obeyed: a thin link goes on where it broke."""
    desk: Desk = request.app.state.desk
    path = await desk.blob(sha)
    if path is None:
        raise DeskError(404, f"there is no file {sha[:12]}…", "ask for the clip again, or send it in again")
    return audio(path, sha)


_KINDS = {
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".raucb": "application/octet-stream",
    ".cfg": "application/octet-stream",
}


def audio(path: FilePath, sha: str | None) -> FileResponse:
    """A sound (or a bundle) as a response; what a hash names never changes, so it may be kept for ever."""
    headers = {"ETag": f'"{sha}"', "Cache-Control": "private, immutable, max-age=31536000"} if sha else None
    kind = _KINDS.get(path.suffix, "audio/wav")
    return FileResponse(path, media_type=kind, headers=headers)
