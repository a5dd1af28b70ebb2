"""Hosts the broadcasts that are under way: one runner each, saved at every change, taken up after a restart.

A broadcast that has ended stays for as long as a stop may still have to reach a gateway, then it is forgotten
here; the store keeps its view, the journal its history.
"""

import asyncio
import logging
from collections.abc import Callable

from pydantic import ValidationError

from central.broadcasts.machine import Broadcast
from central.broadcasts.messages import Stop
from central.broadcasts.view import resumed, view
from central.readmodels import BroadcastView
from central.store.broadcasts import BroadcastRow, Broadcasts
from central.store.database import StoreError
from central.switchboard import Switchboard
from link.hosting.clock import Clock
from link.hosting.runner import Runner

log = logging.getLogger(__name__)

RESUME_MOST = 200
RECENT_MOST = 50
UNCONFIRMED_FOR = 86_400.0
"""Seconds for which a restarted core still stops what a gateway never confirmed."""
SAVE_EVERY = 0.25
"""Seconds between two writes: one of thousands of loudspeakers must not cost a write of them all."""
SAVE_PART, SAVE_MOST = 10.0, 20.0
"""After a write as many times its own length is waited, at most so many seconds: one of ten thousand takes long."""
MAIL_LEAST, MAIL_EACH = 4096, 8
"""Events that may wait for a broadcast, and as many more for each loudspeaker: all of them may answer at once."""
SAVE_AGAIN = 1.0
"""Seconds after which what the store did not take is tried again."""


class Broadcasting:
    """`spawn` runs a coroutine as a task of the core."""

    def __init__(
        self,
        board: Switchboard,
        store: Broadcasts,
        clock: Clock,
        spawn: Callable[..., "asyncio.Task[None]"],
    ) -> None:
        self._recent: dict[str, BroadcastView] = {}
        self._changed: set[str] = set()
        self._board = board
        self._store = store
        self._clock = clock
        self._spawn = spawn
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._unsaved: set[str] = set()
        self._refused: set[str] = set()
        self._said: dict[str, tuple[str | None, int]] = {}
        self._news = asyncio.Event()
        self._writing = asyncio.Lock()

    async def resume(self) -> None:
        """Take up what was under way when core ended, and remember what was lately."""
        rows = await self._store.list(limit=RESUME_MOST)
        now, wall = self._clock.now(), self._clock.wall()
        for row in rows:
            seen = read_back(row)
            if seen is None:
                continue
            try:
                machine = resumed(seen, now, wall)
            except ValueError as error:
                log.error("broadcast=%s cannot be taken up error=%s", row.id, error)
                continue
            self._remember(seen)
            young = wall - seen.created_wall < UNCONFIRMED_FOR
            if not machine.over or (not machine.settled and young):
                self.begin(machine)

    def begin(self, machine: Broadcast) -> Runner[Broadcast]:
        """Host a broadcast; its first effects follow at once."""
        runner = Runner(
            f"broadcast-{machine.id}",
            machine,
            self._board.perform_broadcast,
            self._clock,
            limit=MAIL_LEAST + MAIL_EACH * len(machine.targets),
            recover=lambda: self._recovered(machine),
        )
        self._board.broadcasts[machine.id] = runner
        self._tasks[machine.id] = self._spawn(runner.run())
        return runner

    def _recovered(self, first: Broadcast) -> tuple[Broadcast, tuple[object, ...]]:
        """A broadcast whose machine crashed is stopped: it must never begin anew by itself."""
        now, wall = self._clock.now(), self._clock.wall()
        seen = self.recent.get(first.id)
        known = first if seen is None else resumed(seen, now, wall)
        return known.handle(Stop("core"), now)

    @property
    def recent(self) -> dict[str, BroadcastView]:
        """The newest views, of what is under way and of what ended lately.

        Made when somebody looks: a broadcast to thousands changes with every word of every loudspeaker.
        """
        changed, self._changed = self._changed, set()
        for name in changed & self._board.broadcasts.keys():
            self._remember(view(self._board.broadcasts[name].machine))
        return self._recent

    def changed(self, name: str) -> None:
        """A broadcast has changed: remember and save its view; forget it when nothing can follow."""
        runner = self._board.broadcasts.get(name)
        if runner is None:
            return
        self._changed.add(name)
        self._unsaved.add(name)
        words = (runner.machine.stopped_by, len(runner.machine.approvals))
        if self._said.get(name) != words:  # made anew, so that who rests sees another one
            self._said = {**self._said, name: words}
        self._news.set()
        if runner.machine.settled and not runner.machine.proving:
            self._changed.discard(name)
            self._remember(view(runner.machine))
            self._said = {other: words for other, words in self._said.items() if other != name}
            del self._board.broadcasts[name]
            self._tasks.pop(name).cancel()

    def _remember(self, seen: BroadcastView) -> None:
        """Keep the newest; one that is under way or not yet saved is never forgotten: its end is still to come."""
        self._recent[seen.id] = seen
        spare = self._recent.keys() - self._board.broadcasts.keys() - self._unsaved - {seen.id}
        while len(self._recent) > RECENT_MOST and spare:
            oldest = min(spare, key=lambda name: self._recent[name].created_wall)
            spare.remove(oldest)
            del self._recent[oldest]

    async def save(self) -> None:
        """Write views behind, newest of each, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            began = self._clock.now()
            await self.flush()
            refused, took = self._unsaved & self._refused, self._clock.now() - began
            await self._rest(SAVE_AGAIN if refused else max(SAVE_EVERY, min(SAVE_MOST, SAVE_PART * took)))
            if refused:
                self._news.set()

    async def _rest(self, seconds: float) -> None:
        """Between two writes. What a person said is not kept waiting: a restart must not undo a stop."""
        until, said = self._clock.now() + seconds, self._said
        while self._clock.now() < until and self._said == said:
            await self._clock.sleep_until(min(until, self._clock.now() + SAVE_EVERY))

    async def flush(self) -> None:
        """Return when the store holds every view, or has said that it cannot."""
        async with self._writing:
            waiting, self._unsaved = self._unsaved, set()
            for name in waiting & self.recent.keys():
                try:
                    await self._store.save(row_of(self.recent[name]))
                    self._refused.discard(name)
                except StoreError as error:
                    if name not in self._refused:
                        log.error("broadcast=%s not saved, it will be tried again error=%s", name, error)
                    self._refused.add(name)
                    self._unsaved.add(name)


def read_back(row: BroadcastRow) -> BroadcastView | None:
    """A view as the store has it; None (logged) for a row that an older or newer program left unreadable."""
    try:
        return BroadcastView.model_validate(row.snapshot)
    except ValidationError as error:
        log.error("broadcast=%s cannot be read back error=%s", row.id, error)
        return None


def row_of(seen: BroadcastView) -> BroadcastRow:
    """A view as the store keeps it."""
    return BroadcastRow(
        id=seen.id,
        state=seen.state,
        channel=seen.channel,
        priority=seen.priority,
        zones=seen.zones,
        created_wall_ms=int(seen.created_wall * 1000),
        asked_by=seen.by,
        snapshot=seen.model_dump(mode="json"),
    )
