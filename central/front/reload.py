"""Has a running front read its files again: new certificates, a new list of revoked ones.

Trap: nginx goes on with what it had when the new files are bad, and says so in its log only. So they are tried first,
and the call returns when the processes that serve have been replaced.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from threading import Event

from central.front.errors import FrontError
from central.front.nginx_file import FILE, PID

PATIENCE = 10.0
LOOK_EVERY = 0.05


def program() -> str:
    """Where nginx is; Debian keeps it where a plain user does not look. FrontError."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise FrontError("nginx is missing: run scripts/setup, or install the package nginx-light")
    return found


def command(folder: Path) -> tuple[str, ...]:
    """The command line that runs the front of this folder, in the foreground."""
    return (program(), "-p", str(folder), "-e", "stderr", "-c", str(folder / FILE))


def check(folder: Path) -> None:
    """Have nginx read the file and everything that it names. FrontError in its words."""
    done = subprocess.run([*command(folder), "-t", "-q"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FrontError(f"nginx refuses {folder / FILE}: {done.stderr.strip()}")


def reload(folder: Path) -> None:
    """Have the front of this folder use its files as they are now. Blocks for about 0.2 s. FrontError.

    When it returns, nobody is served by the files of before; a request under way is given 5 s to end.
    """
    check(folder)
    pid = _running(folder)
    before = _workers(pid)
    os.kill(pid, signal.SIGHUP)
    end, rest = time.monotonic() + PATIENCE, Event()
    while not (now := _workers(pid)) or before & now:
        if time.monotonic() > end:
            raise FrontError(
                f"nginx (process {pid}) did not take its new files in {PATIENCE:g} s; see its log"
            )
        rest.wait(LOOK_EVERY)


def is_running(folder: Path) -> bool:
    """Whether the front of this folder runs."""
    try:
        _running(folder)
    except FrontError:
        return False
    return True


def _running(folder: Path) -> int:
    """The process id of the front. FrontError when none runs."""
    try:
        pid = int((folder / PID).read_text(encoding="ascii"))
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        words = b""
    if not words.startswith(b"nginx: master process") or os.fsencode(folder / FILE) not in words:
        raise FrontError(f"no front runs in {folder}: nothing to tell; it reads its files when it starts")
    return pid


def _workers(pid: int) -> frozenset[int]:
    """Processes of it that take new connections."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return frozenset(int(child) for child in children if _serves(child))


def _serves(child: str) -> bool:
    try:
        words = Path(f"/proc/{child}/cmdline").read_bytes()
    except OSError:
        return False
    return b"worker process" in words and b"shutting down" not in words
