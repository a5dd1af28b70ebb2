"""Follows the live channel over its breaks: a slow reader is cut off and a restarted core closes it."""

import time
from collections.abc import Iterator

from central.api.changes import Change
from central.cli.core import Core, LiveLost
from central.cli.refusals import Unreachable

LOOK_EVERY = 0.5
"""Seconds after which None is given, so that the reader can look at the time."""
GIVE_UP_AFTER = 30.0
"""Seconds without a centre after which it counts as unreachable."""


def changes(core: Core, until: float | None = None) -> Iterator[Change | None]:
    """The town, then every change, and None now and then; a fresh town after each break.

    Ends at monotonic time `until`. Unreachable when the first try fails or the centre stays away.
    """
    heard_at: float | None = None
    while True:
        try:
            for change in core.live(LOOK_EVERY):
                heard_at = time.monotonic()
                yield change
                if until is not None and heard_at >= until:
                    return
        except LiveLost:
            heard_at = heard_at or time.monotonic()
        except Unreachable:
            if heard_at is None or time.monotonic() - heard_at > GIVE_UP_AFTER:
                raise
        if until is not None and time.monotonic() >= until:
            return
        yield None
        time.sleep(LOOK_EVERY)
