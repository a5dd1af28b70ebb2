"""Serves the API: the only file that knows uvicorn. On a Unix socket behind the front, in plain on 127.0.0.1.

Traps: uvicorn takes over SIGINT and SIGTERM unless it is told not to; signals belong to `central core`. It believes
X-Forwarded-For of some neighbours unless it is told not to.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from central.api.machines import THROUGH_FRONT


class ServerError(Exception):
    """The API cannot be served. The text says what, where and what to do."""


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


class _Marked:
    """ASGI middleware: says of each request whether it came through the front's socket."""

    def __init__(self, app: ASGIApp, front: bool) -> None:
        self._app = app
        self._front = front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        scope[THROUGH_FRONT] = self._front
        await self._app(scope, receive, send)


class ApiServer:
    """One API on one socket of this machine: on `door`, a listening Unix socket for the front, or else on TCP."""

    def __init__(
        self,
        app: FastAPI,
        host: str = "127.0.0.1",
        port: int = 0,
        door: Callable[[], socket.socket] | None = None,
    ) -> None:
        self._app = _Marked(app, front=door is not None)
        self._host = checked_host(host) if door is None else ""
        self._asked = port
        self._door = door
        self._path: Path | None = None
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = port

    @property
    def url(self) -> str:
        """Where it answers."""
        if self._path is not None:
            return f"unix:{self._path}"
        return f"http://{self._host}:{self.port}"

    async def start(self) -> None:
        """Listen; `port` and `url` are true afterwards. ServerError if the port is taken."""
        if self._door is not None:
            listening = self._door()
            self._path = Path(listening.getsockname())
        else:
            listening = _bind(self._host, self._asked)
            self.port = int(listening.getsockname()[1])
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_max_size=4096,
            timeout_graceful_shutdown=2,
            server_header=False,
            proxy_headers=False,
        )
        self._server = _Quiet(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))
        while not self._server.started:
            if self._task.done():
                raise ServerError(f"the API at {self.url} did not start; see the log above")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Let running requests finish (at most 2 s) and close."""
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        await self._task
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def checked_host(host: str) -> str:
    """`host` if it is 127.0.0.1 (or its name). ServerError otherwise."""
    if host in ("127.0.0.1", "localhost"):
        return "127.0.0.1"
    raise ServerError(
        f"the API refuses to listen on {host!r}: in plain, tokens would travel in the clear; "
        "set host to 127.0.0.1, or leave `plain` out and have the front listen there"
    )


def _bind(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise ServerError(
                f"port {port} on {host} is in use; stop the other program (ss -ltnp 'sport = :{port}') "
                "or set another port, 0 for any free one"
            ) from None
        raise ServerError(f"the API cannot listen on {host}:{port}: {error.strerror}") from None
    return listening
