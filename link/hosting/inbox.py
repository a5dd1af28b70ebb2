"""The only crossing from other threads into the event loop: a bounded mailbox.

A full inbox refuses the newcomer and counts it; it never blocks the thread that posts.
"""

import asyncio
import logging
import threading
from collections import deque

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
        self._ready: asyncio.Event | None = None

    def bind(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Tie the inbox to the loop that reads it. `get` does this itself at its first call."""
        self._loop = loop or asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._ready = asyncio.Event()
        if self._items:
            self._ready.set()

    def post(self, item: object) -> bool:
        """Put `item` in; False when the inbox was full (counted in `dropped`). Any thread."""
        if len(self._items) >= self._limit:
            self.dropped += 1
            if self.dropped == 1:
                log.warning("inbox=%s full limit=%d dropped=%s", self.name, self._limit, type(item).__name__)
            return False
        self._items.append(item)
        if self._loop is None or self._ready is None:
            return True
        if threading.get_ident() == self._thread:
            self._ready.set()
        else:
            try:
                self._loop.call_soon_threadsafe(self._ready.set)
            except RuntimeError:  # the loop has closed: the process is on its way out
                return False
        return True

    def get_nowait(self) -> object | None:
        """The next item, or None when empty."""
        return self._items.popleft() if self._items else None

    async def get(self) -> object:
        """The next item; waits for it."""
        if self._ready is None:
            self.bind()
        assert self._ready is not None
        while not self._items:
            self._ready.clear()
            if self._items:  # posted by a thread between the look and the clear
                break
            await self._ready.wait()
        return self._items.popleft()

    def __len__(self) -> int:
        return len(self._items)
