"""Says when the event loop stood still: how long, and what was running when it came back.

A warning names the stall; it never corrects anything.
"""

import asyncio
import logging
import time

log = logging.getLogger(__name__)

LOOK_EVERY = 0.05
STALL = 0.05
"""Seconds by which a look may be late before that is worth a line."""


class StallWatch:
    """Runs beside everything else on one loop and measures how late it is called."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.worst = 0.0
        self.count = 0

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            due = time.monotonic() + LOOK_EVERY
            await asyncio.sleep(LOOK_EVERY)
            late = time.monotonic() - due
            if late > STALL:
                self.count += 1
                self.worst = max(self.worst, late)
                names = sorted(task.get_name() for task in asyncio.all_tasks())[:12]
                log.warning("loop=%s stalled_ms=%d tasks=%s", self.name, late * 1000, ",".join(names))
