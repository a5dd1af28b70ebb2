"""What every process of ours does at its edges: logging, switch interval, signals, exit codes.

Expected faults (a bad file, a busy port) end with one clear line and code 2 or 1, never with a traceback.
"""

import asyncio
import contextlib
import logging
import os
import re
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


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class OneEvent(logging.Formatter):
    """Lines that follow the first are indented, control characters written out.

    What strangers send (a talker's name, a topic, a SIP address) could else look like an event of its own, or
    move the cursor of whoever reads the log.
    """

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        text = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", super().format(record))
        return text.replace("\n", "\n    ")


def set_up(name: str, verbose: bool, urgent: bool = False) -> None:
    """Log to stderr, one line an event; set the switch interval; `urgent` processes go first, if allowed."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    if urgent:
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, SOUND_PRIORITY)
    level = logging.INFO if verbose else logging.WARNING
    text = f"%(asctime)s.%(msecs)03d {name} %(levelname)s %(name)s %(message)s"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneEvent(text, datefmt="%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
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
