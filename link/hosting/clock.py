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

    def call_at(self, when: float, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` on the loop at monotonic time `when`; the answer takes that back."""

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

    def call_at(self, when: float, callback: Callable[[], None]) -> Callable[[], None]:
        """See Clock."""
        return asyncio.get_running_loop().call_later(max(0.0, when - time.monotonic()), callback).cancel

    async def sleep_until(self, when: float) -> None:
        """See Clock."""
        await asyncio.sleep(max(0.0, when - time.monotonic()))


class HandClock:
    """A clock for tests: time stands still until `advance` is called."""

    def __init__(self, now: float = 1000.0, wall: float = 1_700_000_000.0) -> None:
        self._now = now
        self._offset = wall - now
        self._alarms: list[tuple[float, int, Callable[[], None]]] = []
        self._armed: set[int] = set()
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
        cancel = self.call_at(when, lambda: None if woken.done() else woken.set_result(None))
        try:
            await woken
        finally:
            cancel()

    def call_at(self, when: float, callback: Callable[[], None]) -> Callable[[], None]:
        """See Clock."""
        self._count += 1
        number = self._count
        heapq.heappush(self._alarms, (when, number, callback))
        self._armed.add(number)
        return lambda: self._armed.discard(number)

    async def advance(self, seconds: float, settle: Callable[[], Awaitable[None]] | None = None) -> None:
        """Let `seconds` pass, waking sleepers in order; `settle` runs after each (default: idle the loop)."""
        calm = settle or settle_loop
        await calm()
        end = self._now + seconds
        while self._alarms and self._alarms[0][0] <= end:
            when, number, callback = heapq.heappop(self._alarms)
            if number not in self._armed:
                continue
            self._armed.discard(number)
            self._now = max(self._now, when)
            callback()
            await calm()
        self._now = end
        await calm()


async def settle_loop() -> None:
    """Give every ready task of the loop enough turns to come to rest."""
    for _ in range(60):
        await asyncio.sleep(0)
