"""A bound on what is read from a socket before it is parsed: the body's size, as told and as counted."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.api.errors import answer

JSON_MOST = 64 * 1024
"""Bytes of an ordinary request body."""
UPLOAD_MOST = 40 * 1024 * 1024
"""Bytes of a WAV that is sent in."""


class BodyLimit:
    """ASGI middleware: 413 for bodies over the limit of their path, also when their length was not told."""

    def __init__(self, app: ASGIApp, uploads: tuple[str, ...] = ()) -> None:
        self._app = app
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = UPLOAD_MOST if scope["path"] in self._uploads else JSON_MOST
        what = f"the body is larger than {most} bytes"
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if not told.isdigit() or int(told) > most:
            await answer(413, what, scope["path"], "send less")(scope, receive, send)
            return
        counted = 0

        async def counting() -> Message:
            nonlocal counted
            message = await receive()
            counted += len(message.get("body", b""))
            if counted > most:
                raise HTTPException(413, what)  # the one exception that body parsers let through
            return message

        await self._app(scope, counting, send)
