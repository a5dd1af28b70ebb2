"""Routes of recordings as evidence: several in time, exports, the chain, legal holds. All are audited by name."""

from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from central.api.caller import Caller
from central.api.desk import Desk, DeskError
from central.api.errors import responses
from central.api.recording_requests import ExportAsked, HoldAsked, MixAsked
from central.api.recordings import Id, area_of
from central.api.who import Listener, Reader
from central.recording_models import HoldView, SealVerdictView, SealView

router = APIRouter(tags=["recordings"])

Number = Annotated[int, Path(ge=1, le=2**53, description="Number of a hold", examples=[3])]
Standing = Annotated[bool, Query(description="Only those that stand", examples=[True])]


def _file(kind: str, what: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": what, "content": {kind: {"example": "…"}}}}


async def _all(desk: Desk, ids: tuple[str, ...], by: Caller) -> None:
    """He may hear every one of them."""
    for id in ids:
        view = await desk.tapes.recording(id)
        if view is None:
            raise DeskError(404, f"there is no recording {id!r}", "see: spillway recording list")
        by.need("recording.listen", area_of(desk, view, by))


def _gone_afterwards(path: FilePath, kind: str, name: str, headers: dict[str, str]) -> FileResponse:
    told = {**headers, "Cache-Control": "no-store"}
    clean = BackgroundTask(path.unlink, missing_ok=True)
    return FileResponse(path, media_type=kind, filename=name, headers=told, background=clean)


@router.post(
    "/recordings/mix",
    summary="Several recordings in time",
    response_class=FileResponse,
    responses={**responses(404, 409, 422, 503), **_file("audio/wav", "A WAV, mono or stereo")},
)
async def mix(request: Request, by: Listener, asked: MixAsked) -> FileResponse:
    """Each at its place; `X-Began` is the Unix time of the first sample. At most half an hour."""
    desk: Desk = request.app.state.desk
    await _all(desk, asked.recordings, by)
    path, began = await desk.proofs.mix(asked, by.name)
    return _gone_afterwards(path, "audio/wav", "recordings.wav", {"X-Began": f"{began:.6f}"})


@router.post(
    "/recordings/export",
    summary="Recordings as evidence",
    response_class=FileResponse,
    responses={**responses(404, 409, 503), **_file("application/zip", "A zip with its own check")},
)
async def export(request: Request, by: Listener, asked: ExportAsked) -> FileResponse:
    """Recordings, manifest, proof from the chain, signed head, public key; `python3 verify.py` in it checks all."""
    desk: Desk = request.app.state.desk
    await _all(desk, asked.recordings, by)
    path = await desk.proofs.export(asked, by.name)
    return _gone_afterwards(path, "application/zip", "recordings.zip", {})


@router.get("/recordings/seal", summary="The signed head of the chain", responses=responses())
async def seal(request: Request, by: Listener) -> SealView:
    """To be noted elsewhere: who has an old head can prove that nothing before it was changed."""
    desk: Desk = request.app.state.desk
    return await desk.proofs.seal()


@router.post("/recordings/verify", summary="Check chain and files", responses=responses())
async def verify(request: Request, by: Reader) -> SealVerdictView:
    """Every entry, every signature, and every file that the chain names and that was not erased. Takes its time."""
    desk: Desk = request.app.state.desk
    by.need("journal.read", "")
    return await desk.proofs.verify_seals()


@router.get("/recordings/holds", summary="Legal holds", responses=responses())
async def holds(request: Request, by: Reader, standing: Standing = True) -> tuple[HoldView, ...]:
    """The newest first, with who placed and released them and why."""
    desk: Desk = request.app.state.desk
    by.need("journal.read", "")
    return await desk.proofs.holds(standing)


@router.post("/recordings/{id}/hold", summary="Keep a recording", responses=responses(404, 409))
async def hold(request: Request, by: Reader, id: Id, asked: HoldAsked) -> HoldView:
    """Its whole talk is never erased until every hold on it is released."""
    desk: Desk = request.app.state.desk
    by.need("journal.read", "")
    return await desk.proofs.hold(id, asked.why, by.name)


@router.post("/recordings/holds/{id}/release", summary="Release a legal hold", responses=responses(404))
async def release(request: Request, by: Reader, id: Number, asked: HoldAsked) -> HoldView:
    """It is erased when its days are over, unless another hold stands."""
    desk: Desk = request.app.state.desk
    by.need("journal.read", "")
    return await desk.proofs.release(id, asked.why, by.name)
