"""A child for the tests of the town's supervisor: `unit_child.py FOLDER NAME [WORD…]`, standard library only.

It writes "NAME start|term" to FOLDER/story. Words: feed (watchdog), dumb (no READY), die (ends at once), deaf
(ignores SIGTERM and SIGHUP), brood (its child ignores SIGTERM; the pid stands in FOLDER/NAME.brood).
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

folder, name, words = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]


def tell(state: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(state.encode(), os.environ["NOTIFY_SOCKET"])


def note(what: str) -> None:
    with (folder / "story").open("a") as story:
        story.write(f"{name} {what}\n")


def on_term(*_: object) -> None:
    note("term")
    if "deaf" not in words:
        sys.exit(0)


signal.signal(signal.SIGTERM, on_term)
if "deaf" in words:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
note("start")
print(f"{name} says hello", flush=True)
if "die" in words:
    print("something is wrong here", flush=True)
    sys.exit(3)
if "brood" in words:
    loop = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: time.sleep(60)"
    young = subprocess.Popen([sys.executable, "-c", loop])
    (folder / f"{name}.brood").write_text(str(young.pid))
if "dumb" not in words:
    tell("READY=1")
while True:
    if "feed" in words:
        tell("WATCHDOG=1")
    time.sleep(0.05)
