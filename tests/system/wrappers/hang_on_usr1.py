"""`python -m tests.system.wrappers.hang_on_usr1 PYTHON -m MODULE WORD…`: the module, with a way to hang its loop.

SIGUSR1 makes the main thread, and so the event loop, stand still for HANG seconds. All other threads live on,
and one of them goes on telling the watchdog that all is well: a hung loop with a live heartbeat.
"""

import runpy
import signal
import sys
import threading
import time

from link.hosting.notify import notify

HANG = 6.0
HEARTBEAT = 0.5


def hang(*_: object) -> None:
    """Block whatever the main thread is doing, while a thread keeps the heart beating."""
    over = threading.Event()
    heart = threading.Thread(target=beat, args=(over,), daemon=True)
    heart.start()
    time.sleep(HANG)
    over.set()


def beat(over: threading.Event) -> None:
    """Tell the watchdog that this process lives."""
    while not over.wait(HEARTBEAT):
        notify("WATCHDOG=1")


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, hang)
    module = sys.argv[sys.argv.index("-m") + 1]
    sys.argv = [module, *sys.argv[sys.argv.index("-m") + 2 :]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
