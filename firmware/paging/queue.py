"""The list of one loudspeaker: what was ordered, and what of it should sound next. A part of the playout machine."""

from dataclasses import dataclass

from link.contract import orders

FETCH_PATIENCE = 3.0
"""Seconds for which an entry that is held waits for the file of one that goes before it."""


@dataclass(frozen=True)
class Entry:
    """One ordered playing and what is known of it."""

    order: orders.PlayClip
    arrived: int
    since: float
    path: str | None = None


def next_entry(waiting: tuple[Entry, ...], now: float) -> Entry | None:
    """The most urgent, then the first ordered. A file on its way is waited for a little, so that warnings sound in
    the order in which they were given."""
    for entry in sorted(waiting, key=lambda e: (-e.order.priority, e.arrived)):
        if entry.path is not None:
            return entry
        if now < entry.since + FETCH_PATIENCE:
            return None
    return None


def waits_until(waiting: tuple[Entry, ...], looked_at: float) -> float | None:
    """When, after `looked_at`, a held entry need not wait any longer for the file of one before it."""
    if not any(entry.path is not None for entry in waiting):
        return None
    pending = [entry.since + FETCH_PATIENCE for entry in waiting if entry.path is None]
    return min((moment for moment in pending if moment > looked_at), default=None)
