"""The folder of files that a gateway holds for the centre, by SHA-256. A file whose hash is not its name never gets it.

Every method blocks: call them in threads. `<sha>` is a whole file, `<sha>.part` the beginning of one; both count
against the quota. A part survives a restart and is gone on with; what made it wrong shows in the hash at its end.
"""

import hashlib
import logging
import os
from collections.abc import Set
from pathlib import Path

from link.hosting.durable import sync_folder

log = logging.getLogger(__name__)

LARGEST = 64_000_000


class FilesError(Exception):
    """The file cannot be had; the text says why. `refused`: trying again soon will not help."""

    def __init__(self, why: str, refused: bool = False) -> None:
        super().__init__(why)
        self.refused = refused


class HeldFiles:
    """Files below `folder`, `quota` octets in all. One caller at a time for each hash."""

    def __init__(self, folder: Path, quota: int) -> None:
        self._folder = folder
        self._quota = quota
        self._seen: dict[str, tuple[int, int]] = {}

    def path_of(self, sha: str) -> Path:
        """Where it is when it is whole."""
        return self._folder / sha

    def held(self, sha: str, size: int) -> bool:
        """Whether it lies here in full length; its hash is checked when it is played. OSError."""
        path = self.path_of(sha)
        return path.is_file() and path.stat().st_size == size

    def _part(self, sha: str) -> Path:
        return self._folder / f"{sha}.part"

    def is_whole(self, sha: str, *, anew: bool = True) -> bool:
        """Whether it is here and whole; read through each time, unless `anew` is off and nothing has touched it."""
        path = self.path_of(sha)
        try:
            stat = path.stat()
            known = (stat.st_size, stat.st_mtime_ns)
            whole = (not anew and self._seen.get(sha) == known) or sha256_of(path) == sha
            if whole:
                if anew:
                    os.utime(path)  # the longest unused one makes room
                stat = path.stat()
                self._seen[sha] = (stat.st_size, stat.st_mtime_ns)
                return True
        except FileNotFoundError:
            return False
        except OSError as error:
            log.warning("file=%s cannot be read; fetched anew error=%s", sha[:12], error)
            return False
        log.warning("file=%s damaged on disk; fetched anew", sha[:12])
        return False

    def whole_ones(self, shas: tuple[str, ...]) -> frozenset[str]:
        """Which of these are here and whole."""
        return frozenset(sha for sha in shas if self.is_whole(sha, anew=False))

    def begun(self, sha: str, size: int) -> int:
        """Octets of it that are already here; a part that cannot be its beginning is thrown away."""
        part = self._part(sha)
        try:
            have = part.stat().st_size
        except FileNotFoundError:
            return 0
        if have > size:
            part.unlink()
            return 0
        return have

    def append(self, sha: str, at: int, piece: bytes) -> None:
        """Put `piece` at the octet `at` of its part."""
        with self._part(sha).open("r+b" if at else "wb") as file:
            file.seek(at)
            file.write(piece)

    def settle_part(self, sha: str) -> None:
        """What of the part has come is on the disk afterwards."""
        try:
            with self._part(sha).open("rb") as file:
                os.fsync(file.fileno())
        except FileNotFoundError:
            return

    def finish(self, sha: str) -> Path:
        """Give the whole part its name. FilesError if it is something else; then it is thrown away."""
        part, path = self._part(sha), self.path_of(sha)
        if sha256_of(part) != sha:
            part.unlink()
            raise FilesError("its hash is not the one that was ordered", refused=True)
        self.settle_part(sha)
        part.replace(path)
        sync_folder(self._folder)
        stat = path.stat()
        self._seen[sha] = (stat.st_size, stat.st_mtime_ns)
        return path

    def make_room(self, coming: dict[str, int], keep: Set[str]) -> None:
        """Evict the longest unused until `coming` (hash -> size) fits beside the rest. FilesError if it cannot."""
        self._folder.mkdir(parents=True, exist_ok=True)
        others = [path for path in self._folder.iterdir() if path.name.removesuffix(".part") not in coming]
        sizes = {path: path.stat() for path in others}
        total = sum(stat.st_size for stat in sizes.values()) + sum(coming.values())
        for path in sorted(others, key=lambda each: (each.suffix != ".part", sizes[each].st_mtime_ns)):
            if total <= self._quota:
                return
            if path.name.removesuffix(".part") not in keep:
                total -= sizes[path].st_size
                path.unlink()
        if total > self._quota:
            why = f"no room: the quota is {self._quota} bytes, and what is wanted or sounding takes the rest"
            raise FilesError(why, refused=True)

    def clear(self) -> None:
        """Remove everything, parts too. OSError."""
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                path.unlink()


def sha256_of(path: Path) -> str:
    """SHA-256 (hex) of the file. OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
