"""Looks after recordings that are closed: encodes them, erases what was kept long enough, watches the disk.

It never stops a recording or a call: without room the oldest that nobody holds go, below a floor, and people are told.
"""

import asyncio
import logging
import shutil
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path

from central.ports import Ledger
from central.recording_models import RecordingStatusView
from central.recording_settings import RecordingSettings
from central.store.database import StoreError
from central.store.encoding import Encoding
from central.store.recording_keeping import Keeping
from central.store.recording_rows import Recording
from central.store.seal_book import SealBook
from central.store.side_process import SideRefused
from link.hosting.clock import Clock

log = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between rounds."""
SWEEP_EVERY = 3600.0
AT_ONCE = 200
"""Recordings erased in one round."""
TROUBLES_KEPT = 20
MEGA = 1 << 20

Disk = Callable[[Path], tuple[int, int]]


def disk_of(folder: Path) -> tuple[int, int]:
    """(octets in all, octets free)."""
    usage = shutil.disk_usage(folder)
    return usage.total, usage.free


class RecordingCare:
    """`alarm` and `changed` as for Tapes; `disk` looks at the disk under a folder."""

    def __init__(
        self,
        settings: RecordingSettings,
        folder: Path,
        parts: tuple[Encoding, Keeping, SealBook],
        clock: Clock,
        ledger: Ledger,
        alarm: Callable[[str, str, str], None],
        changed: Callable[[str, str], None],
        disk: Disk = disk_of,
    ) -> None:
        self._settings, self._folder, self._clock, self._ledger = settings, folder, clock, ledger
        self._encoding, self._keeping, self._seals = parts
        self._alarm, self._changed, self._disk = alarm, changed, disk
        self._swept = float("-inf")
        self._told: dict[str, str] = {}
        self._troubles: deque[tuple[float, str]] = deque(maxlen=TROUBLES_KEPT)
        self._used_percent, self._waiting = 0.0, 0
        self._head: tuple[int, str, str] = (0, "", "")

    def alarmed(self, what: str, subject: str, why: str) -> None:
        """Something is wrong with recordings: people see it at once, the status for a while, the journal for ever."""
        self._troubles.append((round(self._clock.wall(), 3), f"{subject}: {why}"))
        self._ledger.append(f"recording.{what.removeprefix('recording-')}", subject, {"why": why})
        self._alarm(what, subject, why)

    def view(self) -> RecordingStatusView:
        """How it stands, without waiting."""
        standing = tuple(self._told.values())
        recent = tuple(why for _, why in reversed(self._troubles))
        return RecordingStatusView(
            ok=not standing,
            troubles=standing,
            recent=recent,
            disk_used_percent=round(self._used_percent, 1),
            to_encode=self._waiting,
            chain_entries=self._head[0],
            chain_hash=self._head[1],
            chain_signature=self._head[2],
            key=self._seals.key.fingerprint,
        )

    async def resume(self) -> None:
        """Put right what a crash left. StoreError."""
        before = await self._seals.resume()
        if before:
            self.alarmed("recording-hole", "chain", "recordings are signed by another key from now on")
        await self._encoding.resume()
        await self._keeping.resume()
        await self._look()

    async def run(self) -> None:
        """Round after round, until cancelled."""
        while True:
            await self._clock.sleep_until(self._clock.now() + EVERY)
            await self.round()

    async def round(self) -> None:
        """Look at the disk, make room, erase what is due, encode."""
        for work in (self._disk_watched, self._sweep, self._encode, self._look):
            await self._tried(work)

    async def _tried(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except (StoreError, OSError, SideRefused) as error:
            log.error("recordings: %s", error)

    async def _look(self) -> None:
        head = await self._seals.head()
        if head is not None:
            self._head = (head.seq, head.hash, head.signature)
        self._waiting = len(await self._encoding.waiting())

    async def _encode(self) -> None:
        done = await self._encoding.round()
        for id in done.done:
            self._changed("recording", id)
        self._stands("encoding", done.trouble and f"a recording stays a WAV: {done.trouble}")

    async def _sweep(self) -> None:
        if self._clock.now() - self._swept < SWEEP_EVERY:
            return
        due = (await self._keeping.due())[:AT_ONCE]
        for row in due:
            await self._erase(row, f"kept {self._settings.days_of(row.kind)} days")
        if len(due) < AT_ONCE:
            self._swept = self._clock.now()

    async def _disk_watched(self) -> None:
        total, free = await asyncio.to_thread(self._disk, self._folder)
        self._used_percent = 100 * (total - free) / max(1, total)
        warn = self._used_percent >= self._settings.warn_percent
        why = f"the disk of the recordings is {self._used_percent:.0f} % full, {free // MEGA} MB are left"
        floor = self._settings.floor_mb * MEGA
        if floor and free < floor:
            for _ in range(AT_ONCE):
                row = await self._keeping.oldest()
                if row is None:
                    why += "; everything is held or still needed: make room"
                    break
                await self._erase(row, f"no room: less than {self._settings.floor_mb} MB were left")
                _, free = await asyncio.to_thread(self._disk, self._folder)
                if free >= floor:
                    break
            else:
                why += "; the oldest recordings go"
            warn = True
        self._stands("disk", why if warn else "")

    def _stands(self, name: str, why: str) -> None:
        """A trouble that lasts: told when it begins, in the status while it lasts."""
        if why and name not in self._told:
            self.alarmed("recordings-disk" if name == "disk" else "recording-hole", "recordings", why)
        if why:
            self._told[name] = why
        elif self._told.pop(name, None):
            log.info("recordings: %s is well again", name)

    async def _erase(self, row: Recording, why: str) -> None:
        if await self._keeping.erase(row, why):
            self._ledger.append("recording.erased", row.id, {"why": why, "sha": row.sha256})
            self._changed("recording", row.id)
