"""Recordings made at gateways as core sees them: announced by evidence, come by upload, unsealed into the folder.

What is told and what has come are two things in any order; a sweep over both brings them together, also after a
restart. A sealed file goes when its sound lies in the recordings folder and the list says so; one that does not open
stays as evidence.
"""

import asyncio
import hashlib
import logging
import os
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from central.store.database import StoreError
from central.store.gateway_recordings import GatewayRecordings
from central.store.recording_rows import Recording
from central.store.uploads import Uploads
from link.contract.link_facts import RecordingGone, RecordingReady
from link.contract.wire import Wire
from link.hosting.clock import Clock
from link.hosting.durable import sync_folder
from link.sealing.seal import SealCut, SealError

log = logging.getLogger(__name__)

TOLD_MOST = 5000
"""Facts that may wait for the disk."""
AGAIN = 5.0
"""Seconds until the disk is tried again."""
WANTED_MOST = 200
"""Recordings of one gateway that may be asked for at a time (as in its desired document)."""

Unseal = Callable[[BinaryIO], Iterator[bytes]]


class GatewayTapes:
    """`changed` is told of recordings for the screens, `wanted_changed` of gateways of which others are wanted."""

    def __init__(
        self,
        recordings: GatewayRecordings,
        uploads: Uploads,
        unseal: Unseal,
        clock: Clock,
        changed: Callable[[str, str], None],
        wanted_changed: Callable[[str], None],
    ) -> None:
        self._recordings, self._uploads, self._unseal = recordings, uploads, unseal
        self._clock, self._changed, self._wanted_changed = clock, changed, wanted_changed
        self._told: deque[tuple[str, RecordingReady | RecordingGone]] = deque()
        self._news = asyncio.Event()
        self._wanted: dict[str, tuple[str, ...]] = {}

    def told(self, gateway: str, fact: Wire) -> None:
        """A fact of a gateway's evidence; others than those of recordings are left alone."""
        if not isinstance(fact, RecordingReady | RecordingGone):
            return
        if len(self._told) >= TOLD_MOST:
            log.error("recordings of gateways: %d facts wait for the disk, one dropped", TOLD_MOST)
            return
        self._told.append((gateway, fact))
        self._news.set()

    def arrived(self) -> None:
        """A file has come up."""
        self._news.set()

    def wanted(self, gateway: str) -> tuple[str, ...]:
        """Names (the gateway's own) of the recordings that it shall send up, for its desired document."""
        return self._wanted.get(gateway, ())

    async def want(self, recording: Recording) -> str:
        """Have this one brought; why not, or empty. StoreError."""
        if recording.state != "announced":
            return f"recording {recording.id} is {recording.state}"
        if len(self.wanted(recording.gateway)) >= WANTED_MOST:
            return f"{WANTED_MOST} recordings of {recording.gateway} are on their way already"
        await self._recordings.want(recording.id)
        await self._count_wanted()
        self._changed("recording", recording.id)
        return ""

    async def resume(self) -> None:
        """Read what is wanted, before the first desired document is made. StoreError."""
        await self._count_wanted()
        self._news.set()

    async def run(self) -> None:
        """Write the list and unseal what has come, until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._write_told()
                await self._sweep()
            except (StoreError, OSError) as error:
                log.error("recordings of gateways wait for the disk: %s", error)
                await self._clock.sleep_until(self._clock.now() + AGAIN)
                self._news.set()

    async def _write_told(self) -> None:
        while self._told:
            gateway, fact = self._told[0]
            if isinstance(fact, RecordingReady):
                id: str | None = await self._recordings.announce(gateway, fact)
            else:
                id = await self._recordings.given_up(gateway, fact.recording, fact.why)
            self._told.popleft()
            if id is not None:
                self._changed("recording", id)
            await self._count_wanted()

    async def _count_wanted(self) -> None:
        wanted: dict[str, tuple[str, ...]] = {}
        for each in await self._recordings.announced():
            if each.wanted:
                wanted[each.gateway] = (*wanted.get(each.gateway, ()), each.origin)
        before, self._wanted = self._wanted, wanted
        for gateway in sorted(before.keys() | wanted.keys()):
            if before.get(gateway) != wanted.get(gateway):
                self._wanted_changed(gateway)

    async def _sweep(self) -> None:
        """Unseal whatever is announced and has come; forget what the list has already."""
        here = await asyncio.to_thread(self._uploads.whole_ones)
        if not here:
            return
        for each in await self._recordings.announced():
            if each.sealed_sha256 in here:
                await self._open(each, each.sealed_sha256)
        for sha in here:
            if await self._recordings.dealt_with(sha) is not None:
                await asyncio.to_thread(self._uploads.remove, sha)
        await self._count_wanted()

    async def _open(self, recording: Recording, sha: str) -> None:
        sealed, path = self._uploads.path_of(sha), self._recordings.path_of(recording)
        try:
            digest, cut = await asyncio.to_thread(_opened, sealed, path, self._unseal)
        except SealError as error:
            log.error("recording=%s cannot be unsealed: %s; kept: %s", recording.id, error, sealed)
            await self._recordings.failed(recording.id, f"{error.reason}: {error}")
        else:
            await self._recordings.opened(recording.id, digest, cut or recording.cut)
        self._changed("recording", recording.id)


def _opened(sealed: Path, path: Path, unseal: Unseal) -> tuple[str, bool]:
    """Write the plain sound of `sealed` to `path`: its SHA-256, and whether its end is missing. SealError, OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    digest, cut, size = hashlib.sha256(), False, 0
    try:
        with sealed.open("rb") as source, part.open("wb") as target:
            try:
                for piece in unseal(source):
                    digest.update(piece)
                    size += target.write(piece)
            except SealCut:  # the power went at the gateway: what was sealed before is whole and genuine
                if not size:
                    raise
                cut = True
            target.flush()
            os.fsync(target.fileno())
        part.replace(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)
    return digest.hexdigest(), cut
