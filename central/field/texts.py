"""Texts: the newest texts in and out with what became of each. A pure fold; equal ids are the same text.

A text that was sent goes forward only: a late "sent" does not undo "delivered". "Not sure" failures are corrected by
a delivery that comes after all.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from central.field.kept import Kept, with_newest
from link.contract import field_facts as told
from link.contract.wire import Wire

TEXTS_MOST = 500
"""Texts kept, the newest; the journal has them all."""

TextState = Literal["arrived", "ordered", "accepted", "sent", "delivered", "failed"]
_FORWARD: tuple[TextState, ...] = ("ordered", "accepted", "sent", "failed", "delivered")


class TextRow(Kept):
    """One text; `number` is the other end, `by` the person who sent it. Times are Unix seconds."""

    id: str
    line: str
    direction: Literal["in", "out"]
    number: str
    text: str
    how: Literal["sms", "sds", "status"] = "sms"
    state: TextState
    why: str = ""
    sure: bool = True
    by: str = ""
    at_wall: float
    changed_wall: float


@dataclass(frozen=True)
class Texts:
    """The newest texts by id, in the order in which they came."""

    rows: dict[str, TextRow] = field(default_factory=dict)

    def newest(self, limit: int, line: str | None = None) -> tuple[TextRow, ...]:
        """The newest first, of one line or of all."""
        rows = (row for row in reversed(self.rows.values()) if line in (None, row.line))
        return tuple(sorted(rows, key=lambda row: -row.at_wall)[:limit])

    def ordered(self, row: TextRow) -> "Texts":
        """With a text that goes out, or one that was read from the store."""
        return replace(self, rows=with_newest(self.rows, row.id, row, TEXTS_MOST))

    def result(self, id: str, good: bool, why: str, wall: float) -> "Texts":
        """The gateway took the order to send it, or did not."""
        return self._moved(id, "accepted" if good else "failed", wall, why)

    def heard(self, gateway: str, fact: Wire, wall: float) -> "tuple[Texts, str | None]":
        """After a fact; with the id of the text that is new or changed, if any."""
        match fact:
            case told.TextArrived(line=line, key=key):
                id = f"{gateway}/{line}:{key}"
                if id in self.rows:
                    return self, None
                said = {"number": fact.sender, "text": fact.text, "how": fact.how}
                times = {"at_wall": wall, "changed_wall": wall}
                row = TextRow(
                    id=id, line=f"{gateway}/{line}", direction="in", state="arrived", **said, **times
                )
                return self.ordered(row), id
            case told.TextSent(id=id):
                after = self._moved(id, "sent", wall)
            case told.TextDelivered(id=id):
                after = self._moved(id, "delivered", wall)
            case told.TextFailed(id=id, why=why, sure=sure):
                after = self._moved(id, "failed", wall, why, sure)
            case _:
                return self, None
        return after, (id if after is not self else None)

    def _moved(self, id: str, state: TextState, wall: float, why: str = "", sure: bool = True) -> "Texts":
        row = self.rows.get(id)
        if row is None or row.direction == "in" or _FORWARD.index(state) <= _FORWARD.index(row.state):
            return self
        news = {"state": state, "why": why, "sure": sure, "changed_wall": wall}
        return replace(self, rows={**self.rows, id: row.model_copy(update=news)})
