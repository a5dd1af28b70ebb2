"""What every process of ours does at its edges: logging, switch interval, signals, exit codes.

Expected faults (a bad file, a busy port) end with one clear line and code 2 or 1, never with a traceback.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine

from link.hosting.settings import SettingsError

log = logging.getLogger(__name__)

SWITCH_INTERVAL = 0.0005
"""Seconds: threads that carry sound must not wait 5 ms for a busy interpreter."""
BAD_SETTINGS = 2
FAULT = 1


SOUND_PRIORITY = -10
"""Nice value of what carries sound or guards outputs: a late frame is lost, a late page is late."""


def set_up(name: str, verbose: bool, urgent: bool = False) -> None:
    """Log to stderr, one line an event; set the switch interval; `urgent` processes go first, if allowed."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    if urgent:
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, SOUND_PRIORITY)
    level = logging.INFO if verbose else logging.WARNING
    text = f"%(asctime)s.%(msecs)03d {name} %(levelname)s %(name)s %(message)s"
    logging.basicConfig(level=logging.INFO, format=text, datefmt="%H:%M:%S", stream=sys.stderr)
    logging.getLogger("link.hosting.runner").setLevel(level)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def run_process(serve: Callable[[], Coroutine[None, None, None]]) -> int:
    """Run `serve` until its end or SIGTERM/SIGINT; the exit code. Only unexpected faults show a trace."""
    try:
        asyncio.run(_until_told(serve))
    except Exception as error:
        first: BaseException = error
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        if isinstance(first, SettingsError):
            log.error("%s", first)
            return BAD_SETTINGS
        ours = type(first).__module__.split(".")[0] in ("link", "hw", "central", "firmware")
        if ours or isinstance(first, OSError):
            log.error("%s: %s", type(first).__name__, first)
        else:
            log.exception("ended by a fault")
        return FAULT
    return 0


async def _until_told(serve: Callable[[], Coroutine[None, None, None]]) -> None:
    loop = asyncio.get_running_loop()
    task = loop.create_task(serve())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
