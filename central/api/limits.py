"""A bound on what is read from a socket before it is parsed: the body's size, as told and as counted."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.api.errors import answer
from link.contract.firmware_job import LARGEST_BUNDLE

JSON_MOST = 64 * 1024
"""Bytes of an ordinary request body."""
PART_MOST = 1024 * 1024
"""Bytes of a part that a gateway sends up."""
UPLOAD_MOST = 40 * 1024 * 1024
"""Bytes of a WAV that is sent in."""
BUNDLE_MOST = LARGEST_BUNDLE
"""Bytes of a firmware bundle; what a centre takes stands in its settings ([updates] largest_mb)."""


class BodyLimit:
    """ASGI middleware: 413 for bodies over the limit of their path, also when their length was not told.

    `uploads`: paths that take a whole file; `bundles`: the path that takes a firmware bundle; `parts`: the beginning
    of those that take a part.
    """

    def __init__(
        self, app: ASGIApp, uploads: tuple[str, ...] = (), parts: str = "", bundles: str = ""
    ) -> None:
        self._app = app
        self._uploads = uploads
        self._parts = parts
        self._bundles = bundles

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._most(scope["path"])
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

    def _most(self, path: str) -> int:
        if path in self._uploads:
            return UPLOAD_MOST
        if path == self._bundles:
            return BUNDLE_MOST
        return PART_MOST if self._parts and path.startswith(self._parts) else JSON_MOST
