"""Takes a Unix socket path for listening: replaces what a dead process left, never what a live one holds.

The probe and the bind happen under a lock on the folder, so that two processes that start together cannot
both find the path stale. The file is 0600 from its first moment: the mode is set before the socket is bound.
"""

import contextlib
import fcntl
import os
import socket
import stat
from pathlib import Path

from link.bus.port import BusError

LONGEST = 107
"""Bytes of a path that fit into sockaddr_un on Linux."""
OWNER, GROUP = 0o600, 0o060
"""Who may connect: write permission to the file is all that counts."""


def listen_at(path: Path, backlog: int = 64, *, neighbours: bool = False) -> socket.socket:
    """A listening, non-blocking socket at `path`. Blocks for a moment. BusError: what stands in the way.

    It is its owner's alone (mode 0600). `neighbours`: where the folder hands its group on (set-group-id bit), that
    group may connect, too; so two accounts meet in a folder that was made for it, and in no other.
    """
    check_length(path)
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise BusError(f"socket {path}: cannot use its folder ({error.strerror}): create it first") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        _clear(path)
        shared = neighbours and bool(os.fstat(folder).st_mode & stat.S_ISGID)
        return _bind(path, backlog, OWNER | GROUP if shared else OWNER)
    finally:
        os.close(folder)


def check_length(path: Path) -> None:
    """BusError when the kernel cannot hold the path."""
    size = len(os.fsencode(path))
    if size > LONGEST:
        raise BusError(f"socket {path}: {size} bytes, at most {LONGEST} fit: choose a shorter folder")


def release(path: Path, listening: socket.socket | None, inode: int) -> None:
    """Close, and remove the file if it is still ours."""
    with contextlib.suppress(OSError):
        if path.lstat().st_ino == inode:
            path.unlink()
    if listening is not None:
        listening.close()


def _clear(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise BusError(f"socket {path}: something that is no socket stands there: move it away")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except OSError as error:  # a full backlog or no right: somebody lives there
            raise BusError(f"socket {path} is in use ({error.strerror}): stop its owner first") from error
    raise BusError(f"socket {path} is in use by a live process: stop its owner first")


def _bind(path: Path, backlog: int, mode: int) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(made.fileno(), OWNER)
        made.bind(os.fspath(path))
        if mode != OWNER:
            path.chmod(mode)  # bind takes away what the umask names
        made.listen(backlog)
        made.setblocking(False)
    except OSError as error:
        made.close()
        raise BusError(f"socket {path}: cannot listen ({error.strerror}): check its folder") from error
    return made
