"""Routes for files that gateways send up: tus 1.0, HEAD and PATCH, each file under its SHA-256."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from starlette.requests import ClientDisconnect

from central.api.desk import Desk, DeskError
from central.api.errors import responses
from central.api.machines import Gateway
from central.api.upload_desk import Upload

router = APIRouter(tags=["uploads"])

Sha = Annotated[
    str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the whole file, hex", examples=["0" * 64])
]
_LARGEST = 2**40
HEADERS = {
    "Upload-Offset": {"description": "Octets that the centre has", "schema": {"type": "integer"}},
    "Upload-Length": {"description": "Octets of the whole file, once known", "schema": {"type": "integer"}},
    "Upload-Complete": {
        "description": "`?1`: the centre has all of it, verified by its hash",
        "schema": {"type": "string"},
    },
}


@router.head(
    "/up/{sha}",
    summary="How far an upload is",
    response_class=Response,
    responses={**responses(), 200: {"description": "In the headers", "headers": HEADERS}},
)
async def how_far(request: Request, gateway: Gateway, sha: Sha) -> Response:
    """For gateways. A file of which nothing has come has `Upload-Offset: 0`."""
    desk: Desk = request.app.state.desk
    return Response(status_code=200, headers=_told(await desk.incoming.upload(gateway, sha), sha))


@router.patch(
    "/up/{sha}",
    summary="Send the next part of a file",
    status_code=204,
    response_class=Response,
    responses={
        **responses(400, 408, 409, 413, 415, 423, 460, 507),
        204: {"description": "It was taken; see the headers", "headers": HEADERS},
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The octets from `Upload-Offset` on, at most 1 MiB",
            "content": {
                "application/offset+octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
)
async def next_part(
    request: Request,
    gateway: Gateway,
    sha: Sha,
    upload_offset: Annotated[
        int, Header(ge=0, le=_LARGEST, description="Where the body begins", examples=[0])
    ],
    upload_length: Annotated[
        int, Header(ge=1, le=_LARGEST, description="Octets of the whole file", examples=[60000])
    ],
) -> Response:
    """For gateways. What came before a cut is kept: ask with HEAD and go on there."""
    if request.headers.get("content-type") != "application/offset+octet-stream":
        raise DeskError(415, "this is no part of an upload", "send application/offset+octet-stream")
    told = request.headers.get("content-length", "0")
    if upload_offset + int(told) > upload_length:
        what = f"the body ends at {upload_offset + int(told)}, behind the {upload_length} bytes of the file"
        raise DeskError(400, what, "send what is missing and no more")
    desk: Desk = request.app.state.desk
    try:
        body = request.stream()
        upload = await desk.incoming.take_up(gateway, sha, upload_length, upload_offset, body)
    except ClientDisconnect:  # nobody reads the answer; what came is kept
        raise DeskError(408, "the connection broke", "go on where HEAD says") from None
    return Response(status_code=204, headers=_told(upload, sha))


def _told(upload: Upload, sha: str) -> dict[str, str]:
    headers = {"Tus-Resumable": "1.0.0", "Cache-Control": "no-store", "Upload-Offset": str(upload.offset)}
    if upload.length is not None:
        headers["Upload-Length"] = str(upload.length)
    if upload.complete:
        headers |= {"Upload-Complete": "?1", "ETag": f'"{sha}"'}
    return headers
