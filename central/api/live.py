"""The live channel: a WebSocket that says the whole town first and then every change.

It never reads anything but the end of the connection, and a listener that does not keep up is cut off with a
code, so that one slow screen never holds up the others.
"""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from central.api.changes import NO_RIGHT, TOO_MANY, TOO_SLOW, Listener, TooSlow, TownNow
from central.api.desk import Desk
from central.api.gate import Gate

log = logging.getLogger(__name__)

router = APIRouter()

MOST_LISTENERS = 200
SEND_LIMIT = 10.0
"""Seconds that one message may take to leave."""


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    """Needs the header `Authorization: Bearer TOKEN` of a person who may look. Messages: see central/api/changes.py."""
    gate: Gate = socket.app.state.gate
    desk: Desk = socket.app.state.desk
    scheme, _, secret = socket.headers.get("authorization", "").partition(" ")
    who = gate.who(secret.strip()) if scheme.lower() == "bearer" else None
    await socket.accept()
    if who is None or not who.rights.anywhere("look"):
        await socket.close(NO_RIGHT, "show the token of a person who may look, in the Authorization header")
        return
    if desk.announcer.listeners >= MOST_LISTENERS:
        await socket.close(TOO_MANY, f"{MOST_LISTENERS} listen already; close one")
        return
    listener = desk.announcer.listen()  # before the town is read: no change may fall between
    try:
        town = TownNow(town=desk.view(), sites=desk.field.sites())
        if await _serve(socket, listener, town, gate.until_ended(who)):
            await socket.close(NO_RIGHT, "the session has ended")
    except TooSlow:
        log.warning("live=cut-off who=%s", who.name)
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(TOO_SLOW, "too slow; connect again for a fresh town")
    finally:
        desk.announcer.leave(listener)


async def _serve(
    socket: WebSocket, listener: Listener, first: TownNow, ending: Coroutine[None, None, None]
) -> bool:
    """Send until the other side leaves, or `ending` returns: then True. TooSlow when it does not keep up."""
    telling = asyncio.create_task(_tell(socket, listener, first))
    leaving = asyncio.create_task(_until_left(socket))
    ended = asyncio.create_task(ending)
    tasks = (telling, leaving, ended)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        over = ended.done() and not leaving.done()
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    if isinstance(results[0], TooSlow):
        raise results[0]
    return over


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
