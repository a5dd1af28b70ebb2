"""Tells one thing to many inboxes, some in each turn of the loop: ten thousand machines that wake in the same turn
would hold up everything else for seconds.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from link.hosting.clock import Clock
from link.hosting.inbox import Inbox

AT_A_TIME = 50
SLICE = 0.003
"""Seconds of many small things that may be done in one turn of the loop."""


async def in_slices(work: Iterable[Callable[[], object]], clock: Clock) -> None:
    """Do it all in order, and let the others have their turn after each SLICE."""
    since = clock.now()
    for each in work:
        each()
        if clock.now() - since >= SLICE:
            await asyncio.sleep(0)
            since = clock.now()


class Portions:
    """One at a time: what was begun before is finished first, so that nobody hears two things in the wrong order."""

    def __init__(self) -> None:
        self._left: deque[Inbox] = deque()
        self._event: object = None

    def tell(self, inboxes: Iterable[Inbox], event: object) -> None:
        """The first of them now, the others in the next turns of the running loop."""
        self.finish()
        self._left, self._event = deque(inboxes), event
        self._turn()

    def finish(self) -> None:
        """Tell all that are left now: something comes that they must hear after this."""
        while self._left:
            self._left.popleft().post(self._event)

    def _turn(self) -> None:
        for _ in range(min(AT_A_TIME, len(self._left))):
            self._left.popleft().post(self._event)
        if self._left:
            asyncio.get_running_loop().call_soon(self._turn)
