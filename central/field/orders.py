"""Orders to the field, each with the gateway's receipt and the fact that followed. A pure fold; lists are bounded.

Nobody waits for a reply to an order: the reply is the next fact that could only follow from it (a call was placed, a
rig stands on its frequency, the text was sent), or that the line refused.
"""

from dataclasses import dataclass, field, replace

from central.field.kept import Kept, with_newest
from link.contract import field_facts as told
from link.contract import orders
from link.contract.facts import CommandResult
from link.contract.wire import Wire

ORDERS_MOST = 200
"""Orders kept, the newest; the journal has them all."""

FOLLOWS: dict[type[Wire], tuple[type[Wire], ...]] = {
    orders.SelectTalkGroup: (told.TalkGroupSelected,),
    orders.TuneRig: (told.RigTuned,),
    orders.DialNumber: (told.CallPlaced, told.CallEnded),
    orders.AnswerCall: (told.CallAnswered,),
    orders.HangUpCall: (told.CallEnded,),
    orders.SendTones: (),
    orders.SendText: (told.TextSent, told.TextFailed),
    orders.SendStatus: (told.TextSent, told.TextFailed),
    orders.SetBypass: (told.BypassChanged,),
    orders.DrillBypass: (told.BypassDrilled,),
}
"""Each order and the facts of which one follows when it is obeyed or has failed; none: the receipt is all."""

_NO = ("rejected", "failed", "expired", "unknown")
_NAMES = {orders.DrillBypass: "drill", orders.SendText: "id", orders.SendStatus: "id"}


class OrderRow(Kept):
    """One order. `state` is sent, the gateway's receipt, obeyed or refused; `fact` what followed, as it was told."""

    id: str
    subject: str
    what: str
    order: dict[str, object]
    by: str
    state: str = "sent"
    why: str = ""
    fact: str = ""
    details: dict[str, object] = {}
    over: bool = False
    at_wall: float
    changed_wall: float


@dataclass(frozen=True)
class Orders:
    """The newest orders by id."""

    rows: dict[str, OrderRow] = field(default_factory=dict)
    sent: dict[str, Wire] = field(default_factory=dict)

    def ordered(self, row: OrderRow, order: Wire) -> "Orders":
        """With an order that has left."""
        rows = with_newest(self.rows, row.id, row, ORDERS_MOST)
        sent = {**self.sent, row.id: order}
        return Orders(rows, {id: each for id, each in sent.items() if id in rows})

    def result(self, result: CommandResult, wall: float) -> "Orders":
        """The gateway's receipt. What has ended stays as it ended; `dup` says nothing new."""
        row = self.rows.get(result.id)
        if row is None or row.over or result.s == "dup":
            return self
        over = result.s in _NO or (result.s in ("accepted", "done") and not FOLLOWS[type(self.sent[row.id])])
        return self._with(row, state=result.s, why=result.why, over=over, changed_wall=wall)

    def heard(self, gateway: str, fact: Wire, wall: float) -> "tuple[Orders, str | None]":
        """After a fact; with the id of the order that it answers, if any: the oldest that still waits for it."""
        for id, row in self.rows.items():
            if row.over or not row.subject.startswith(f"{gateway}/"):
                continue
            state = _answer(self.sent[id], fact)
            if state is not None:
                details = fact.model_dump(mode="json")
                why = str(details.get("why", ""))
                news = {"fact": type(fact).__name__, "details": details, "over": True, "changed_wall": wall}
                return self._with(row, state=state, why=why, **news), id
        return self, None

    def _with(self, row: OrderRow, **news: object) -> "Orders":
        return replace(self, rows={**self.rows, row.id: row.model_copy(update=news)})


def _answer(order: Wire, fact: Wire) -> str | None:
    """What `fact` says of `order`: obeyed, refused, failed, or None when it says nothing."""
    named = _NAMES.get(type(order), "bypass" if isinstance(order, orders.SetBypass) else "line")
    if isinstance(fact, told.OrderRefused):
        return "refused" if getattr(order, "line", None) == fact.line else None
    if type(fact) not in FOLLOWS[type(order)] or getattr(order, named) != getattr(fact, named, None):
        return None
    if isinstance(order, orders.SetBypass):
        return "obeyed" if getattr(fact, "on", None) == order.on else None
    ended_early = isinstance(order, orders.DialNumber) and isinstance(fact, told.CallEnded)
    failed = isinstance(fact, told.TextFailed) or ended_early or getattr(fact, "ok", True) is False
    return "failed" if failed else "obeyed"
