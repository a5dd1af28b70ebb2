"""Finds kamailio, tries its files, has it forget a telephone. Blocks; not for the event loop.

Traps: `kamailio -c` does not see all that a start would (a `switch` with `default` only, a port in use, a certificate
that is missing), and says what is wrong among other things: the lines with ERROR and CRITICAL count.
"""

import contextlib
import errno
import io
import json
import os
import select
import shutil
import subprocess
from pathlib import Path

from central.edge.errors import EdgeError
from central.edge.kamailio_file import CONTROL, FILE, REPLY

SHARED, PACKAGE = "32", "4"
"""Megabytes of memory: of all its processes together, and of each one beside."""
PATIENCE = 2.0
SAID = 6
"""Lines of kamailio's own words that are repeated."""


def program() -> str:
    """Where kamailio is; Debian keeps it where a plain user does not look. EdgeError."""
    found = shutil.which("kamailio", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise EdgeError("kamailio is missing: run scripts/setup, or install the package kamailio")
    return found


def command(folder: Path) -> tuple[str, ...]:
    """The command line that runs the edge of this folder, in the foreground."""
    words = ("-DD", "-E", "-m", SHARED, "-M", PACKAGE, "-Y", str(folder), "-w", str(folder))
    return (program(), *words, "-f", str(folder / FILE))


def check(folder: Path) -> None:
    """Have kamailio read the file and everything that it names. EdgeError in its words."""
    words = [program(), "-c", "-Y", str(folder), "-f", str(folder / FILE)]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if "ERROR" in line or "CRITICAL" in line]
        raise EdgeError(f"kamailio refuses {folder / FILE}:\n" + "\n".join(said[:SAID]))


def forget(folder: Path, number: str) -> bool:
    """Have the running edge forget where a telephone is registered; whether one runs. OSError.

    The book has to be without it before: then it can neither come back nor be called, whatever becomes of this.
    """
    reply = folder / REPLY
    with contextlib.suppress(FileExistsError):
        os.mkfifo(reply)
        reply.chmod(0o660)  # the edge answers under an account of its own, in the group of the folder
    asked = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "ul.rm",
        "params": ["location", number],
        "reply_name": REPLY,
    }
    with contextlib.closing(_open(reply, os.O_RDONLY)) as answers:
        try:
            control = _open(folder / CONTROL, os.O_WRONLY)
        except OSError as error:
            if error.errno in (errno.ENXIO, errno.ENOENT):  # nobody reads it: no edge runs
                return False
            raise
        with contextlib.closing(control):
            control.write(json.dumps(asked).encode() + b"\n")
        ready, _, _ = select.select([answers], [], [], PATIENCE)
        if not ready or not answers.read(4096):
            raise OSError(f"{folder / CONTROL}: the edge did not answer in {PATIENCE:g} s; look at its log")
    return True


def _open(pipe: Path, way: int) -> io.FileIO:
    return io.FileIO(os.open(pipe, way | os.O_NONBLOCK | os.O_CLOEXEC), "wb" if way == os.O_WRONLY else "rb")
