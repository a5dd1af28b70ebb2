"""One line's way out, from the leg to the transmitter: held for a grant, held for a lead, open, or finishing.

It orders the card's gate and times lead and ending; when to transmit is decided by the line.
"""

import asyncio
from collections.abc import Callable

from firmware.voice.channel import Card
from link.contract import neighbour as say
from link.contract.wire import Wire
from link.hosting.clock import Clock

FLIGHT = 0.15
"""Seconds that the last words may still be on their way when the release of the floor is already here."""


class Downlink:
    """The gate of one card."""

    def __init__(self, line: str, card: Card, tell: Callable[[Wire], object], clock: Clock) -> None:
        self._line = line
        self._card = card
        self._tell = tell
        self._clock = clock
        self._transmitting = False
        self._waits_for_grant = False
        self._opens_at = 0.0
        self._finish_at: float | None = None
        self._lead: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    def hold(self) -> None:
        """The transmitter is asked for: speech waits for transmit()."""
        self.stop()
        self._transmitting = self._waits_for_grant = True
        self._finish_at = None
        self._card.hold_playback(for_grant=True)

    def transmit(self, lead_ms: int) -> None:
        """The transmitter comes up within `lead_ms`. A finish that came during the wait for it still holds."""
        self.stop()
        finish_at, self._finish_at = self._finish_at if self._waits_for_grant else None, None
        self._transmitting, self._waits_for_grant = True, False
        self._opens_at = self._clock.now() + lead_ms / 1000
        if lead_ms == 0:
            self._card.release_playback()
        else:
            self._card.hold_playback()
            self._lead = asyncio.create_task(self._release())
        if finish_at is not None:
            self._ending = asyncio.create_task(self._finish(finish_at))

    def finish(self) -> None:
        """No more speech comes: DownlinkDrained follows when what waits has been played."""
        finish_at = self._clock.now() + FLIGHT
        if not self._transmitting:
            self._tell(say.DownlinkDrained(line=self._line))
        elif self._waits_for_grant:
            self._finish_at = finish_at
        else:
            self._cancel_ending()
            self._ending = asyncio.create_task(self._finish(finish_at))

    def cut(self) -> None:
        """Silence at once, and nothing waits any more."""
        self.stop()
        self._transmitting = self._waits_for_grant = False
        self._finish_at = None
        self._card.shut_playback()

    def stop(self) -> None:
        """Forget a lead or an ending that is under way."""
        if self._lead is not None:
            self._lead.cancel()
            self._lead = None
        self._cancel_ending()

    def _cancel_ending(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None

    async def _release(self) -> None:
        await self._clock.sleep_until(self._opens_at)
        self._lead = None
        self._card.release_playback()

    async def _finish(self, finish_at: float) -> None:
        await self._clock.sleep_until(max(finish_at, self._opens_at))
        self._ending = None
        self.stop()  # a lead that ends after the finish would take it back
        self._card.finish_playback()
