"""The backup folder as a place: whether it is there, whose it is, and its troubles in people's words.

It is never created: a folder that is missing is a disk that is not mounted, and what was written below its
mount point would fill another disk. One process ships into it; the lock is the kernel's.
"""

import contextlib
import errno
import fcntl
import os
from pathlib import Path

from central.store.generations import LOCK, Damaged, generations


class FolderRefused(Exception):
    """This folder must not be used: `reason` and `advice` for people."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.reason, self.advice = reason, advice


class BackupFolder:
    """The folder of a running centre. Not for several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @property
    def held(self) -> bool:
        """It was locked, and not let go of."""
        return self._lock is not None

    def stand(self) -> None:
        """Hold the lock of the very folder that was locked first. OSError, FolderRefused."""
        path = self.path / LOCK
        if self._lock is not None:
            here, held = path.stat(), os.fstat(self._lock)
            if (here.st_dev, here.st_ino) != (held.st_dev, held.st_ino):  # a mount came or went over it
                raise FileNotFoundError(errno.ENOENT, "is not the folder it was", str(self.path))
            return
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise FolderRefused(
                f"another centre ships into {self.path} (process {holder} of its machine)",
                "stop it, or give this centre a backup folder of its own",
            ) from None
        except OSError:
            os.close(handle)
            raise
        self._lock = handle

    def refuse_others(self, journal: str) -> None:
        """FolderRefused if it holds the backup of another journal, which would be deleted in time. OSError."""
        for generation in reversed(generations(self.path)):
            try:
                head = generation.head()
            except Damaged:
                continue
            if head.journal != journal:
                raise FolderRefused(
                    f"{self.path} holds the backup of another journal (generation {head.generation})",
                    "restore it with `central restore`, or give this centre an empty backup folder",
                )
            return

    def release(self) -> None:
        """Let go of it."""
        if self._lock is not None:
            with contextlib.suppress(OSError):
                os.close(self._lock)
            self._lock = None


def in_words(error: Exception, folder: Path) -> tuple[str, str]:
    """Trouble with the backup folder, and what to do."""
    code = error.errno if isinstance(error, OSError) else None
    if code in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of the backup folder {folder} is full", "free space there, or take a larger disk"
    if code == errno.ENOENT:
        return (
            f"the backup folder {folder} is not there",
            "mount its disk; a new folder is created by hand, once",
        )
    if code in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"the backup folder {folder} cannot be written", "check its owner and mount options"
    return f"the backup folder {folder} fails: {error}", "look at its disk or network"
