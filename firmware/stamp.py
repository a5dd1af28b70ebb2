"""When something happened: the wall clock, the monotonic clock of this start of the computer, and how good the
wall clock was. One value for whoever records an event; reads no clock."""

from typing import NamedTuple

from link.contract.link_facts import TimeQuality


class Stamp(NamedTuple):
    """Unix milliseconds, monotonic milliseconds, quality of the former."""

    wall_ms: int
    mono_ms: int
    tq: TimeQuality
