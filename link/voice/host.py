"""Hosts a voice engine in a process of its own: orders from one neighbour in, facts and beats out.

Orders and engine facts are taken one at a time, in order. A beat is sent only after a round trip through the
engine's own thread, so that a frozen engine is silent. When the engine ends, so does the process.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from link.bus.port import Frame, NeighbourClient, PeerDown, PeerUp
from link.contract.envelope import EnvelopeError
from link.contract.neighbour import BEAT_EVERY, VoiceBeat
from link.contract.wire import Tagged, Wire
from link.hosting.clock import Clock, SystemClock
from link.hosting.inbox import Inbox
from link.hosting.notify import notify
from link.voice.port import EngineStopped, VoiceEngine

log = logging.getLogger(__name__)

ALIVE_MOST = 1.0
"""Seconds the engine's thread may take to answer before a beat is left out."""


class Obedient(Protocol):
    """What performs orders on the engine."""

    async def obey(self, order: Wire) -> None:
        """Carry out one order; never raises for what an order may bring about."""

    async def heard(self, fact: object) -> None:
        """Take in one fact of the engine."""


class EngineDied(Exception):
    """The engine is gone; the process has to be started anew."""


class VoiceHost:
    """`came` is awaited when the neighbour is there, `left` when it has been away for `patience` seconds."""

    def __init__(
        self,
        engine: VoiceEngine,
        client: NeighbourClient,
        family: Tagged,
        came: Callable[[], Awaitable[None]],
        left: Callable[[], Awaitable[None]],
        patience: float,
        clock: Clock | None = None,
    ) -> None:
        self.inbox = Inbox("voice-host", limit=20_000)
        self._engine, self._client, self._family = engine, client, family
        self._came, self._left, self._patience = came, left, patience
        self._clock = clock or SystemClock()
        self._there = False
        self._away: asyncio.Task[None] | None = None
        self._absence: _Away | None = None

    def tell(self, fact: Wire) -> bool:
        """Send a fact to the neighbour; False when it is not there (it is told everything when it comes)."""
        return self._there and self._client.send(self._family.encode(fact))

    async def run(self, performer: Obedient) -> None:
        """Serve until cancelled. EngineDied when the engine ends by itself."""
        beats = asyncio.create_task(self._beat(), name="voice-beat")
        try:
            notify("READY=1")
            while True:
                await self._take(await self.inbox.get(), performer)
        finally:
            beats.cancel()
            if self._away is not None:
                self._away.cancel()

    async def _take(self, item: object, performer: Obedient) -> None:
        match item:
            case Frame(payload=payload):
                try:
                    order = self._family.decode(payload)
                except EnvelopeError as error:
                    log.warning("from=neighbour refused=%s", error)
                    return
                await performer.obey(order)
            case PeerUp():
                self._there = True
                self._back()
                await self._came()
            case PeerDown():
                self._there = False
                self._back()
                self._absence = _Away()
                self._away = asyncio.create_task(self._stay_away(self._absence))
            case _Away():
                if item is self._absence:  # else the neighbour came back while this waited in the inbox
                    self._back()
                    await self._left()
            case EngineStopped(reason=reason):
                raise EngineDied(reason)
            case _:
                await performer.heard(item)

    def _back(self) -> None:
        self._absence = None
        if self._away is not None:
            self._away.cancel()
            self._away = None

    async def _stay_away(self, absence: "_Away") -> None:
        await self._clock.sleep_until(self._clock.now() + self._patience)
        self.inbox.post(absence)

    async def _beat(self) -> None:
        while True:
            try:
                async with asyncio.timeout(ALIVE_MOST):
                    lag = await self._engine.alive()
            except TimeoutError:
                log.error("engine does not answer; beat left out")
                continue
            self.tell(VoiceBeat(lag_ms=round(lag * 1000, 3)))
            notify("WATCHDOG=1")
            await self._clock.sleep_until(self._clock.now() + BEAT_EVERY)


class _Away:
    """The neighbour has been away too long."""
