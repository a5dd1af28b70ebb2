"""How long a transmitter stayed on after the last moment at which somebody could have wanted it. Pure.

A transmitter of the group is wanted while the other radio talks and everything between the two stands.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Span = tuple[float, float]
"""From, to, in monotonic seconds."""


def spans(edges: Iterable[tuple[float, int]], end: float) -> list[Span]:
    """The times during which a level was 1; one that is still 1 ends at `end`."""
    found: list[Span] = []
    since: float | None = None
    for at, value in sorted(edges):
        if value and since is None:
            since = at
        elif not value and since is not None:
            found.append((since, at))
            since = None
    if since is not None:
        found.append((since, end))
    return found


def without(wanted: Sequence[Span], losses: Sequence[Span]) -> list[Span]:
    """`wanted` less the time of every loss."""
    left = list(wanted)
    for lost_from, lost_to in losses:
        cut: list[Span] = []
        for begin, end in left:
            if lost_to <= begin or lost_from >= end:
                cut.append((begin, end))
                continue
            if begin < lost_from:
                cut.append((begin, lost_from))
            if lost_to < end:
                cut.append((lost_to, end))
        left = cut
    return sorted(left)


@dataclass(frozen=True)
class Overstay:
    """The longest: which device, when PTT went off (monotonic s), and how long it was on for nobody (s)."""

    device: str = ""
    at: float = 0.0
    seconds: float = 0.0


def longest(device: str, keyed: Sequence[Span], wanted: Sequence[Span]) -> Overstay:
    """The longest time for which `device` was keyed after the last moment at which it was wanted."""
    ends = [end for _, end in wanted]
    begins = [begin for begin, _ in wanted]
    worst = Overstay(device)
    for on, off in keyed:
        position = bisect_right(begins, off) - 1
        wanted_until = min(off, ends[position]) if position >= 0 else on
        overstay = off - max(on, wanted_until)
        if overstay > worst.seconds:
            worst = Overstay(device, off, overstay)
    return worst
