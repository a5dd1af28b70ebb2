"""Time as a thing one is handed: the real clock, and one that tests turn by hand.

Machines never see these; they get `now` as an argument. Only runners, doors and builds hold a clock.
"""

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds for deadlines, wall seconds (Unix) for people."""

    def now(self) -> float:
        """Monotonic seconds; the same clock for every process of one machine (CLOCK_MONOTONIC)."""

    def wall(self) -> float:
        """Unix seconds, as good as the machine's clock is."""

    async def sleep_until(self, when: float) -> None:
        """Return at monotonic time `when`, or at once if it has passed."""


class SystemClock:
    """CLOCK_MONOTONIC and the wall clock of this machine."""

    def now(self) -> float:
        """See Clock."""
        return time.monotonic()

    def wall(self) -> float:
        """See Clock."""
        return time.time()

    async def sleep_until(self, when: float) -> None:
        """See Clock."""
        await asyncio.sleep(max(0.0, when - time.monotonic()))


class HandClock:
    """A clock for tests: time stands still until `advance` is called."""

    def __init__(self, now: float = 1000.0, wall: float = 1_700_000_000.0) -> None:
        self._now = now
        self._offset = wall - now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> float:
        """See Clock."""
        return self._now

    def wall(self) -> float:
        """See Clock."""
        return self._now + self._offset

    async def sleep_until(self, when: float) -> None:
        """See Clock."""
        if when <= self._now:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (when, self._count, woken))
        await woken

    async def advance(self, seconds: float, settle: Callable[[], Awaitable[None]] | None = None) -> None:
        """Let `seconds` pass, waking sleepers in order; `settle` runs after each (default: idle the loop)."""
        calm = settle or settle_loop
        await calm()
        end = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            when, _, woken = heapq.heappop(self._sleepers)
            if woken.done():
                continue
            self._now = max(self._now, when)
            woken.set_result(None)
            await calm()
        self._now = end
        await calm()


async def settle_loop() -> None:
    """Give every ready task of the loop enough turns to come to rest."""
    for _ in range(60):
        await asyncio.sleep(0)
