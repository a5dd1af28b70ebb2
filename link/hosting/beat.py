"""BeatWatch: whether a neighbour process lives. A beat that is late counts as a death."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Beat:
    """The neighbour gave a sign of life."""


@dataclass(frozen=True)
class BeatLost:
    """The connection to the neighbour came anew or broke: what was known of it is void."""


@dataclass(frozen=True)
class BeatChanged:
    """Effect: the neighbour lives, or does not."""

    up: bool


@dataclass(frozen=True)
class BeatWatch:
    """`patience`: seconds after which a missing beat is a death."""

    patience: float
    beat_at: float | None = None

    @property
    def state(self) -> str:
        """One word for people."""
        return "gone" if self.beat_at is None else "alive"

    @property
    def deadline(self) -> float | None:
        """When the next beat is overdue."""
        return None if self.beat_at is None else self.beat_at + self.patience

    def handle(self, event: object, now: float) -> tuple["BeatWatch", tuple[object, ...]]:
        """The watch after `event`, and BeatChanged when that is news."""
        watch = self
        if isinstance(event, Beat):
            watch = replace(self, beat_at=now)
        elif isinstance(event, BeatLost):
            watch = replace(self, beat_at=None)
        if watch.deadline is not None and now >= watch.deadline:
            watch = replace(watch, beat_at=None)
        alive = watch.beat_at is not None
        return watch, () if alive == (self.beat_at is not None) else (BeatChanged(alive),)
