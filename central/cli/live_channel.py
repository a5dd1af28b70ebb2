"""One connection to the centre's live channel, read step by step: the only file that knows websockets.

Traps: the library takes a proxy from the environment by itself. Its threaded client reads and writes one TLS
connection from two threads, which Python's `ssl` before 3.13 does not guard: of a hundred connections two hung at the
handshake or broke (measured against nginx, Python 3.11). Its asyncio client has one thread and lost none of 1,400.
"""

import asyncio
import ssl
from collections.abc import Generator, Mapping

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

OPEN_WITHIN = 5.0
CLOSE_WITHIN = 1.0
MOST_OCTETS = 2**24
"""Of one message: the first one is the whole town."""


class NotTaken(Exception):
    """The other side answered, but not with a live channel; the text says with what."""


class Ended(Exception):
    """The connection is over. `code`: as in RFC 6455 §7.4, None if it broke."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def texts(
    address: str, headers: Mapping[str, str], tls: ssl.SSLContext | None, silence: float | None = None
) -> Generator[str | None, None, None]:
    """Each message, and None after each `silence` seconds without one; runs a loop of its own.

    Raises NotTaken, Ended at the end, and OSError or TimeoutError when nobody answers within OPEN_WITHIN seconds.
    """
    with asyncio.Runner() as loop:
        socket = loop.run(_opened(address, headers, tls))
        try:
            while True:
                try:
                    yield str(loop.run(asyncio.wait_for(socket.recv(), silence)))
                except TimeoutError:
                    yield None
        except ConnectionClosed as closed:
            if closed.rcvd is None:
                raise Ended(None, "the connection broke") from None
            raise Ended(closed.rcvd.code, closed.rcvd.reason) from None
        finally:
            loop.run(socket.close())


async def _opened(address: str, headers: Mapping[str, str], tls: ssl.SSLContext | None) -> ClientConnection:
    try:
        return await connect(
            address,
            additional_headers=headers,
            ssl=tls,
            proxy=None,
            open_timeout=OPEN_WITHIN,
            close_timeout=CLOSE_WITHIN,
            max_size=MOST_OCTETS,
        )
    except InvalidHandshake as error:
        raise NotTaken(str(error)) from None
