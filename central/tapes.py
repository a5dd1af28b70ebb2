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
from central.store.recording_rows import Kind, around
from central.store.recordings import RecordingError, Recordings
from link.contract import neighbour as voice
from link.contract.wire import Wire
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

BEGIN_WITHIN = 5.0
"""Seconds within which the voice node has to have begun a recording."""
SEGMENT_LATE = 90.0
"""Seconds after which a segment that did not end is told."""
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
    kind: Kind
    subject: str
    channel: str


class Tapes:
    """`owner` is `group:ID`, `broadcast:ID` or `call:ID`; ending the owner ends all its recordings."""

    def __init__(
        self,
        recordings: Recordings,
        tell_node: Callable[[Wire], None],
        clock: Clock,
        changed: Callable[[str, str], None],
        from_gateways: Callable[[str, Wire], None],
        alarm: Callable[[str, str, str], None] = lambda what, subject, why: None,
        segment_s: int = 0,
    ) -> None:
        """`alarm` is given what people must see: what (of NoticeView), the line, group or broadcast, why."""
        self.running: dict[str, Running] = {}
        self._on: dict[str, set[str]] = {}
        self._subjects: dict[str, tuple[str, ...]] = {}
        self._floor: dict[str, tuple[str, str]] = {}
        self._segments: dict[str, int] = {}
        self._alarm, self._segment_s = alarm, segment_s
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

    def conversation(
        self, group: str, members: tuple[str, ...], on: bool, subjects: tuple[str, ...] = ()
    ) -> None:
        """One file of the whole group and one of each leg, for as long as the conversation lasts.

        A patch has one for each of its groups (`subjects`): who looks there finds all that was heard there.
        """
        owner = f"group:{group}"
        if not on:
            self._on.pop(owner, None)
            self._subjects.pop(owner, None)
            self._floor.pop(group, None)
            self._end(owner)
            return
        self._on[owner] = set()
        self._subjects[owner] = subjects or (group,)
        for subject in self._subjects[owner]:
            self._begin(owner, "group", subject, members, "live")
        for member in members:
            self._begin(owner, "leg", member, (member,), "live")
        if (floor := self._floor.get(group)) is not None:
            self.talks(group, *floor)

    def talks(self, group: str, holder: str, talker: str) -> None:
        """Somebody has the floor: he is a party, and recorded, also if he came after the conversation began."""
        owner = f"group:{group}"
        self._floor[group] = (holder, talker)
        if owner not in self._on:  # it is about to begin
            return
        legs = {name: r for name, r in self.running.items() if r.owner == owner and name not in self._ending}
        for subject in self._subjects[owner]:
            if not any(each.kind == "group" and each.subject == subject for each in legs.values()):
                self._begin(owner, "group", subject, (holder,), "live")
        if not any(each.kind == "leg" and each.subject == holder for each in legs.values()):
            self._begin(owner, "leg", holder, (holder,), "live")
        party = talker or holder
        heard_in = tuple(
            name
            for name, each in self.running.items()
            if each.owner == owner and (each.kind == "group" or each.subject == holder)
        )
        if (key := f"{holder} {party}") not in self._on[owner]:
            self._on[owner].add(key)
            self._write(lambda: self._recordings.add_parties(heard_in, around((party,))))

    def broadcast(self, broadcast: str, lines: tuple[str, ...], channel: str, on: bool) -> None:
        """One file of what each loudspeaker line plays."""
        owner = f"broadcast:{broadcast}"
        if not on:  # the last words are slower than the fact that the clip has ended
            self._clock.call_at(self._clock.now() + TAIL, partial(self._end, owner))
            return
        for line in lines:
            self._begin(owner, "broadcast", broadcast, (line,), channel)

    def call(self, call: str, leg: str, number: str) -> None:
        """One file of each party of a telephone call, from when it stands to the end of the call."""
        self._begin(f"call:{call}", "leg", f"{call} {number}", (leg,), "live")

    def call_over(self, call: str) -> None:
        """The call has ended."""
        self._end(f"call:{call}")

    def of_owner(self, owner: str, kind: str, subject: str = "") -> str | None:
        """Id of a running recording of this owner and kind, and of this subject if one is given."""
        found = (r for r in self.running.values() if r.owner == owner and subject in ("", r.subject))
        return next((r.order.recording for r in found if r.order.recording.startswith(kind)), None)

    def _begin(self, owner: str, kind: Kind, subject: str, legs: tuple[str, ...], channel: str) -> None:
        wall = self._clock.wall()
        moment = datetime.fromtimestamp(wall, UTC)
        self._count += 1
        first = legs[0] if kind != "group" else subject
        name = first.replace("/", ".").replace(":", ".")
        recording = f"{kind}-{name}-{moment:%Y%m%d-%H%M%S}-{self._count}"
        path = f"{moment:%Y/%m/%d}/{recording}.wav"
        group = owner.removeprefix("group:") if owner.startswith("group:") else ""
        order = voice.StartRecording(
            recording=recording,
            path=path,
            legs=legs,
            bridge=group,
            mixed=kind == "group",
            segment_s=self._segment_s,
        )
        self.running[recording] = Running(order, owner, kind, subject, channel)
        started = int(wall * 1000)
        talk_group = subject if kind == "group" else group
        entry = (recording, kind, subject, Path(path), started, channel)
        self._write(lambda: self._recordings.begin(*entry, legs=around(legs), talk_group=talk_group))
        self._tell_node(order)
        self._clock.call_at(self._clock.now() + BEGIN_WITHIN, partial(self._look_begun, recording))
        self._changed("recording", recording)

    def _look_begun(self, recording: str) -> None:
        """By now it runs, or people must know."""
        running = self.running.get(recording)
        if running is not None and recording not in self._segments and recording not in self._ending:
            self._alarm("not-recorded", running.subject, "the voice node has not begun to record")

    def _look_cut(self, recording: str, segments: int) -> None:
        """By now its next segment is closed, or people must know."""
        running = self.running.get(recording)
        if (
            running is not None
            and self._segments.get(recording) == segments
            and recording not in self._ending
        ):
            self._alarm("recording-hole", running.subject, f"{recording}: a segment has no end")

    def _end(self, owner: str) -> None:
        for recording, running in self.running.items():
            if running.owner == owner:
                self._ending.add(recording)
                self._tell_node(voice.StopRecording(recording=recording))

    def heard(self, fact: voice.RecordingBegan | voice.RecordingClosed) -> None:
        """The voice node began a file, or closed one."""
        if isinstance(fact, voice.RecordingBegan):
            self._progress(fact.recording, 0)
            self._write(lambda: self._recordings.began(fact))
        else:
            self._closed(fact)

    def _progress(self, recording: str, segments: int) -> None:
        self._segments[recording] = segments
        if self._segment_s and recording in self.running:
            late = self._clock.now() + self._segment_s + SEGMENT_LATE
            self._clock.call_at(late, partial(self._look_cut, recording, segments))

    def _closed(self, fact: voice.RecordingClosed) -> None:
        running = self.running.get(fact.recording)
        subject = fact.recording if running is None else running.subject
        if fact.hole_ms:
            why = f"{fact.recording}: {fact.hole_ms} ms passed and are not in it"
            self._alarm("recording-hole", subject, why)
        if fact.state == "failed":
            log.error("recording=%s failed why=%s", fact.recording, fact.why)
            self._alarm("not-recorded", subject, f"{fact.recording}: {fact.why}")
        if fact.more:
            self._progress(fact.recording, fact.segment)
        else:
            self._forget(fact.recording)
        self._write(lambda: self._finish(fact))

    def _forget(self, recording: str) -> None:
        self.running.pop(recording, None)
        self._segments.pop(recording, None)
        self._ending.discard(recording)

    async def _finish(self, fact: voice.RecordingClosed) -> None:
        if fact.state == "failed":
            await self._recordings.finish(fact.recording)
        else:
            await self._recordings.closed(fact)
        self._changed("recording", fact.recording)

    def node_came(self, running: tuple[str, ...]) -> None:
        """The node is there (again): stop what nobody here wants, put right what the node does not hold."""
        for recording in running:
            if recording not in self.running or recording in self._ending:  # a stop may have been lost
                self._tell_node(voice.StopRecording(recording=recording))
        lost = {name: each for name, each in self.running.items() if name not in running}
        for recording, each in lost.items():
            wanted = recording not in self._ending and (each.owner in self._on or each.kind == "broadcast")
            self._forget(recording)
            if wanted:
                why = f"{recording}: the voice node ended or lost sight of the centre while it ran"
                self._alarm("recording-hole", each.subject, why)
                self._begin(each.owner, each.kind, each.subject, each.order.legs, each.channel)
        still = frozenset(running) | frozenset(self.running)
        self._write(lambda: self._reconcile(still))

    async def _reconcile(self, still_open: frozenset[str]) -> None:
        found = await self._recordings.reconcile(still_open, repair=lambda folder: ())
        if found.closed or found.missing:
            log.warning("recordings closed=%d missing=%d", len(found.closed), len(found.missing))
