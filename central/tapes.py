"""Recordings as core sees them: which are under way, what they are called, and when they end.

It orders the voice node to record and keeps the list in the store; it never touches a file itself. What the disk
does not take waits: a recording that was ordered stands in the list, also when nothing could be recorded.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from central.store.database import StoreError
from central.store.recording_rows import Kind
from central.store.recordings import RecordingError, Recordings
from link.contract import neighbour as voice
from link.contract.wire import Wire
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

TAIL = 0.5
"""Seconds for which a broadcast is still recorded after its end."""

WAITING_MOST = 5000
"""Entries of the list that may wait for the disk."""
AGAIN = 1.0
"""Seconds between tries."""


@dataclass(frozen=True)
class Running:
    """One recording under way."""

    order: voice.StartRecording
    owner: str


class Tapes:
    """`owner` is `group:ID` or `broadcast:ID`; ending the owner ends all its recordings."""

    def __init__(
        self,
        recordings: Recordings,
        tell_node: Callable[[Wire], None],
        clock: Clock,
        changed: Callable[[str, str], None],
        from_gateways: Callable[[str, Wire], None],
    ) -> None:
        self.running: dict[str, Running] = {}
        self._ending: set[str] = set()
        self._recordings = recordings
        self._tell_node = tell_node
        self._clock = clock
        self._changed = changed
        self.told = from_gateways
        self._count = 0
        self._writing = 0
        self._jobs: asyncio.Queue[Coroutine[None, None, object]] = asyncio.Queue()

    async def run(self) -> None:
        """Write the list behind, in order, until cancelled."""
        while True:
            try:
                await (await self._jobs.get())
            except (StoreError, RecordingError) as error:
                log.error("recordings list=%s", error)

    @property
    def waiting(self) -> int:
        """Entries of the list that are still to be written."""
        return self._jobs.qsize() + self._writing

    def _write(self, work: Callable[[], Coroutine[None, None, object]]) -> None:
        """Have `work` done on the list after what was to be written before."""
        if self.waiting >= WAITING_MOST:
            log.error(
                "the list of recordings has no room: %d entries wait for the disk, one dropped", WAITING_MOST
            )
            return
        self._jobs.put_nowait(self._written(work))

    async def _written(self, work: Callable[[], Coroutine[None, None, object]]) -> None:
        """Do `work`, again and again while the disk does not take it. StoreError for what will not pass."""
        told, self._writing = False, 1
        try:
            while True:
                try:
                    await work()
                    return
                except StoreError as error:
                    if not error.passing:
                        raise
                    if not told:
                        log.error("the list of recordings waits for the disk: %s", error)
                    told = True
                await self._clock.sleep_until(self._clock.now() + AGAIN)
        finally:
            self._writing = 0

    def conversation(self, group: str, members: tuple[str, ...], on: bool) -> None:
        """One file of the whole group and one of each leg, for as long as the conversation lasts."""
        owner = f"group:{group}"
        if not on:
            self._end(owner)
            return
        self._begin(owner, "group", group, members, "live")
        for member in members:
            self._begin(owner, "leg", member, (member,), "live")

    def broadcast(self, broadcast: str, lines: tuple[str, ...], channel: str, on: bool) -> None:
        """One file of what each loudspeaker line plays."""
        owner = f"broadcast:{broadcast}"
        if not on:  # the last words are slower than the fact that the clip has ended
            self._clock.call_at(self._clock.now() + TAIL, partial(self._end, owner))
            return
        for line in lines:
            self._begin(owner, "broadcast", broadcast, (line,), channel)

    def of_owner(self, owner: str, kind: str) -> str | None:
        """Id of a running recording of this owner and kind."""
        found = (r.order.recording for r in self.running.values() if r.owner == owner)
        return next((name for name in found if name.startswith(kind)), None)

    def _begin(self, owner: str, kind: Kind, subject: str, legs: tuple[str, ...], channel: str) -> None:
        wall = self._clock.wall()
        moment = datetime.fromtimestamp(wall, UTC)
        self._count += 1
        first = legs[0] if kind != "group" else subject
        name = first.replace("/", ".")
        recording = f"{kind}-{name}-{moment:%Y%m%d-%H%M%S}-{self._count}"
        path = f"{moment:%Y/%m/%d}/{recording}.wav"
        order = voice.StartRecording(recording=recording, path=path, legs=legs)
        self.running[recording] = Running(order, owner)
        started = int(wall * 1000)
        entry = (recording, kind, subject, Path(path), started, channel)
        self._write(lambda: self._recordings.begin(*entry))
        self._tell_node(order)
        self._changed("recording", recording)

    def _end(self, owner: str) -> None:
        for recording, running in self.running.items():
            if running.owner == owner:
                self._ending.add(recording)
                self._tell_node(voice.StopRecording(recording=recording))

    def closed(self, fact: voice.RecordingClosed) -> None:
        """The voice node closed a file."""
        self.running.pop(fact.recording, None)
        self._ending.discard(fact.recording)
        if fact.state == "failed":
            log.error("recording=%s failed why=%s", fact.recording, fact.why)
        self._write(lambda: self._finish(fact))

    async def _finish(self, fact: voice.RecordingClosed) -> None:
        if fact.state == "failed":
            await self._recordings.finish(fact.recording)
        else:
            repaired = fact.state == "repaired"
            await self._recordings.finish(fact.recording, fact.seconds, fact.sha, repaired=repaired)
        self._changed("recording", fact.recording)

    def node_came(self, running: tuple[str, ...]) -> None:
        """The node is there (again): stop what nobody here wants, put right what the node does not hold."""
        for recording in running:
            if recording not in self.running or recording in self._ending:  # a stop may have been lost
                self._tell_node(voice.StopRecording(recording=recording))
        for recording in tuple(self.running):
            if recording not in running:
                del self.running[recording]
                self._ending.discard(recording)
        still = frozenset(running) | frozenset(self.running)
        self._write(lambda: self._reconcile(still))

    async def _reconcile(self, still_open: frozenset[str]) -> None:
        found = await self._recordings.reconcile(still_open, repair=lambda folder: ())
        if found.closed or found.missing:
            log.warning("recordings closed=%d missing=%d", len(found.closed), len(found.missing))
