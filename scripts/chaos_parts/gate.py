"""Stands before a unit's command line and starts it when it may, with the clock it is to see.

`python -m scripts.chaos_parts.gate FOLDER COMMAND…`: while FOLDER/hold exists it waits; with a FOLDER/clock the
text in it goes to libfaketime (`-30d`, `@1970-01-01 00:00:10`). The monotonic clock is left as it is: leases and
watchdogs run on it.
"""

import os
import sys
import time
from pathlib import Path

LIBRARIES = Path("/usr/lib")


def library() -> str:
    """Where libfaketime is; empty when the package is not installed."""
    return str(next(LIBRARIES.glob("*/faketime/libfaketime.so.1"), ""))


def main() -> None:
    """Wait, then become the command."""
    folder, command = Path(sys.argv[1]), sys.argv[2:]
    while (folder / "hold").exists():
        time.sleep(0.02)
    environment = dict(os.environ)
    clock = folder / "clock"
    if clock.exists():
        preload = {"LD_PRELOAD": library(), "FAKETIME": clock.read_text().strip()}
        environment |= preload | {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
    os.execvpe(command[0], command, environment)


if __name__ == "__main__":
    main()
