"""A control connection: requests in order, one answer line each. Hanging up lets a speaker's key go."""

import asyncio
import logging
from collections import deque

from pydantic import ValidationError

from hw.bench.control import ControlDesk
from hw.bench.lines import LineProtocol, explain
from hw.bench.messages import CONTROL, OPS, Control
from hw.bench.people import Refusal

log = logging.getLogger(__name__)

MOST_WAITING = 64


class ControlLink(LineProtocol):
    """One client of the control verbs."""

    def __init__(self, desk: ControlDesk) -> None:
        super().__init__()
        self._desk = desk
        self._waiting: deque[Control] = deque()
        self._task: asyncio.Task[None] | None = None

    def line(self, line: bytes) -> None:
        """One request."""
        try:
            ask = CONTROL.validate_json(line)
        except ValidationError as error:
            self.refuse(explain(error, OPS))
            return
        if len(self._waiting) >= MOST_WAITING:
            self.refuse("too many requests are waiting on this connection")
            return
        self._waiting.append(ask)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever asked is gone: what is under way stops."""
        if self._task is not None:
            self._task.cancel()

    async def _work(self) -> None:
        while self._waiting:
            ask = self._waiting.popleft()
            try:
                self.send({"ok": True, **await self._desk.perform(ask)})
            except Refusal as error:
                self.refuse(str(error))
            except Exception:  # a fault in one verb must not stop the town's hardware
                log.exception("op=%s failed", ask.op)
                self.refuse(f"the bench failed at {ask.op}; see its log")
