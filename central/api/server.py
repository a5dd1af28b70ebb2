"""Serves the API on a socket: the only file that knows uvicorn. On 127.0.0.1 only, until TLS comes.

Trap: uvicorn takes over SIGINT and SIGTERM unless it is told not to; signals belong to `central core`.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI


class ServerError(Exception):
    """The API cannot be served. The text says what, where and what to do."""


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


class ApiServer:
    """One API on one socket of this machine."""

    def __init__(self, app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        self._host = checked_host(host)
        self._asked = port
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = port

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self._host}:{self.port}"

    async def start(self) -> None:
        """Listen; `port` and `url` are true afterwards. ServerError if the port is taken."""
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


def checked_host(host: str) -> str:
    """`host` if it is 127.0.0.1 (or its name). ServerError otherwise."""
    if host in ("127.0.0.1", "localhost"):
        return "127.0.0.1"
    raise ServerError(
        f"the API refuses to listen on {host!r}: tokens would travel in the clear, there is no TLS yet; "
        "set host to 127.0.0.1 and reach it through an SSH tunnel (ssh -L 8080:127.0.0.1:PORT …)"
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
