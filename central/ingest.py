"""The ingest: what gateways keep in their outboxes, stored, acknowledged, and only then acted on.

Arrivals wait in bounded queues, alarms first, gateways in turn, each gateway's in order; what does not fit is dropped
without an acknowledgement, so its gateway sends it again. A group is stored in one transaction off the loop; then the
acknowledgements leave, then what follows is done, a few milliseconds at a time. While the store refuses, nothing is
acknowledged, `ingest_ok` is False, and the same group is tried again; nothing here ever waits for a disk on the loop.

One thing does not wait for the disk: how a warning goes. While the store refuses, facts of the alarm lane are shown to
running broadcasts as they come (`unsaved`), and once more when they are on disk, which a broadcast hears without harm.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from central.link_figures import LinkFigures
from central.store.arrivals import Hello, Parcel, Told, hello_of
from central.store.database import StoreError
from central.store.events import Arrival, BrokenArrival, Known
from central.store.intake import Fresh, Outcome
from link.contract.batch import Ack, decode_batch
from link.contract.envelope import EnvelopeError
from link.contract.facts import Birth, Event, Heartbeat
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

GROUP, GROUP_OCTETS = 64, 9_000
"""Batches and their octets that are stored together: the journal's own entries wait behind them."""
MOST_OF_ONE, MOST_OCTETS = 64, 8_000_000
"""Batches that wait of one gateway, octets of all."""
HOLD_FROM, HOLD_MS = 400, 2_000
"""From so many waiting batches on, acknowledgements ask for a pause."""
TRY_AGAIN = 1.0
SLICE = 0.002
"""Seconds of effects after which the rest of core gets its turn."""
GAP_OLD, GAP_LOOK = 3600.0, 60.0
"""Seconds after which people are told of events that have not come, and between two looks."""


class Store(Protocol):
    """What is asked of the events on disk. StoreError when it cannot be done."""

    async def take(self, arrivals: Sequence[Arrival]) -> Outcome:
        """Store a group: all of it, or nothing. BrokenArrival when one of it breaks the program."""

    async def old_gaps(self, before_ms: int) -> Outcome:
        """Gaps older than that, each told once."""

    async def known(self) -> Known:
        """Where every lane stands."""

    async def since(self, places: dict[str, int]) -> list[Fresh]:
        """Events of these gateways behind their places, in order."""

    async def plays(self, since_ms: int) -> list[Fresh]:
        """Facts of playings that came since then, in order."""


