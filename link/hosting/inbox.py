"""The only crossing from other threads into the event loop: a bounded mailbox.

A full inbox refuses the newcomer and counts it; it never blocks the thread that posts.
"""

import asyncio
import logging
import threading
from collections import deque

from link.hosting.clock import Clock

log = logging.getLogger(__name__)


class Inbox:
    """A mailbox with one reader. `post` may be called from any thread, `get` only from the owning loop."""

    def __init__(self, name: str, limit: int = 4096) -> None:
        self.name = name
        self.dropped = 0
        self._limit = limit
        self._items: deque[object] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._waiter: asyncio.Future[None] | None = None

    def bind(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Tie the inbox to the loop that reads it. `get` does this itself at its first call."""
        self._loop = loop or asyncio.get_running_loop()
        self._thread = threading.get_ident()

    def post(self, item: object) -> bool:
        """Put `item` in; False when the inbox was full (counted in `dropped`). Any thread."""
        if len(self._items) >= self._limit:
            self.dropped += 1
            if self.dropped == 1:
                log.warning("inbox=%s full limit=%d dropped=%s", self.name, self._limit, type(item).__name__)
            return False
        self._items.append(item)
        if self._loop is None:
            return True
        if threading.get_ident() == self._thread:
            self._wake()
        else:
            try:
                self._loop.call_soon_threadsafe(self._wake)
            except RuntimeError:  # the loop has closed: the process is on its way out
                return False
        return True

    @property
    def room(self) -> int:
        """How many more items fit now."""
        return max(0, self._limit - len(self._items))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def get_nowait(self) -> object | None:
        """The next item, or None when empty."""
        return self._items.popleft() if self._items else None

    async def get(self) -> object:
        """The next item; waits for it."""
        while not self._items:
            await self.wait(None, None)
        return self._items.popleft()

    async def wait(self, until: float | None, clock: Clock | None) -> None:
        """Return when there may be an item, or at `until` by `clock`. One future, no task: a hot path."""
        if self._loop is None:
            self.bind()
        assert self._loop is not None
        waiter = self._waiter = self._loop.create_future()
        cancel = clock.call_at(until, self._wake) if until is not None and clock is not None else None
        try:
            # A thread puts its item in before it asks the loop to wake: who looks from here on is woken.
            if not self._items:
                await waiter
        finally:
            self._waiter = None
            if cancel is not None:
                cancel()

    def __len__(self) -> int:
        return len(self._items)
