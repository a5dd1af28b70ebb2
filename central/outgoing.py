"""What core says to gateways besides the talk path: it waits while the broker's door has no room, and leaves in order.

The door takes a small window and refuses the rest; an order to a thousand loudspeakers must not be lost there. A part
of the window is left to the talk path. What waited until it is worth nothing is dropped, and so is everything when the
broker is lost: whoever comes back is told anew.
"""

import asyncio
import logging
from collections import deque
from dataclasses import dataclass

from link.bus.port import Bus
from link.contract.topics import Row
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

RESERVE = 32_768
"""Octets of the door's window that are left to the talk path."""
AGAIN = 0.005
"""Seconds between two looks at the window while something waits."""
MOST = 100_000
"""Messages that may wait."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message; worth nothing after `until` (monotonic s)."""

    topic: str
    payload: bytes
    row: Row
    expiry: int | None
    until: float


class Outgoing:
    """`post` never blocks. `expired` and `refused` count what was dropped for its age and for want of room."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self.expired = self.refused = 0
        self._bus, self._clock = bus, clock
        self._waiting: deque[Letter] = deque()
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def post(self, topic: str, payload: bytes, row: Row, expiry: int | None = None) -> None:
        """Send it as `row` is sent, now or as soon as there is room. `expiry`: seconds of worth, else the row's."""
        expiry = row.expiry if expiry is None else expiry
        until = self._clock.now() + (float("inf") if expiry is None else expiry)
        letter = Letter(topic, payload, row, expiry, until)
        if not self._waiting and self._bus.room() >= RESERVE:
            self._send(letter)
        elif len(self._waiting) >= MOST:
            self.refused += 1
            if self.refused == 1:
                log.error("outgoing full limit=%d dropped topic=%s", MOST, topic)
        else:
            self._waiting.append(letter)
            self._news.set()

    def clear(self) -> None:
        """The broker was lost, or is new: what waited is for sessions that are over."""
        self._waiting.clear()

    async def run(self) -> None:
        """Send what waits, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._waiting:
                self.turn()
                if self._waiting:
                    await self._clock.sleep_until(self._clock.now() + AGAIN)

    def turn(self) -> None:
        """Send what there is room for now."""
        while self._waiting and (self._waiting[0].until <= self._clock.now() or self._bus.room() >= RESERVE):
            letter = self._waiting.popleft()
            if letter.until <= self._clock.now():
                self.expired += 1
            else:
                self._send(letter)

    def _send(self, letter: Letter) -> None:
        row = letter.row
        self._bus.publish(letter.topic, letter.payload, qos=row.qos, retain=row.retain, expiry=letter.expiry)
