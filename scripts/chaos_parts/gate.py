"""Stands before a unit's command line and starts it when it may, with the clock it is to see.

`python -m scripts.chaos_parts.gate FOLDER COMMAND…`: while FOLDER/hold exists it waits; with a FOLDER/clock the
text in it goes to libfaketime (`-30d`, `@1970-01-01 00:00:10`). The monotonic clock is left as it is: leases and
watchdogs run on it. libfaketime leaves shared memory behind when its process is killed: `sweep` removes it.
"""

import os
import sys
import time
from pathlib import Path

FAKED = "faked"
"""File with the process ids that were given a wrong clock."""
SHARED = Path("/dev/shm")
LIBRARIES = Path("/usr/lib")


def library() -> str:
    """Where libfaketime is; empty when the package is not installed."""
    return str(next(LIBRARIES.glob("*/faketime/libfaketime.so.1"), ""))


def sweep(folder: Path) -> None:
    """Remove what libfaketime left of the processes that this gate started."""
    faked = folder / FAKED
    for pid in faked.read_text().split() if faked.exists() else ():
        for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
            (SHARED / name).unlink(missing_ok=True)
    faked.unlink(missing_ok=True)


def main() -> None:
    """Wait, then become the command."""
    folder, command = Path(sys.argv[1]), sys.argv[2:]
    while (folder / "hold").exists():
        time.sleep(0.02)
    environment = dict(os.environ)
    clock = folder / "clock"
    if clock.exists():
        preload = {"LD_PRELOAD": library(), "FAKETIME": clock.read_text().strip()}
        environment |= preload | {"DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        with (folder / FAKED).open("a") as faked:
            faked.write(f"{os.getpid()}\n")
    os.execvpe(command[0], command, environment)


if __name__ == "__main__":
    main()
