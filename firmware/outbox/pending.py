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
HOLES_MOST = 100
"""Separate ranges of numbers that one note may stand for: the centre keeps an account of them until all is there."""
NOTES_MOST = 64
"""Notes that may wait for one epoch; then the oldest two become one and what lies between them goes, too."""


@dataclass(slots=True, eq=False)
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
    holes: int = 0
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
    _alive: int = 0
    _notes: dict[tuple[str, int], list[Waiting]] = field(default_factory=dict)
    _notes_waiting: int = 0

    def __len__(self) -> int:
        return self._alive + self._notes_waiting

    def put(self, item: Waiting) -> None:
        """Take an event; when full, something of the lowest rank goes, perhaps this one."""
        self._line.append(item)
        self._ranks[item.rank].append(item)
        self._alive += 1
        if self._alive > self.most:
            self._drop(self._oldest_of_lowest())
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
                rank = self._ranks[item.rank]
                while rank.popleft() is not item:
                    pass  # what was dropped before it
                self._alive -= 1
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
                self._alive += 1

    def _oldest_of_lowest(self) -> Waiting:
        for rank in self._ranks:
            while rank:
                item = rank.popleft()
                if not (item.gone or item.count):
                    return item
        raise IndexError("nothing waits")

    def _close(self, note: Waiting) -> None:
        self._notes_waiting -= 1
        notes = self._notes.get((note.lane, note.epoch), [])
        if note in notes:
            notes.remove(note)
        if not notes:
            self._notes.pop((note.lane, note.epoch), None)

    def _drop(self, victim: Waiting) -> None:
        self.dropped += 1
        self._alive -= 1
        notes = self._notes.setdefault((victim.lane, victim.epoch), [])
        before = [note for note in notes if note.seq < victim.seq]
        note = before[-1] if before else None
        if note is not None and note.holes + (victim.seq > note.last + 1) <= HOLES_MOST:
            note.holes += victim.seq > note.last + 1
            note.last, note.count = max(note.last, victim.seq), note.count + 1
            victim.gone = True
            return
        victim.count, victim.last = 1, victim.seq
        notes.insert(len(before), victim)
        self._notes_waiting += 1
        if len(notes) > NOTES_MOST:
            self._join(notes)

    def _join(self, notes: list[Waiting]) -> None:
        """The oldest two notes become one; all of their epoch between them goes."""
        note, other = notes[0], notes.pop(1)
        for item in self._line:
            same = (item.lane, item.epoch) == (note.lane, note.epoch) and note.seq < item.seq < other.seq
            if same and not (item.gone or item.count):
                item.gone = True
                note.count += 1
                self.dropped += 1
                self._alive -= 1
        note.count += other.count
        note.last, note.holes = max(note.last, other.last), other.holes
        other.gone = True
        self._notes_waiting -= 1