class Ingest:
    """`hear` takes each new event, `send` an acknowledgement, `alarm` what people must see (gateway, what, why)."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        hear: Callable[[str, str, int | None, int, Told], None],
        send: Callable[[str, Ack], None],
        alarm: Callable[[str, str, str], None],
        changed: Callable[[], None] = lambda: None,
        moved: Callable[[str], None] = lambda gateway: None,
        unsaved: Callable[[str, Event], None] = lambda gateway, event: None,
    ) -> None:
        self.ingest_ok = True
        self.figures = LinkFigures()
        self.turned_away = 0
        self._store, self._clock = store, clock
        self._hear, self._send, self._alarm = hear, send, alarm
        self._changed, self._moved, self._unsaved = changed, moved, unsaved
        self._waiting: tuple[dict[str, deque[Arrival]], ...] = ({}, {})
        self._count = self._octets = 0
        self._group: list[Arrival] = []
        self._news = asyncio.Event()

    # -- in --

    def said(self, gateway: str, said: Birth | Heartbeat, boot: str) -> None:
        """A gateway was born, or told how its clock and outbox stand. Never blocks."""
        if isinstance(said, Heartbeat):
            self.figures.beat(gateway, said)
        hello = hello_of(gateway, said, boot, int(self._clock.wall() * 1000))
        if hello.lanes or not self.figures.knows_clock(hello):
            self.take(hello)

    def take(self, arrival: Arrival) -> None:
        """A batch has come. Never blocks."""
        urgent = isinstance(arrival, Hello) or arrival.lane == "alm"
        queues, size = self._waiting[0 if urgent else 1], _size(arrival)
        if len(queues.get(arrival.gateway, ())) >= MOST_OF_ONE or self._octets + size > MOST_OCTETS:
            self.turned_away += 1
            if self.turned_away == 1:
                log.warning("ingest full, dropped without acknowledgement from=%s", arrival.gateway)
            return
        if not self.ingest_ok:
            self._show(arrival)
        queues.setdefault(arrival.gateway, deque()).append(arrival)  # an empty one would end `_next`
        self._count += 1
        self._octets += size
        self._news.set()

    @property
    def waiting(self) -> int:
        """Batches that wait."""
        return self._count + len(self._group)

    def _next(self) -> list[Arrival]:
        """The next group: alarms first, one of each gateway in turn."""
        group: list[Arrival] = []
        octets = 0
        for queues in self._waiting:
            while queues and len(group) < GROUP and octets < GROUP_OCTETS:
                gateway = next(iter(queues))
                queue = queues.pop(gateway)
                group.append(queue.popleft())
                octets += _size(group[-1])
                if queue:
                    queues[gateway] = queue  # at the end: the others come first
        self._count -= len(group)
        self._octets -= octets
        return group

    # -- the work --

    async def resume(
        self, places: dict[str, int], since_ms: int | None, told_again: Callable[[str, Told], None]
    ) -> None:
        """Before anything is taken: learn where every lane stands, and do what a killed core left undone.

        `places`: up to which event the book of the field holds each gateway; what came behind is heard again.
        `told_again` gets every fact of a playing that came after `since_ms`, if there is anybody to be told.
        """
        self.figures.learn(await self._store.known())
        await self.tell(await self._store.since(places), self._hear)
        if since_ms is not None:
            plays = await self._store.plays(since_ms)
            await self.tell(plays, lambda gateway, boot, offset_ms, place, event: told_again(gateway, event))

    async def run(self) -> None:
        """Store what waits until cancelled."""
        while True:
            if not self._group:
                self._group = self._next()
            if not self._group:
                self._news.clear()
                await self._news.wait()
                continue
            await self.step()

    async def step(self) -> None:
        """Store the group that is next, and do what follows."""
        self._group = self._group or self._next()
        try:
            outcome = await self._store.take(self._group)
        except StoreError as error:
            self._trouble(error)
            await self._clock.sleep_until(self._clock.now() + TRY_AGAIN)
            return
        except BrokenArrival as error:
            self._split(error)
            return
        self._group = []
        self._well()
        await self._follow(outcome)

    def _split(self, error: BrokenArrival) -> None:
        """A group that breaks the program: each arrival alone, and the one at fault goes, not acknowledged."""
        log.error("ingest broken by one of %d arrivals: %s", len(self._group), error)
        if len(self._group) == 1:
            culprit = self._group.pop()
            self._alarm(culprit.gateway, "not-understood", "a batch breaks the ingest: see the log of core")
            return
        first, *rest = self._group
        for arrival in reversed(rest):
            urgent = isinstance(arrival, Hello) or arrival.lane == "alm"
            self._waiting[0 if urgent else 1].setdefault(arrival.gateway, deque()).appendleft(arrival)
            self._count += 1
            self._octets += _size(arrival)
        self._group = [first]

    def _trouble(self, error: StoreError) -> None:
        if self.ingest_ok:
            self.ingest_ok = False
            log.error("ingest stopped, gateways keep their events: %s", error)
            self._changed()
            for arrival in (*self._group, *(each for queue in self._waiting[0].values() for each in queue)):
                self._show(arrival)

    def _show(self, arrival: Arrival) -> None:
        """Alarms that nobody can store now. A batch that cannot be read is dealt with when it is stored."""
        if isinstance(arrival, Parcel) and arrival.lane == "alm":
            with contextlib.suppress(EnvelopeError):
                for event in decode_batch(arrival.payload).events:
                    self._unsaved(arrival.gateway, event)

    def _well(self) -> None:
        if not self.ingest_ok:
            self.ingest_ok = True
            log.warning("ingest works again")
            self._changed()

    async def _follow(self, outcome: Outcome) -> None:
        """It is on disk: acknowledge, then act."""
        hold = HOLD_MS if self.waiting >= HOLD_FROM else 0
        for each in outcome.standings.values():
            self._send(each.gateway, Ack(epoch=each.epoch, upto=each.upto, hold_ms=hold))
        for gateway in self.figures.note(outcome):
            self._moved(gateway)
        for alarm in outcome.alarms:
            self._alarm(alarm.gateway, alarm.what, alarm.why)
        await self.tell(outcome.fresh, self._hear)

    async def tell(
        self, fresh: Sequence[Fresh], hear: Callable[[str, str, int | None, int, Told], None]
    ) -> None:
        """Hand events on in order, a few milliseconds at a time."""
        since = self._clock.now()
        for batch in fresh:
            for place, event in batch.events:
                hear(batch.gateway, batch.boot, batch.offset_ms, place, event)
                if self._clock.now() - since > SLICE:
                    await asyncio.sleep(0)
                    since = self._clock.now()

    async def watch_gaps(self) -> None:
        """Tell people of events that have not come for an hour, until cancelled."""
        while True:
            await self._clock.sleep_until(self._clock.now() + GAP_LOOK)
            try:
                outcome = await self._store.old_gaps(int((self._clock.wall() - GAP_OLD) * 1000))
            except StoreError as error:
                self._trouble(error)
            else:
                await self._follow(outcome)


def _size(arrival: Arrival) -> int:
    return len(arrival.payload) + 200 if isinstance(arrival, Parcel) else 400
