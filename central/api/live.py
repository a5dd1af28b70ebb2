"""The live channel: a WebSocket that says the whole town first and then every change.

It never reads anything but the end of the connection, and a listener that does not keep up is cut off with a
code, so that one slow screen never holds up the others.
"""

import asyncio
import contextlib
import logging

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from central.api.changes import NO_RIGHT, TOO_MANY, TOO_SLOW, Listener, TooSlow, TownNow
from central.api.desk import Desk
from central.api.tokens import Tokens

log = logging.getLogger(__name__)

router = APIRouter()

MOST_LISTENERS = 200
SEND_LIMIT = 10.0
"""Seconds that one message may take to leave."""


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Needs the header `Authorization: Bearer TOKEN` of a person. Messages: see central/api/changes.py."""
    tokens: Tokens = socket.app.state.tokens
    desk: Desk = socket.app.state.desk
    who = tokens.who_shows(socket.headers.get("authorization", ""))
    await socket.accept()
    if who is None or who.kind != "person":
        await socket.close(NO_RIGHT, "show a person's token in the Authorization header")
        return
    if desk.announcer.listeners >= MOST_LISTENERS:
        await socket.close(TOO_MANY, f"{MOST_LISTENERS} listen already; close one")
        return
    listener = desk.announcer.listen()  # before the town is read: no change may fall between
    try:
        await _serve(socket, listener, TownNow(town=desk.view(), sites=desk.field.sites()))
    except TooSlow:
        log.warning("live=cut-off who=%s", who.name)
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(TOO_SLOW, "too slow; connect again for a fresh town")
    finally:
        desk.announcer.leave(listener)


async def _serve(socket: WebSocket, listener: Listener, first: TownNow) -> None:
    """Send until the other side leaves. TooSlow when it does not keep up."""
    telling = asyncio.create_task(_tell(socket, listener, first))
    leaving = asyncio.create_task(_until_left(socket))
    try:
        await asyncio.wait({telling, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (telling, leaving):
            task.cancel()
        results = await asyncio.gather(telling, leaving, return_exceptions=True)
    if isinstance(results[0], TooSlow):
        raise results[0]


async def _tell(socket: WebSocket, listener: Listener, first: TownNow) -> None:
    await _send(socket, first.model_dump_json())
    async for change in listener:
        await _send(socket, change.model_dump_json())


async def _send(socket: WebSocket, text: str) -> None:
    try:
        async with asyncio.timeout(SEND_LIMIT):
            await socket.send_text(text)
    except TimeoutError:
        raise TooSlow(f"a message did not leave within {SEND_LIMIT:g} s") from None


async def _until_left(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.receive()
            if socket.client_state.name != "CONNECTED":
                return
