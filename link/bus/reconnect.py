"""Keeps a broker connection alive: one attempt after the other, with back-off, and each reason said once.

Knows nothing of the vendor: an attempt is a coroutine that returns when its connection has ended.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from link.bus import reasons
from link.bus.broker_settings import BrokerSettings
from link.hosting.backoff import Backoff

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ended:
    """How one connection ended: why (empty when the other side said nothing) and how long it had been up."""

    reason: str
    lasted: float | None = None


async def until(stopping: asyncio.Event, seconds: float) -> None:
    """Return after `seconds`, or when `stopping` is set."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopping.wait()


async def keep_connected(
    attempt: Callable[[], Awaitable[Ended]],
    say_down: Callable[[str], None],
    stopping: asyncio.Event,
    current: Callable[[], BrokerSettings],
    rng: Callable[[], float] = random.random,
    pause: Callable[[asyncio.Event, float], Awaitable[None]] = until,
) -> None:
    """Attempt until `stopping` is set; `say_down` hears each loss, and between losses only new reasons.

    Debian's mosquitto 2.0.11 does not say so when a second client takes the session, it only closes: two
    short connections in a row that end without a word are reported as that. `current` gives the settings as they
    are now. A settled connection that ended other than by silence was ended by the broker: everybody lost it in
    the same moment, and each comes back at a moment of its own within `spread`.
    """
    settings = current()
    backoff = Backoff(
        settings.back_off_first, settings.back_off_factor, settings.back_off_most, floor=0.0, rng=rng
    )
    said, short = "", 0
    while not stopping.is_set():
        ended, settings = await attempt(), current()
        if stopping.is_set():
            return
        if ended.lasted is not None:
            said = ""
            short = short + 1 if ended.lasted < settings.settled and not ended.reason else 0
            if ended.lasted >= settings.settled:
                backoff.reset()
        reason = ended.reason or (reasons.again_and_again(settings.client_id) if short > 1 else reasons.LOST)
        together = ended.lasted is not None and ended.lasted >= settings.settled
        wait = backoff.next()
        if together and settings.spread and ended.reason != reasons.NO_PING_ANSWER:
            wait = settings.spread * rng()
            backoff.reset()
        level = logging.DEBUG if reason == said else logging.WARNING
        log.log(level, "bus=%s down reason=%r next_try_in=%.1f", settings.client_id, reason, wait)
        if reason != said:
            said = reason
            say_down(reason)
        await pause(stopping, wait)
