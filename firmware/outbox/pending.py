"""Events on their way to the disk: bounded, in order, and honest about what did not fit.

When it is full the oldest of the lowest rank goes. In its place, in the order, stands a note of what was dropped,
which becomes an EventsDropped with the number of the first one: so the centre reads of a gap where the gap is.
Not thread-safe: the writer holds its lock around every call.
"""

from collections import deque
from dataclasses import dataclass, field

from firmware.outbox.entries import Entry
from firmware.stamp import Stamp
from link.contract.batch import body_of
from link.contract.lanes import ALARM
from link.contract.link_facts import EventsDropped, LaneName

MOST = 10_000


@dataclass(slots=True)
class Waiting:
    """One event that has its number; after it was dropped: the note, or nothing at all (`gone`)."""

    lane: LaneName
    epoch: int
    seq: int
    rank: int
    stamp: Stamp
    body: bytes
    count: int = 0
    last: int = 0
    gone: bool = False

    def entry(self, boot: str, why: str) -> Entry:
        """What is stored of it. `why`: for a note, what there was no room in."""
        rank, body = self.rank, self.body
        if self.count:
            dropped = {"first": self.seq, "last": self.last, "count": self.count, "why": why}
            told = EventsDropped.model_validate({"lane": self.lane, "epoch": self.epoch, **dropped})
            rank, body = ALARM, body_of(told)
        return Entry(self.lane, self.epoch, self.seq, rank, boot, *self.stamp, body)


@dataclass
class Pending:
    """See the module. At most `most` events and a few notes."""

    most: int = MOST
    dropped: int = 0
    _line: deque[Waiting] = field(default_factory=deque)
    _ranks: tuple[deque[Waiting], ...] = field(
        default_factory=lambda: tuple(deque() for _ in range(ALARM + 1))
    )
    _notes: dict[tuple[str, int], Waiting] = field(default_factory=dict)
    _notes_waiting: int = 0

    def __len__(self) -> int:
        return sum(map(len, self._ranks)) + self._notes_waiting

    def put(self, item: Waiting) -> None:
        """Take an event; when full, something of the lowest rank goes, perhaps this one."""
        full = sum(map(len, self._ranks)) >= self.most
        self._line.append(item)
        self._ranks[item.rank].append(item)
        if full:
            lowest = next(rank for rank in self._ranks if rank)
            self._drop(lowest.popleft())
        if len(self._line) > 2 * self.most + 100:
            self._line = deque(each for each in self._line if not each.gone)

    def take(self, most: int) -> list[Waiting]:
        """The oldest, in order; notes among them are closed."""
        taken: list[Waiting] = []
        while self._line and len(taken) < most:
            item = self._line.popleft()
            if item.gone:
                continue
            if item.count:
                self._close(item)
            else:
                self._ranks[item.rank].popleft()
            taken.append(item)
        return taken

    def give_back(self, items: list[Waiting]) -> None:
        """They could not be stored: they are the oldest again."""
        for item in reversed(items):
            self._line.appendleft(item)
            if item.count:
                self._notes_waiting += 1
            else:
                self._ranks[item.rank].appendleft(item)

    def _close(self, note: Waiting) -> None:
        self._notes_waiting -= 1
        if self._notes.get((note.lane, note.epoch)) is note:
            del self._notes[note.lane, note.epoch]

    def _drop(self, victim: Waiting) -> None:
        self.dropped += 1
        key = victim.lane, victim.epoch
        note = self._notes.get(key)
        if note is not None and note.seq < victim.seq:
            note.last, note.count = max(note.last, victim.seq), note.count + 1
            victim.gone = True
            return
        victim.count, victim.last = 1, victim.seq
        self._notes[key] = victim
        self._notes_waiting += 1
