"""The computer as the doctor sees it: files below a root, short commands, who runs what, who may open what.

Looks only. Everything a test must be able to play is an argument.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

COMMAND_S = 5


@dataclass(frozen=True)
class Disk:
    """Of the file system that a path is on; sizes in bytes."""

    free: int
    total: int
    read_only: bool


@dataclass(frozen=True)
class Process:
    """A running program."""

    pid: int
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"process {self.pid} ({' '.join(self.words)[:80]})"


def run_command(command: tuple[str, ...]) -> str | None:
    """What it printed; None when it is not installed or does not end."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip()


def disk_of(path: Path) -> Disk:
    """OSError when there is no such path."""
    seen = os.statvfs(path)
    return Disk(
        seen.f_bavail * seen.f_frsize, seen.f_blocks * seen.f_frsize, bool(seen.f_flag & os.ST_RDONLY)
    )


@dataclass(frozen=True)
class Host:
    """`root` stands before /proc, /sys, /etc, /run, /dev and /usr; `uid` and `groups` are the service's."""

    root: Path = Path("/")
    run: Callable[[tuple[str, ...]], str | None] = run_command
    disk: Callable[[Path], Disk] = disk_of
    now: Callable[[], float] = time.time
    uid: int = field(default_factory=os.geteuid)
    groups: frozenset[int] = field(default_factory=lambda: frozenset((*os.getgroups(), os.getegid())))

    def text(self, path: str) -> str | None:
        """A small file below the root; None when it cannot be read."""
        try:
            return (self.root / path).read_text(errors="replace").strip()
        except OSError:
            return None

    def may(self, path: Path, bits: int) -> bool:
        """Whether the service's user has these rights (r 4, w 2, x 1) on a path."""
        try:
            seen = path.stat()
        except OSError:
            return False
        if self.uid == 0:
            return True
        shift = 6 if seen.st_uid == self.uid else 3 if seen.st_gid in self.groups else 0
        return seen.st_mode >> shift & bits == bits

    def processes(self) -> Iterator[Process]:
        """Every program that runs and may be looked at."""
        for folder in (self.root / "proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            yield Process(int(folder.name), tuple(os.fsdecode(word) for word in words if word))

    def holders(self, device: Path) -> list[Process]:
        """Who has a device open, as far as this user may see."""
        real = str(device.resolve())
        found = []
        for process in self.processes():
            folder = self.root / "proc" / str(process.pid) / "fd"
            try:
                if any(_target(each) == real for each in folder.iterdir()) and process.pid != os.getpid():
                    found.append(process)
            except OSError:
                continue
        return found

    def lock_holder(self, path: Path) -> int | None:
        """The process that holds a flock on a file, or None; without touching the lock."""
        try:
            inode = path.stat().st_ino
        except OSError:
            return None
        for row in (self.text("proc/locks") or "").splitlines():
            words = row.split()
            if len(words) > 5 and words[1] == "FLOCK" and words[5].endswith(f":{inode}"):
                return int(words[4])
        return None


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
