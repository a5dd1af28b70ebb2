"""One direction of a thin link: how long a segment waits for the line, and when it arrives. No sockets.

All connections of a link share its lane, as they would share a modem: they take turns, a segment each.
"""

import asyncio
from dataclasses import dataclass, replace

from link.hosting.clock import Clock

HEADERS = 40
"""Octets of IPv4 and TCP headers that each segment costs besides what it carries (no options)."""
BUCKET_S = 0.02
"""Depth of the token bucket, as time on the line: what a late wake-up may make good."""


@dataclass(frozen=True)
class Traffic:
    """What went over one direction: octets of payload, segments, octets dropped by a cut."""

    payload: int = 0
    segments: int = 0
    dropped: int = 0

    @property
    def on_wire(self) -> int:
        """Octets with headers, estimated: 40 a segment; acknowledgements, opening and closing are not counted."""
        return self.payload + HEADERS * self.segments


class Lane:
    """`rate` in bit/s with headers (None: as fast as the machine is), `delay` in seconds one way."""

    def __init__(self, clock: Clock) -> None:
        self.rate: float | None = None
        self.delay = 0.0
        self.traffic = Traffic()
        self._clock = clock
        self._turn = asyncio.Lock()
        self._free_at = clock.now()
        self._last_due = clock.now()

    async def carry(self, size: int) -> float:
        """Return when a segment of `size` octets has left; the answer is when it arrives (monotonic seconds).

        Waits for its turn and for the line. An end of the stream is a segment of 0 octets: it takes its turn and
        costs nothing. What arrives keeps the order, also when the delay becomes shorter.
        """
        async with self._turn:
            now = self._clock.now()
            if self.rate is None or size == 0:
                self._free_at = max(now, self._free_at) if self.rate is not None else now
            else:
                begins = max(self._free_at, now - BUCKET_S)
                self._free_at = begins + (size + HEADERS) * 8 / self.rate
            if self._free_at > now:
                await self._clock.sleep_until(self._free_at)
            if size:
                self.traffic = replace(
                    self.traffic,
                    payload=self.traffic.payload + size,
                    segments=self.traffic.segments + 1,
                )
            self._last_due = max(self._last_due, self._clock.now() + self.delay)
            return self._last_due

    def dropped(self, size: int) -> None:
        """A cut swallowed this many octets of payload."""
        self.traffic = replace(self.traffic, dropped=self.traffic.dropped + size)
