"""What was ever accepted here, by playing and by command, and what became of it. Pure.

A playing that stands here is never begun again, whatever command brings it. A row may be forgotten only when nothing
can bring it again: when the time floor has passed `until`, the end of its authority, which is refused from then on.
"""

from dataclasses import dataclass, field, replace

MOST = 10_000
"""Rows at most. Each needed persons' signatures and holds for a day: the limit is for a gateway that knows no time."""
UNKNOWN, STOPPED = "unknown", "stopped"


@dataclass(frozen=True)
class Taken:
    """One playing. `result` is empty while it is under way; `until` in Unix seconds; `auth` names its authority."""

    id: str
    play: str
    auth: str
    ch: str
    until: int
    result: str = ""


@dataclass(frozen=True)
class TakenTable:
    """Rows by playing; `ids` leads from a command to its playing."""

    rows: dict[str, Taken] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: tuple[Taken, ...]) -> "TakenTable":
        """As the disk had them."""
        return cls({row.play: row for row in rows}, {row.id: row.play for row in rows})

    def find(self, id: str, play: str) -> Taken | None:
        """What is known of this command or of this playing."""
        return self.rows.get(self.ids.get(id, "")) or self.rows.get(play)

    @property
    def full(self) -> bool:
        """No more fits."""
        return len(self.rows) >= MOST

    def taking(self, row: Taken, floor: float) -> "TakenTable":
        """With this row, and without those that nothing can bring again."""
        rows = {play: each for play, each in self.rows.items() if each.until >= floor}
        rows[row.play] = row
        return TakenTable.of(tuple(rows.values()))

    def ended(self, play: str, result: str) -> "TakenTable":
        """With what became of a playing."""
        return replace(self, rows={**self.rows, play: replace(self.rows[play], result=result)})
