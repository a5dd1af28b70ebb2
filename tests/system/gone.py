"""Waiting until what a test has ended is gone: processes and ports may take a moment."""

import time
from collections.abc import Callable

PATIENCE = 10.0


def gone(look: Callable[[], list[str]], limit: float = PATIENCE) -> list[str]:
    """What `look` still finds after `limit` seconds; returns as soon as it finds nothing."""
    end = time.monotonic() + limit
    while (found := look()) and time.monotonic() < end:
        time.sleep(0.1)
    return found
