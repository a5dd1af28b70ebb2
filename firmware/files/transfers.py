"""Moves the files of a gateway: wanted ones down, recordings up, and what shall sound now before all else.

The machine (machine.py) says what is next; here it is done, paced by the bucket, broken off at once when voice or
an alarm needs the link. File work runs in threads: a busy card can hold a write for seconds, and leases are fed here.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.effects import Record
from firmware.events import HeldBlobs, RecordingKept
from firmware.files import messages as say
from firmware.files.bucket import Bucket, rate_of
from firmware.files.centre_files import CentreFiles
from firmware.files.held import LARGEST, FilesError, HeldFiles, sha256_of
from firmware.files.kept import forget, piece_of
from firmware.files.machine import Files
from link.contract.documents import LinkSettings
from link.contract.profile import ProfileName
from link.contract.wire import Wire
from link.hosting.clock import Clock
from link.hosting.runner import Runner

log = logging.getLogger(__name__)

TRIES = 3
RETRY_AFTER = 0.3
"""Seconds before the second try of what shall sound now; twice as long before each that follows."""
PATIENCE = 30.0
"""Seconds that such a fetch may take in all; a warning that comes later than this comes too late."""
LOOK_EVERY = 0.2
"""Seconds between looks at whether voice or alarms need the link."""
SETTLE_EVERY = 262_144
"""Octets of a part after which they are made safe against a power cut."""
PRESSING = "a file that shall sound now goes first"


@dataclass(frozen=True)
class Ways:
    """How it hears and says: `busy` why the link is needed (or empty), `playing` hashes that sound or are about to."""

    record: Callable[[Wire], None]
    tell: Callable[[HeldBlobs], None]
    busy: Callable[[], str]
    playing: Callable[[], frozenset[str]]
    waiting: Callable[[int], None] = lambda count: None
    """Hears how many recordings wait to be sent, whenever that changes."""


class Transfers:
    """`held`: files by hash; `quota`: octets of recordings; `rate`: octets per second. Events go to `inbox`."""

    def __init__(
        self,
        held: HeldFiles,
        quota: int,
        centre: CentreFiles,
        clock: Clock,
        ways: Ways,
        rate: float,
    ) -> None:
        self.bucket = Bucket(rate)
        self.held, self._centre = held, centre
        self._clock, self._ways = clock, ways
        self._runner: Runner[Files] = Runner(
            "files",
            Files(quota),
            self._perform,
            clock,
            recover=lambda: self._runner.machine.started_over(),
        )
        self.inbox = self._runner.inbox
        self._moving: asyncio.Task[object] | None = None
        self._jobs: set[asyncio.Task[Any]] = set()
        self._urgent: dict[str, asyncio.Task[Path]] = {}
        self._pressing: set[str] = set()
        self._coming: dict[str, int] = {}
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        self._confirmed: dict[str, int] = {}
        self._busy_told = ""
        self._waiting_told = 0

    def view(self) -> say.FilesState:
        """For `gateway status`."""
        return self._runner.machine.view()

    def use_link(self, link: LinkSettings, profile: ProfileName) -> None:
        """The share of the link that files may take from now on; `profile` counts where the document says nothing."""
        self.bucket.rate = rate_of(link, profile)

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._runner.run())
                group.create_task(self._watch())
        finally:
            for task in (*self._jobs, *self._urgent.values()):
                task.cancel()
            await asyncio.gather(*self._jobs, *self._urgent.values(), return_exceptions=True)
            await self._centre.close()

    async def _watch(self) -> None:
        while True:
            self._look()
            await self._clock.sleep_until(self._clock.now() + LOOK_EVERY)

    def _look(self) -> None:
        why = PRESSING if self._pressing else self._ways.busy()
        if why != self._busy_told:
            self._busy_told = why
            self.inbox.post(say.BusyChanged(why))
        waiting = len(self._runner.machine.due)
        if waiting != self._waiting_told:
            self._waiting_told = waiting
            self._ways.waiting(waiting)

    # -- what the machine asks for --

    def _perform(self, effect: object) -> None:
        match effect:
            case say.Fetch() | say.Send():
                self._moving = self._move(effect)
                self._jobs.add(self._moving)
                self._moving.add_done_callback(self._jobs.discard)
            case say.Halt():
                if self._moving is not None:
                    self._moving.cancel()
            case say.Check(blobs=blobs):
                self._start(self._check(tuple(blob.sha for blob in blobs)))
            case say.Forget(kept=kept):
                self._confirmed.pop(kept.fact.recording, None)
                self._start(self._forget(kept))
            case Record(fact=fact):
                self._ways.record(fact)
            case HeldBlobs():
                self._ways.tell(effect)

    def _start(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        return task

    async def _check(self, shas: tuple[str, ...]) -> None:
        self.inbox.post(say.Checked(shas, await asyncio.to_thread(self.held.whole_ones, shas)))

    async def _forget(self, kept: RecordingKept) -> None:
        try:
            await asyncio.to_thread(forget, kept)
        except OSError as error:
            log.error("recording=%s cannot be removed: %s", kept.fact.recording, error)

    def _move(self, job: say.Fetch | say.Send) -> "asyncio.Task[object]":
        """One background transfer to its end; the machine is told of that, whatever it is."""
        progress = Progress()
        work = (
            self._fetch_wanted(job, progress)
            if isinstance(job, say.Fetch)
            else self._send(job.kept, progress)
        )
        task: asyncio.Task[object] = asyncio.create_task(work)

        def ended(task: "asyncio.Task[object]") -> None:
            self.inbox.post(say.Failed(job.key, "") if task.cancelled() else _told(job, task, progress))

        task.add_done_callback(ended)  # not in the task itself: one that is halted at once never begins
        return task

    async def _fetch_wanted(self, job: say.Fetch, progress: "Progress") -> object:
        await self._fetch(job.blob.sha, job.blob.size, self.bucket, progress)
        return say.Fetched(job.blob.sha)

    # -- down --

    async def hold(self, sha: str, size: int) -> Path:
        """The path of the file, fetched at once and at full speed when it is not here. FilesError."""
        task = self._urgent.get(sha)
        if task is None:
            task = asyncio.create_task(self._hold(sha, size))
            self._urgent[sha] = task
            task.add_done_callback(lambda _: self._urgent.pop(sha, None))
        return await asyncio.shield(task)

    async def _hold(self, sha: str, size: int) -> Path:
        if await asyncio.to_thread(self.held.is_whole, sha):
            return self.held.path_of(sha)
        if size > LARGEST:
            raise FilesError(f"{size} bytes, the limit is {LARGEST}")
        self._pressing.add(sha)
        self._look()
        if self._moving is not None:
            self._moving.cancel()
        try:
            async with asyncio.timeout(PATIENCE):
                path = await self._tried(sha, size)
        except TimeoutError:
            raise FilesError(f"not fetched within {PATIENCE:.0f} s") from None
        finally:
            self._pressing.discard(sha)
            self._look()
        self.inbox.post(say.Fetched(sha))
        return path

    async def _tried(self, sha: str, size: int) -> Path:
        why = ""
        for attempt in range(TRIES):
            try:
                return await self._fetch(sha, size, None, Progress())
            except (FilesError, OSError) as error:
                why = str(error) if isinstance(error, FilesError) else f"{type(error).__name__}: {error}"
                log.warning("file=%s try=%d failed why=%s", sha[:12], attempt + 1, why)
            if attempt + 1 < TRIES:
                await asyncio.sleep(RETRY_AFTER * 2**attempt)
        raise FilesError(why)

    async def _fetch(self, sha: str, size: int, pace: Bucket | None, progress: "Progress") -> Path:
        async with self._locked(sha):
            if await asyncio.to_thread(self.held.is_whole, sha):
                return self.held.path_of(sha)
            self._coming[sha] = size
            try:
                wanted = frozenset(blob.sha for blob in self._runner.machine.wanted)
                keep = wanted | self._ways.playing() | self._pressing
                await asyncio.to_thread(self.held.make_room, dict(self._coming), keep)
                at = await asyncio.to_thread(self.held.begun, sha, size)
                if size == 0:
                    await asyncio.to_thread(self.held.append, sha, 0, b"")
                settled = at
                while at < size:
                    upto = min(size, at + pace.chunk) if pace is not None else size
                    at = await self._take(sha, (at, upto, size), pace, progress)
                    if at - settled >= SETTLE_EVERY:
                        settled = at
                        await asyncio.to_thread(self.held.settle_part, sha)
                return await asyncio.to_thread(self.held.finish, sha)
            finally:
                del self._coming[sha]
                await asyncio.to_thread(self.held.settle_part, sha)

    async def _take(
        self, sha: str, part: tuple[int, int, int], pace: Bucket | None, progress: "Progress"
    ) -> int:
        """One request; the octet up to which the file is here then."""
        reached = -1
        async with contextlib.aclosing(self._centre.get(sha, *part)) as pieces:
            async for place, piece in pieces:
                await asyncio.to_thread(self.held.append, sha, place, piece)
                reached = place + len(piece)
                progress.moved += len(piece)
                if pace is not None:
                    await self._clock.sleep_until(pace.take(len(piece), self._clock.now()))
        if reached < 0:
            raise FilesError("the centre sent nothing")
        return reached

    @contextlib.asynccontextmanager
    async def _locked(self, sha: str) -> AsyncIterator[None]:
        """One transfer at a time writes a file's part."""
        lock, users = self._locks.get(sha, (asyncio.Lock(), 0))
        self._locks[sha] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks.pop(sha)
            if users > 1:
                self._locks[sha] = (lock, users - 1)

    # -- up --

    async def _send(self, kept: RecordingKept, progress: "Progress") -> object:
        fact = kept.fact
        try:
            whole = await asyncio.to_thread(sha256_of, Path(kept.path)) == fact.sha
        except FileNotFoundError:
            return say.Lost(fact.recording, "its file is gone")
        if not whole:
            return say.Lost(fact.recording, "damaged on the gateway's disk")
        offer = await self._centre.offer(fact.sha)
        progress.moved = max(0, offer.offset - self._confirmed.get(fact.recording, 0))
        at = offer.offset
        while not offer.complete:
            if at >= fact.size:
                raise FilesError("the centre has all of it and does not confirm it", refused=True)
            self._confirmed[fact.recording] = at
            length = min(self.bucket.chunk, fact.size - at)
            pieces = self._pieces(kept.path, at, length)
            reached = await self._centre.send(fact.sha, fact.size, at, length, pieces)
            progress.moved += max(0, reached - at)
            at = self._confirmed[fact.recording] = reached
            if at >= fact.size:  # gone from here only when the centre says so under the file's hash
                offer = await self._centre.offer(fact.sha)
        return say.Sent(fact.recording)

    async def _pieces(self, path: str, at: int, length: int) -> AsyncIterator[bytes]:
        end = at + length
        while at < end:
            piece = await asyncio.to_thread(piece_of, path, at, min(self.bucket.piece, end - at))
            await self._clock.sleep_until(self.bucket.take(len(piece), self._clock.now()))
            yield piece
            at += len(piece)


@dataclass
class Progress:
    """Octets that a transfer has moved so far."""

    moved: int = 0


def _told(job: say.Fetch | say.Send, task: "asyncio.Task[object]", progress: Progress) -> object:
    """What the machine is told of a transfer that was not halted."""
    error = task.exception()
    if error is None:
        return task.result()
    if not isinstance(error, FilesError | OSError):
        log.error("file=%s broke off", job.key[:40], exc_info=error)
    why = str(error) if isinstance(error, FilesError) else f"{type(error).__name__}: {error}"
    refused = isinstance(error, FilesError) and error.refused
    log.warning("file=%s broke off moved=%d why=%s", job.key[:40], progress.moved, why)
    return say.Failed(job.key, why, refused, progress.moved, random.random())
