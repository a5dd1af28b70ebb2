"""Core's eye on the front's files: when one is replaced (a revocation, a renewal), nginx reads them again.

So it does not matter who revoked: core, or a person's `central ca revoke`. Whatever goes wrong is logged and tried
again; nginx goes on with what it had.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from central.front.errors import FrontError
from central.front.reload import is_running, reload
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
AGAIN_AFTER = 10.0

Stamps = tuple[tuple[int, int] | None, ...]


class FrontKeeping:
    """`folder`: the front's; `files`: what it read when it started."""

    def __init__(
        self,
        folder: Path,
        files: tuple[Path, ...],
        clock: Clock,
        tell: Callable[[Path], None] = reload,
        runs: Callable[[Path], bool] = is_running,
    ) -> None:
        self._folder, self._files, self._clock = folder, files, clock
        self._tell, self._runs = tell, runs

    async def run(self) -> None:
        """Look until cancelled. What changed while core was away is found by telling a running front once at first."""
        known: Stamps = ()
        while True:
            now = await asyncio.to_thread(self._stamps)
            pause = LOOK_EVERY
            if now != known and await asyncio.to_thread(self._runs, self._folder):
                if await self._told():
                    known = now
                else:
                    pause = AGAIN_AFTER
            elif now != known:
                known = now  # it reads them when it starts
            await self._clock.sleep_until(self._clock.now() + pause)

    async def _told(self) -> bool:
        try:
            await asyncio.to_thread(self._tell, self._folder)
        except (FrontError, OSError) as error:
            log.error("front=not told: %s", error)
            return False
        log.info("front=told to read certificates and revoked ones again")
        return True

    def _stamps(self) -> Stamps:
        return tuple(_stamp(path) for path in self._files)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
