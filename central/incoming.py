"""Takes files from gateways in, part by part: one at a time for each file, kept over cuts, verified at the end.

It keeps no list of what they are (gateway_tapes.py does). What came before a cut stays; an offset is told only when
its octets are on the disk.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import BinaryIO, TypeVar

from central.api.desk import DeskError
from central.api.upload_desk import Upload
from central.patience import patiently
from central.store.uploads import Part, UploadRefused, Uploads

log = logging.getLogger(__name__)

T = TypeVar("T")

EXPIRE_EVERY = 3600.0


class Incoming:
    """Implements central.api.upload_desk.UploadDesk. `known`: octets of a file that was here and was dealt with."""

    def __init__(
        self,
        uploads: Uploads,
        known: Callable[[str], Awaitable[int | None]],
        arrived: Callable[[], None],
    ) -> None:
        self._uploads = uploads
        self._known = known
        self._arrived = arrived
        self._under_way: set[str] = set()

    async def run(self) -> None:
        """Throw away what nobody goes on with, until cancelled."""
        while True:
            for sha in await asyncio.to_thread(self._uploads.expire, time.time()):
                log.warning("upload=%s was not gone on with and is thrown away", sha[:12])
            await asyncio.sleep(EXPIRE_EVERY)

    async def upload(self, gateway: str, sha: str) -> Upload:
        """See UploadDesk."""
        size = await asyncio.to_thread(self._uploads.size_of, sha)
        if size is None:
            size = await self._known(sha)
        if size is not None:
            return Upload(size, size, complete=True)
        part = await asyncio.to_thread(self._uploads.part_of, gateway, sha)
        if part is None:
            return Upload(0, None, complete=False)
        part = await self._stored(self._uploads.settle, part)
        return Upload(part.offset, part.length, complete=False)

    async def take_up(
        self, gateway: str, sha: str, length: int, offset: int, body: AsyncIterator[bytes]
    ) -> Upload:
        """See UploadDesk."""
        if sha in self._under_way:
            raise DeskError(423, "this file is just being sent", "wait for the end of the other request")
        self._under_way.add(sha)
        try:
            now = await self.upload(gateway, sha)
            if now.complete:
                return now
            if offset != now.offset:
                raise DeskError(
                    409, f"the centre has {now.offset} bytes, not {offset}", "ask with HEAD, go on there"
                )
            part = await self._stored(self._uploads.begin, gateway, sha, length)
            part = await self._append(part, body)
            if part.offset < length:
                return Upload(part.offset, length, complete=False)
            await self._stored(self._uploads.finish, part)
        finally:
            self._under_way.discard(sha)
        log.info("upload=%s of %s is here, %d bytes", sha[:12], gateway, length)
        self._arrived()
        return Upload(length, length, complete=True)

    async def _append(self, part: Part, body: AsyncIterator[bytes]) -> Part:
        file = await self._stored(_opened, part)
        room = part.length - part.offset
        try:
            async with contextlib.aclosing(patiently(body, "go on where HEAD says")) as pieces:
                async for piece in pieces:
                    if len(piece) > room:
                        raise DeskError(400, "more than the file has", "send what is missing and no more")
                    room -= len(piece)
                    await self._stored(file.write, piece)
        finally:  # also of a connection that broke: what came is gone on with
            await asyncio.shield(asyncio.to_thread(file.close))
        return await self._stored(self._uploads.settle, part)

    @staticmethod
    async def _stored(work: Callable[..., T], *given: object) -> T:
        try:
            return await asyncio.to_thread(work, *given)
        except UploadRefused as error:
            raise DeskError(error.status, error.what, error.advice) from None
        except OSError as error:
            what = f"the file cannot be kept: {error.strerror or error}"
            raise DeskError(507, what, "free space on the disk of the centre") from None


def _opened(part: Part) -> BinaryIO:
    return part.path.open("ab")
