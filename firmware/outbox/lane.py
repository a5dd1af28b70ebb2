"""One lane of the outbox as a value: what was read of it, what is under way, how far the centre has taken it."""

from dataclasses import dataclass, replace

from firmware.outbox.entries import BatchRead, LaneOpened
from link.contract.batch import Ack
from link.contract.link_facts import LaneName

STALL = 10.0
"""Seconds without an acknowledgement, at least, after which a lane begins again; doubles while nothing moves."""
STALL_MOST = 120.0


@dataclass(frozen=True)
class SendBatch:
    """Effect: hand these bytes to the bus."""

    lane: LaneName
    payload: bytes


@dataclass(frozen=True)
class Flight:
    """A batch that was sent. `again`: perhaps not for the first time, so that its answer measures nothing."""

    epoch: int
    first: int
    last: int
    octets: int
    at: float
    again: bool


@dataclass(frozen=True)
class Lane:
    """`place`: where the next read begins; `unread`: events behind it, at least; `since`: when they began to wait.

    `turn` counts how often the lane began again: answers to older questions are void.
    """

    name: LaneName
    epoch: int = 0
    prev_epoch: int = 0
    epochs: frozenset[int] = frozenset()
    taken: int = 0
    turn: int = 0
    place: int = 0
    furthest: int = 0
    unread: int = 0
    since: float | None = None
    asked: bool = False
    ready: BatchRead | None = None
    flight: tuple[Flight, ...] = ()
    moved_at: float = 0.0
    patience: int = 0
    hold_until: float = 0.0

    @property
    def in_flight(self) -> int:
        """Octets under way."""
        return sum(each.octets for each in self.flight)

    def stalled_at(self, srtt: float | None) -> float:
        """When the lane begins again if nothing moves."""
        longest: float = max(STALL, 4 * (srtt or 0.0)) * 2.0 ** min(self.patience, 8)
        return self.moved_at + min(longest, max(STALL_MOST, 4 * (srtt or 0.0)))

    def opened(self, store: LaneOpened) -> "Lane":
        """The lane of a store that was just opened: nothing is read, nothing under way."""
        fresh = Lane(self.name, store.epoch, store.prev_epoch, frozenset(store.epochs), turn=self.turn + 1)
        return replace(fresh, unread=store.waiting, hold_until=self.hold_until)

    def grown(self, count: int, now: float) -> "Lane":
        """So many more events are in the store."""
        return replace(self, unread=self.unread + count, since=now if self.since is None else self.since)

    def again(self) -> "Lane":
        """Begin again with the first event that is not acknowledged."""
        sent = sum(each.last - each.first + 1 for each in self.flight)
        unread = self.unread + sent
        fresh = replace(self, turn=self.turn + 1, place=0, flight=(), ready=None, asked=False)
        return replace(fresh, unread=max(unread, int(self.place > 0)))

    def sent(self, now: float) -> "Lane":
        """The batch that was ready is on its way."""
        batch = self.ready
        assert batch is not None
        flight = Flight(
            batch.epoch, batch.first, batch.last, len(batch.payload), now, batch.place <= self.furthest
        )
        left = max(1, self.unread - batch.events)  # only the store knows that there is none
        lane = replace(
            self, ready=None, place=batch.place, furthest=max(self.furthest, batch.place), unread=left
        )
        moved = self.moved_at if self.flight else now
        since = now if self.since is not None else None
        return replace(lane, flight=(*self.flight, flight), moved_at=moved, since=since)

    def acked(self, ack: Ack, now: float) -> tuple["Lane", bool, float | None]:
        """The lane afterwards, whether something moved, and how long the answer took if that was measured."""
        freed = [each for each in self.flight if each.epoch == ack.epoch and each.last <= ack.upto]
        left = tuple(each for each in self.flight if each not in freed)
        taken = max(self.taken, ack.upto) if ack.epoch == self.epoch else self.taken
        held = now + ack.hold_ms / 1000 if ack.hold_ms else self.hold_until
        lane = replace(self, flight=left, taken=taken, hold_until=held)
        if not freed:
            return lane, False, None
        newest = freed[-1]
        return replace(lane, moved_at=now, patience=0), True, None if newest.again else now - newest.at
