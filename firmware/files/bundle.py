"""Fetches one large file, a firmware bundle, in the background: in parts, paced, gone on with after a break or restart.

It has a folder of its own: no clip makes room for it, and it makes room for none.
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from firmware.files.bucket import Bucket
from firmware.files.centre_files import CentreFiles
from firmware.files.held import FilesError, HeldFiles
from link.hosting.clock import Clock

SETTLE_EVERY = 4_194_304
"""Octets of a part after which they are made safe against a power cut."""


class BundleFetch:
    """`held`: a folder for bundles only; `bucket`: shared with the other background transfers."""

    def __init__(self, held: HeldFiles, centre: CentreFiles, clock: Clock, bucket: Bucket) -> None:
        self._held, self._centre = held, centre
        self._clock, self._bucket = clock, bucket

    async def fetch(self, url: str, sha: str, size: int, told: Callable[[int], None]) -> Path:
        """The path of the whole file; `told` hears how many octets are here. FilesError, OSError."""
        held = self._held
        if await asyncio.to_thread(held.is_whole, sha):
            return held.path_of(sha)
        await asyncio.to_thread(held.make_room, {sha: size}, frozenset())
        settled = at = await asyncio.to_thread(held.begun, sha, size)
        try:
            told(at)
            while at < size:
                at = await self._part(url, sha, at, size, told)
                if at - settled >= SETTLE_EVERY:
                    settled = at
                    await asyncio.to_thread(held.settle_part, sha)
            return await asyncio.to_thread(held.finish, sha)
        finally:
            await asyncio.to_thread(held.settle_part, sha)

    async def _part(self, url: str, sha: str, at: int, size: int, told: Callable[[int], None]) -> int:
        """One request; the octet up to which the file is here then. What came before a cut is kept."""
        upto, start, came = min(size, at + self._bucket.part), -1, bytearray()
        try:
            async with contextlib.aclosing(self._centre.get(sha, at, upto, size, url)) as pieces:
                async for place, piece in pieces:
                    start = place if start < 0 else start
                    came += piece
                    if len(came) >= self._bucket.piece:
                        start += await self._keep(sha, start, came)
                        told(start)
        finally:
            if came:
                start += await self._keep(sha, start, came)
        if start < 0:
            raise FilesError("nothing was sent")
        return start

    async def _keep(self, sha: str, at: int, came: bytearray) -> int:
        """Write what has come and empty it; how much that was. Network reads are small, a thread for each is dear."""
        piece = bytes(came)
        came.clear()
        await asyncio.to_thread(self._held.append, sha, at, piece)
        await self._clock.sleep_until(self._bucket.take(len(piece), self._clock.now()))
        return len(piece)

    async def clear(self) -> None:
        """Remove what lies here. OSError."""
        await asyncio.to_thread(self._held.clear)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._centre.close()
