"""The shelf of bundles: takes one in as it comes, has RAUC say whose it is, keeps it under its SHA-256.

A bundle may be hundreds of megabytes: it is written as it comes, never held. What was not whole, not signed by the
keyring, or not for our gateways, is not kept. One is taken at a time.
"""

import asyncio
import hashlib
import logging
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from pydantic import TypeAdapter, ValidationError

from central.api.refusal import DeskError
from central.patience import patiently
from central.ports import Ledger
from central.store.database import StoreError
from central.store.rollouts import BundleRow, RolloutStore
from central.updates_settings import UpdatesSettings
from link.bundles.rauc import Bundle, RaucError, RaucQuestions
from link.contract.firmware_job import Version
from link.hosting.clock import Clock
from link.hosting.durable import sync_folder

log = logging.getLogger(__name__)

MEGA = 1_000_000
PIECE = 1_048_576
"""Octets that are written at a time."""
RESERVE = 500 * MEGA
"""Octets of the disk that no bundle may take: the journal and the recordings need room too."""
_VERSION: TypeAdapter[str] = TypeAdapter(Version)
NO_TABLE = "this centre takes no bundles: its settings have no [updates] table"
ADD_TABLE = "add the table with the keyring of your gateways (docs/configuration.md)"


class BundleShelf:
    """Files below `folder`, their list in `store`. `settings` None: nothing is taken."""

    def __init__(
        self,
        settings: UpdatesSettings | None,
        folder: Path,
        store: RolloutStore,
        clock: Clock,
        ledger: Ledger,
    ) -> None:
        self.settings = settings
        self._folder, self._store, self._clock, self._ledger = folder, store, clock, ledger
        self._taking = asyncio.Lock()
        self.rows: dict[str, BundleRow] = {}

    async def resume(self) -> None:
        """Read the list; what a crash left half written goes. StoreError, OSError."""
        self.rows = {row.sha: row for row in await self._store.bundles()}
        await asyncio.to_thread(self._sweep)

    def _sweep(self) -> None:
        """Files that the list does not name: they were cut off before they counted."""
        for path in self._folder.glob("*.*"):
            if path.suffix == ".part" or path.stem not in self.rows:
                path.unlink(missing_ok=True)

    def path_of(self, sha: str) -> Path | None:
        """The file of this hash, if it is a bundle of ours."""
        path = self._folder / f"{sha}.raucb"
        return path if sha in self.rows and path.is_file() else None

    def needed(self) -> UpdatesSettings:
        """The table. DeskError 503 without it."""
        if self.settings is None:
            raise DeskError(503, NO_TABLE, ADD_TABLE)
        return self.settings

    async def take(
        self, body: AsyncIterator[bytes], length: int | None, sha: str | None, name: str, by: str
    ) -> BundleRow:
        """Keep the bundle that `body` brings. `length`, `sha`: what the sender says of it. DeskError."""
        settings = self.needed()
        self._room_for(length or 0, settings)
        if self._taking.locked():
            raise DeskError(423, "another bundle is just being sent", "wait until it is there")
        async with self._taking:
            part = self._folder / "coming.part"
            try:
                size, found = await self._write(part, body, settings)
                if sha is not None and sha != found:
                    raise DeskError(460, "what came has another SHA-256 than was sent", "send it again")
                said = await self._inspect(part, settings)
                row = BundleRow(
                    found, said.version, said.compatible, size, name, by, round(self._clock.wall() * 1000)
                )
                await self._keep(part, row)
            except OSError as error:
                what = f"the bundle cannot be kept: {error.strerror or error}"
                raise DeskError(507, what, "free space on the disk of the centre") from None
            finally:
                await asyncio.to_thread(part.unlink, missing_ok=True)
        return self.rows[found]

    def _room_for(self, octets: int, settings: UpdatesSettings) -> None:
        """DeskError 413, 507."""
        if octets > settings.largest_mb * MEGA:
            what = f"the bundle has {octets} bytes, {settings.largest_mb} MB are taken"
            raise DeskError(413, what, "[updates] largest_mb; gateways have the same limit in [update]")
        self._folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._folder).free
        if free < octets + RESERVE:
            what = f"the disk has {free // MEGA} MB left, {(octets + RESERVE) // MEGA} are needed"
            raise DeskError(507, what, "remove old bundles: spillway fleet bundle remove")

    async def _write(
        self, part: Path, body: AsyncIterator[bytes], settings: UpdatesSettings
    ) -> tuple[int, str]:
        """Octets that came, and their SHA-256."""
        digest, size, gathered = hashlib.sha256(), 0, bytearray()
        file = await asyncio.to_thread(part.open, "wb")

        def write(octets: bytes) -> None:
            digest.update(octets)
            file.write(octets)

        try:
            async for piece in patiently(body, "send the bundle again"):
                size += len(piece)
                if size > settings.largest_mb * MEGA:
                    self._room_for(size, settings)
                gathered += piece
                if len(gathered) >= PIECE:
                    await asyncio.to_thread(write, bytes(gathered))
                    gathered.clear()
            await asyncio.to_thread(write, bytes(gathered))
            await asyncio.to_thread(_settle, file)
        finally:
            await asyncio.to_thread(file.close)
        if size == 0:
            raise DeskError(400, "the body is empty", "send the bundle as the body of the request")
        return size, digest.hexdigest()

    async def _inspect(self, part: Path, settings: UpdatesSettings) -> Bundle:
        """What the bundle says of itself. DeskError 422 in RAUC's words, 503 without RAUC."""
        asked = RaucQuestions(settings.program, settings.keyring, "this centre")
        try:
            said = await asked.inspect(part)
        except RaucError as error:
            if not settings.keyring.is_file():
                what = f"the keyring {settings.keyring} is not there"
                raise DeskError(
                    503, what, "put there what your gateways believe: [updates] keyring"
                ) from None
            if "cannot be started" in str(error):
                raise DeskError(503, str(error), "apt install rauc on the centre's host") from None
            advice = "nothing was kept; is it signed by the key of your gateways? images/build --bundle"
            raise DeskError(422, str(error), advice) from None
        if said.compatible != settings.compatible:
            what = f"the bundle is for {said.compatible!r}, the gateways are {settings.compatible!r}"
            raise DeskError(422, what, "nothing was kept; build it for them: images/build --bundle")
        try:
            _VERSION.validate_python(said.version)
        except ValidationError:
            what = f"the bundle's version {said.version!r} is none of numbers and dots"
            raise DeskError(422, what, "nothing was kept; a version is like 2.1.0") from None
        return said

    async def _keep(self, part: Path, row: BundleRow) -> None:
        if self.path_of(row.sha) is None:  # also one that a restored centre knows and has not
            await asyncio.to_thread(part.replace, self._folder / f"{row.sha}.raucb")
            await asyncio.to_thread(sync_folder, self._folder)
            try:
                await self._store.add_bundle(row)
            except StoreError as error:
                raise DeskError(503, error.reason, error.advice) from None
            self.rows[row.sha] = row
            told = {"by": row.added_by, "version": row.version, "size": row.size, "name": row.name}
            self._ledger.append("bundle.added", row.sha, told)

    async def remove(self, sha: str, by: str) -> BundleRow:
        """Forget a bundle and its file. DeskError 404, 503."""
        row = self.rows.get(sha)
        if row is None:
            raise DeskError(404, f"there is no bundle {sha[:12]}…", "see: spillway fleet bundle list")
        try:
            await self._store.remove_bundle(sha)
        except StoreError as error:
            raise DeskError(503, error.reason, error.advice) from None
        del self.rows[sha]
        self._ledger.append("bundle.removed", sha, {"by": by, "version": row.version})
        try:
            await asyncio.to_thread((self._folder / f"{sha}.raucb").unlink, missing_ok=True)
        except OSError as error:
            log.warning("bundle=%s forgotten, its file stays: %s", sha[:12], error)
        return row


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
