"""What goes in and out of the outbox's store, and what the store tells. Plain frozen values, no I/O.

Orders to the store end in -Batch or begin with a verb; facts of the store are past tense.
"""

from dataclasses import dataclass

from link.contract.link_facts import LaneName


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as it lies in the store; `body` is what `batch.body_of` made of the fact."""

    lane: LaneName
    epoch: int
    seq: int
    rank: int
    boot: str
    wall_ms: int
    mono_ms: int
    tq: str
    body: bytes


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """Order: the next events of a lane behind place `after`, as the bytes of one batch.

    `most` events and `octets` of bodies at most. `turn` comes back with the answer: who has begun again since
    then ignores it.
    """

    lane: LaneName
    turn: int
    after: int
    most: int
    octets: int


@dataclass(frozen=True, slots=True)
class Forget:
    """Order: the centre holds every event of this epoch up to `upto`; they may be deleted."""

    epoch: int
    upto: int


@dataclass(frozen=True, slots=True)
class LaneOpened:
    """A lane of a store that was opened: its new epoch, the one of the opening before, all epochs with events."""

    lane: LaneName
    epoch: int
    prev_epoch: int
    epochs: tuple[int, ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class StoreOpened:
    """Fact: the store is open; places of an earlier opening mean nothing any more."""

    lanes: tuple[LaneOpened, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """Fact: so many events of a lane are on the disk, the newest of them (epoch, seq)."""

    lane: LaneName
    count: int
    epoch: int
    seq: int


@dataclass(frozen=True, slots=True)
class BatchRead:
    """Fact: the answer to ReadBatch. `first` to `last` of `epoch`, ending at place `place`."""

    lane: LaneName
    turn: int
    epoch: int
    first: int
    last: int
    place: int
    payload: bytes

    @property
    def events(self) -> int:
        """How many events it holds."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class NothingRead:
    """Fact: the answer to ReadBatch when nothing lies behind the place."""

    lane: LaneName
    turn: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Fact: what lies in the store by lane, and when the oldest event happened (monotonic s; None: there is none).

    An event of an earlier start of the computer is dated by the wall clocks, as good as they are.
    """

    waiting: tuple[tuple[LaneName, int], ...]
    oldest_at: float | None = None


@dataclass(frozen=True, slots=True)
class StoreChanged:
    """Fact: what troubles the store, or empty when all is well again; `advice` for the technician."""

    what: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Fact: so many events were given up since the process began."""

    count: int
