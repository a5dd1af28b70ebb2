"""Hosts one machine: one inbox, one task, one crash domain, one log line per transition.

A crash of the machine or of an effect is logged with the events before it. The machine then starts over
from its first state, or from what `recover` makes of what is known, after `on_crash` has made outputs safe;
when it crashes too often the process gives up.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from link.hosting.clock import Clock
from link.hosting.inbox import Inbox
from link.hosting.machine import Machine, Tick

log = logging.getLogger(__name__)

M = TypeVar("M", bound=Machine)

CRASHES_ALLOWED = 5
CRASH_WINDOW = 60.0
AT_A_TIME = 50
"""Events handled before the other tasks of the loop get their turn."""
SLICE = 0.005
"""Seconds after which they get it in any case."""


class CrashedTooOften(RuntimeError):
    """A machine crashed more often than CRASHES_ALLOWED within CRASH_WINDOW; the process should end."""


class Runner(Generic[M]):
    """Feeds `machine` with its inbox and the clock, and hands its effects to `perform`, in order."""

    def __init__(
        self,
        name: str,
        machine: M,
        perform: Callable[[object], None],
        clock: Clock,
        on_crash: Callable[[], None] | None = None,
        limit: int = 4096,
        recover: Callable[[], tuple[M, tuple[object, ...]]] | None = None,
    ) -> None:
        self.name = name
        self.machine = machine
        self.inbox = Inbox(name, limit)
        self._first = machine
        self._perform = perform
        self._clock = clock
        self._on_crash = on_crash
        self._recover = recover
        self._trace: deque[object] = deque(maxlen=20)
        self._crashes: deque[float] = deque(maxlen=CRASHES_ALLOWED + 1)

    def step(self, event: object) -> None:
        """Handle one event now. Raises CrashedTooOften only."""
        now = self._clock.now()
        self._trace.append(event)
        before = self.machine
        try:
            self.machine, effects = before.handle(event, now)
            for effect in effects:
                self._perform(effect)
            # after what somebody waits for; asked in this order: to compare thousands of loudspeakers costs
            if log.isEnabledFor(logging.INFO) and self.machine != before:
                log.info("machine=%s by=%s now=%s", self.name, _name(event), _brief(self.machine))
        except Exception:
            names = [_name(passed) for passed in self._trace]
            log.exception("machine=%s crashed last_events=%s", self.name, names)
            self._crashed(now)

    async def run(self) -> None:
        """Serve the inbox until cancelled."""
        self.inbox.bind()
        taken, since = 0, self._clock.now()
        while True:
            event = self.inbox.get_nowait()
            if event is None:
                deadline = self.machine.deadline
                if deadline is None or deadline > self._clock.now():
                    await self.inbox.wait(deadline, self._clock)
                    taken, since = 0, self._clock.now()
                    continue
                event = Tick()
            self.step(event)
            taken += 1
            if taken >= AT_A_TIME or self._clock.now() - since >= SLICE:
                await asyncio.sleep(0)  # a babbler must not starve the others on this loop
                taken, since = 0, self._clock.now()

    def _crashed(self, now: float) -> None:
        self._crashes.append(now)
        if self._on_crash is not None:
            self._while_recovering(self._on_crash)
        if self._recover is None:
            self.machine = self._first
        else:
            try:
                self.machine, effects = self._recover()
            except Exception as error:
                raise CrashedTooOften(f"{self.name}: cannot be recovered: {error!r}") from error
            for effect in effects:
                self._while_recovering(partial(self._perform, effect))
        if len(self._crashes) > CRASHES_ALLOWED and now - self._crashes[0] < CRASH_WINDOW:
            raise CrashedTooOften(f"{self.name}: {len(self._crashes)} crashes within {CRASH_WINDOW:.0f} s")

    def _while_recovering(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("machine=%s trouble while recovering", self.name)


def _name(event: object) -> str:
    return type(event).__name__


def _brief(machine: object) -> str:
    state = getattr(machine, "state", None)
    return str(state) if state is not None else type(machine).__name__
