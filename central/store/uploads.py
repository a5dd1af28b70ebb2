"""Files on their way up from gateways, by SHA-256: parts that grow, and whole ones that wait to be unsealed.

`parts/<gateway>.<length>.<sha>` grows by appending and survives a restart; whole and verified it becomes `<sha>` and is
never touched again until `remove`. Every method of Uploads blocks: call them in threads. Trap: an offset
that was told is a promise, so its octets are on the disk before; what a power failure does to a part shows at the hash.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from link.hosting.durable import sync_folder

PARTS_MOST = 16
"""Uploads that one gateway may have begun."""
EXPIRE_AFTER = 7 * 86400.0
"""Seconds after which a part that does not grow is thrown away."""


class UploadRefused(Exception):
    """It cannot be taken: `status` as in HTTP (460: checksum mismatch, as in tus), `what`, and what to do."""

    def __init__(self, status: int, what: str, advice: str = "") -> None:
        super().__init__(f"{what} ({advice})" if advice else what)
        self.status = status
        self.what = what
        self.advice = advice


@dataclass(frozen=True)
class Part:
    """An upload under way: where, how long the whole will be, how much is there; in octets."""

    path: Path
    sha: str
    length: int
    offset: int


class Uploads:
    """Below `folder`; `quota` octets in all, parts at their full length; one file has `largest` at most."""

    def __init__(self, folder: Path, quota: int, largest: int) -> None:
        self._folder = folder
        self._parts = folder / "parts"
        self._quota = quota
        self._largest = largest
        self._parts.mkdir(parents=True, exist_ok=True)

    def path_of(self, sha: str) -> Path:
        """Where a whole one is."""
        return self._folder / sha

    def size_of(self, sha: str) -> int | None:
        """Octets of a whole one, or None when it is not here."""
        try:
            return self.path_of(sha).stat().st_size
        except FileNotFoundError:
            return None

    def part_of(self, gateway: str, sha: str) -> Part | None:
        """What this gateway has sent of it so far, or None."""
        return next((part for part in self._begun(gateway) if part.sha == sha), None)

    def _begun(self, gateway: str = "*") -> list[Part]:
        parts = []
        for path in self._parts.glob(f"{gateway}.*.*"):
            _, length, sha = path.name.split(".")
            parts.append(Part(path, sha, int(length), path.stat().st_size))
        return parts

    def begin(self, gateway: str, sha: str, length: int) -> Part:
        """The part of an upload, begun when it is new. UploadRefused 409, 413, 507."""
        known = self.part_of(gateway, sha)
        if known is not None:
            if known.length != length:
                what = f"this upload was announced with {known.length} bytes, now with {length}"
                raise UploadRefused(409, what, "send the length it has")
            return known
        if length > self._largest:
            raise UploadRefused(413, f"{length} bytes, one file may have {self._largest}")
        if len(self._begun(gateway)) >= PARTS_MOST:
            raise UploadRefused(
                507, f"{PARTS_MOST} uploads of {gateway} are not finished", "finish those first"
            )
        if self.taken() + length > self._quota:
            what = f"the quota for files of gateways is used up ({self._quota} bytes)"
            raise UploadRefused(
                507, what, "raise [files] quota_mb at the centre, or see what is not unsealed"
            )
        path = self._parts / f"{gateway}.{length}.{sha}"
        path.touch()
        return Part(path, sha, length, 0)

    def taken(self) -> int:
        """Octets that count against the quota."""
        whole = sum(path.stat().st_size for path in self._folder.iterdir() if path.is_file())
        return whole + sum(part.length for part in self._begun())

    def settle(self, part: Part) -> Part:
        """What has come of it is on the disk afterwards; its true offset."""
        with part.path.open("rb") as file:
            os.fsync(file.fileno())
            offset = os.fstat(file.fileno()).st_size
        return Part(part.path, part.sha, part.length, offset)

    def finish(self, part: Part) -> Path:
        """Give a part that is all there its name. UploadRefused 460 if it is something else; it is gone then."""
        with part.path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != part.sha:
                part.path.unlink()
                raise UploadRefused(
                    460, "what came has another hash; it was thrown away", "send it again from 0"
                )
        path = self.path_of(part.sha)
        part.path.replace(path)
        for folder in (self._parts, self._folder):
            sync_folder(folder)
        return path

    def whole_ones(self) -> tuple[str, ...]:
        """Hashes of all whole files."""
        return tuple(sorted(path.name for path in self._folder.iterdir() if path.is_file()))

    def remove(self, sha: str) -> None:
        """A whole one is not needed any more."""
        self.path_of(sha).unlink(missing_ok=True)

    def expire(self, wall: float) -> tuple[str, ...]:
        """Throw away parts that have not grown for EXPIRE_AFTER; their hashes."""
        old = [part for part in self._begun() if part.path.stat().st_mtime < wall - EXPIRE_AFTER]
        for part in old:
            part.path.unlink()
        return tuple(part.sha for part in old)
