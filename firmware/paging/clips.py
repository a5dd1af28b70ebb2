"""Clips held on this gateway, by hash: fetched from the centre, verified, kept, the oldest evicted.

The only file of the firmware that speaks HTTP. A file whose hash is not its name never gets its name.
"""

import asyncio
import hashlib
import logging
import os
from pathlib import Path

import httpx

log = logging.getLogger(__name__)

LARGEST = 64_000_000
QUOTA = 500_000_000
CHUNK = 1 << 16
TRIES = 3
RETRY_AFTER = 0.3
"""Seconds before the second try; twice as long before each that follows."""
PATIENCE = 30.0
"""Seconds that a fetch may take in all; a warning that comes later than this comes too late."""


class ClipError(Exception):
    """The clip cannot be had; the text says why."""


class ClipStore:
    """Files `<sha256>.wav` below `folder`."""

    def __init__(self, folder: Path, url: str, token: str, quota: int = QUOTA) -> None:
        self._folder = folder
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._quota = quota
        self._under_way: dict[str, asyncio.Task[Path]] = {}

    async def hold(self, sha: str, size: int) -> Path:
        """The path of the clip, fetched when it is not here. ClipError."""
        task = self._under_way.get(sha)
        if task is None:
            task = asyncio.create_task(self._hold(sha, size))
            self._under_way[sha] = task
            task.add_done_callback(lambda _: self._under_way.pop(sha, None))
        return await asyncio.shield(task)

    def held(self, sha: str, size: int) -> bool:
        """Whether the file lies here in full length; its hash is checked when it is played. Blocks. OSError."""
        path = self._folder / f"{sha}.wav"
        return path.is_file() and path.stat().st_size == size

    async def _hold(self, sha: str, size: int) -> Path:
        path = self._folder / f"{sha}.wav"
        if await asyncio.to_thread(_is_whole, path, sha):
            return path
        if size > LARGEST:
            raise ClipError(f"{size} bytes, the limit is {LARGEST}")
        why = ""
        try:
            async with asyncio.timeout(PATIENCE):
                for attempt in range(TRIES):
                    try:
                        return await self._fetch(sha, size, path)
                    except (httpx.HTTPError, httpx.InvalidURL, OSError, ClipError) as error:
                        why = _in_words(error)
                        log.warning("clip=%s try=%d failed why=%s", sha[:12], attempt + 1, why)
                        if attempt + 1 < TRIES:
                            await asyncio.sleep(RETRY_AFTER * 2**attempt)
        except TimeoutError:
            why = f"not fetched within {PATIENCE:.0f} s"
        raise ClipError(why)

    async def _fetch(self, sha: str, size: int, path: Path) -> Path:
        await asyncio.to_thread(self._make_room, size)
        part = path.with_suffix(".part")
        try:
            await self._take(sha, size, part)
            await asyncio.to_thread(_keep, part, path)
        finally:  # also when it was given up: a card is not to fill with halves
            await asyncio.to_thread(part.unlink, missing_ok=True)
        return path

    async def _take(self, sha: str, size: int, part: Path) -> None:
        digest, taken = hashlib.sha256(), 0
        # Loading certificates takes 100 ms of the loop that feeds leases: not where there are none to check.
        verify = not self._url.startswith("http://")
        async with httpx.AsyncClient(timeout=10, trust_env=False, verify=verify) as client:
            address = f"{self._url}/api/v1/blob/{sha}"
            async with client.stream("GET", address, headers=self._headers) as answer:
                answer.raise_for_status()
                file = await asyncio.to_thread(part.open, "wb")
                try:  # off the loop: a busy SD card can hold a write for seconds, and leases are fed here
                    async for chunk in answer.aiter_bytes(CHUNK):
                        taken += len(chunk)
                        if taken > size:
                            raise ClipError(f"longer than the {size} bytes that were announced")
                        digest.update(chunk)
                        await asyncio.to_thread(file.write, chunk)
                finally:
                    await asyncio.to_thread(file.close)
        if digest.hexdigest() != sha:
            raise ClipError("its hash is not the one that was ordered")

    def _make_room(self, size: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        held = sorted(self._folder.glob("*.wav"), key=lambda p: p.stat().st_mtime)
        total = sum(p.stat().st_size for p in held) + size
        for path in held:
            if total <= self._quota:
                break
            total -= path.stat().st_size
            path.unlink()


def _in_words(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):  # the library's own words hold the address and a lecture
        return f"the centre answered {error.response.status_code} {error.response.reason_phrase}"
    return f"{type(error).__name__}: {error}"


def _is_whole(path: Path, sha: str) -> bool:
    try:
        with path.open("rb") as file:
            whole = hashlib.file_digest(file, "sha256").hexdigest() == sha
        if whole:
            os.utime(path)  # the longest unused one makes room
            return True
    except FileNotFoundError:
        return False
    except OSError as error:
        log.warning("clip=%s cannot be read; fetched anew error=%s", sha[:12], error)
        return False
    log.warning("clip=%s damaged on disk; fetched anew", sha[:12])
    return False


def _keep(part: Path, path: Path) -> None:
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
