"""The clock of simulated gateways: it stands still while their process gets no processor.

In the field every gateway has a computer. Ten thousand on one are starved together, and for seconds; by the machine's
clock each would find that its own voice process says nothing, and fail the clip. Time nobody could use does not count.
"""

import asyncio
import time
from collections.abc import Callable

from link.hosting.clock import SystemClock

TICK = 0.1
MOST = 0.3
"""Seconds that count at most from one tick to the next."""


class PatientClock(SystemClock):
    """Runs as the machine's while `run` gets its turns. `lost`: seconds that did not count."""

    def __init__(self) -> None:
        self.lost = 0.0
        self._until = time.monotonic() + MOST

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            self.tick()
            await asyncio.sleep(TICK)

    def tick(self) -> None:
        """The process had a turn."""
        now = self.now()
        self.lost, self._until = time.monotonic() - now, now + MOST

    def now(self) -> float:
        """See Clock."""
        return min(time.monotonic() - self.lost, self._until)

    async def sleep_until(self, when: float) -> None:
        """See Clock."""
        await asyncio.sleep(max(0.0, when - self.now()))
        while self.now() < when:
            await asyncio.sleep(TICK)

    def call_at(self, when: float, callback: Callable[[], None]) -> Callable[[], None]:
        """See Clock; who is called early looks at the clock and waits again, as every runner does."""
        return asyncio.get_running_loop().call_later(max(0.0, when - self.now()), callback).cancel
