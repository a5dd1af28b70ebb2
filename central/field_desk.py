"""The desk of the field: what may be asked of lines and inputs, and orders to them. See central.api.field_desk.

It checks what is asked against what is known, sends it as a command, and keeps no state of its own.
"""

import difflib
import secrets
from collections.abc import Iterable

from central.api.desk import DeskError
from central.api.field_requests import (
    DrillBypass,
    FieldOrder,
    SendStatus,
    SendText,
    SetBypass,
    as_order,
)
from central.field.orders import OrderRow
from central.field.texts import TextRow
from central.field_models import LineFieldView, OrderView, SiteView, TextView
from central.field_views import FieldViews
from central.switchboard import Switchboard
from link.contract.ids import LineRef
from link.hosting.clock import Clock

TTL = 30
"""Seconds in which an order must arrive; a call or a bypass that comes later would only surprise."""
TEXT_TTL = 300

KINDS: dict[str, tuple[tuple[str, ...], str]] = {
    "group": (("tetra",), "trunked terminal"),
    "tune": (("shortwave",), "shortwave rig"),
    "dial": (("phone", "tetra", "map27"), "phone"),
    "answer": (("phone", "tetra", "map27"), "phone"),
    "hang-up": (("phone", "tetra", "map27"), "phone"),
    "tones": (("phone", "tetra"), "phone"),
    "text": (("phone", "tetra"), "phone or TETRA terminal"),
    "status": (("tetra", "map27"), "trunked terminal"),
}
"""For each order the kinds of line that can obey it, and what people call them."""
SPOKEN = {
    "radio": "a radio",
    "loudspeaker": "a loudspeaker",
    "shortwave": "a shortwave rig",
    "tetra": "a TETRA terminal",
    "map27": "a MAP27 terminal",
    "phone": "a phone",
}


class CoreFieldDesk:
    """Implements central.api.field_desk.FieldDesk."""

    def __init__(self, board: Switchboard, views: FieldViews, clock: Clock) -> None:
        self._board, self._views, self._clock = board, views, clock

    # -- looks --

    def sites(self) -> tuple[SiteView, ...]:
        """See FieldDesk."""
        return self._views.sites()

    def line(self, name: str) -> LineFieldView:
        """See FieldDesk."""
        lines = {line.line: line for site in self.sites() for line in site.lines}
        if name not in lines:
            raise _unknown("line", name, lines, "see: spillway line list")
        return lines[name]

    def texts(self, limit: int, line: str | None) -> tuple[TextView, ...]:
        """See FieldDesk."""
        if line is not None:
            self.line(line)
        return self._views.texts(limit, line)

    def orders(self, limit: int) -> tuple[OrderView, ...]:
        """See FieldDesk."""
        return self._views.orders(limit)

    def order(self, id: str) -> OrderView:
        """See FieldDesk."""
        found = self._views.order(id)
        if found is None:
            raise DeskError(
                404, f"there is no order {id!r}", "see GET /orders; core forgets them when it ends"
            )
        return found

    # -- orders --

    async def give(self, asked: FieldOrder, by: str) -> OrderView:
        """See FieldDesk."""
        details = asked.model_dump(mode="json", exclude={"order", "subject", "id"}, exclude_none=True)
        if asked.id is not None:
            known = self._given(asked, details)
            if known is not None:
                return known
        ref, kind = self._addressed(asked)
        id = asked.id or f"o-{secrets.token_hex(6)}"
        order, wall = as_order(asked, ref.line, id), round(self._clock.wall(), 3)
        times = {"at_wall": wall, "changed_wall": wall}
        row = OrderRow(id=id, subject=str(ref), what=asked.order, order=details, by=by, **times)
        self._board.journal("order", str(ref), {"id": id, "by": by, "order": asked.order, **details})
        self._board.field.ordered(row, order, self._text(asked, row, kind))
        ttl = TEXT_TTL if isinstance(asked, SendText | SendStatus) else TTL
        self._board.command(ref.gateway, order, ttl, id=id)
        return self.order(id)

    def _given(self, asked: FieldOrder, details: dict[str, object]) -> OrderView | None:
        """The order that has this id already; 409 when it is another one."""
        known = self._views.order(asked.id or "")
        if known is not None:
            if (known.subject, known.what, known.order) == (asked.subject, asked.order, details):
                return known
            raise DeskError(
                409, f"the id {asked.id!r} is that of another order", "give each order its own id"
            )
        if asked.id in self._board.field.texts.rows:  # of before core was started again
            raise DeskError(
                409, f"a text with the id {asked.id!r} was sent before", "see: spillway text list"
            )
        return None

    @staticmethod
    def _text(asked: FieldOrder, row: OrderRow, kind: str | None) -> TextRow | None:
        if not isinstance(asked, SendText | SendStatus):
            return None
        text = asked.text if isinstance(asked, SendText) else str(asked.status)
        fields = {"id": row.id, "line": row.subject, "number": asked.number, "by": row.by}
        times = {"at_wall": row.at_wall, "changed_wall": row.at_wall}
        how = "status" if isinstance(asked, SendStatus) else "sds" if kind == "tetra" else "sms"
        more = {"text": text, "how": how, "direction": "out", "state": "ordered"}
        return TextRow.model_validate({**fields, **more, **times})

    def _addressed(self, asked: FieldOrder) -> tuple[LineRef, str | None]:
        """Where an order goes, and the kind of that line. 404 or 409 with what to do."""
        kind: str | None = None
        if isinstance(asked, SetBypass | DrillBypass):
            names = {each.bypass: each for site in self.sites() for each in site.bypasses}
            if asked.subject not in names:
                raise _unknown("bypass", asked.subject, names, "see: spillway bypass list")
        else:
            line = self.line(asked.subject)
            kind, (kinds, wanted) = line.kind, KINDS[asked.order]
            if kind is not None and kind not in kinds:
                is_one = SPOKEN.get(kind, kind)
                fit = [each.line for site in self.sites() for each in site.lines if each.kind in kinds]
                advice = f"lines that can: {', '.join(fit[:8])}" if fit else f"no {wanted} is there"
                raise DeskError(409, f"{asked.subject} is {is_one}, not a {wanted}", advice)
        ref = LineRef.parse(asked.subject)
        if not self._board.gateways[ref.gateway].machine.online:
            raise DeskError(409, f"{ref.gateway} is offline: nothing was sent", "see: spillway status")
        return ref, kind


def _unknown(kind: str, name: str, known: Iterable[str], advice: str) -> DeskError:
    names = list(known)
    shorts = {each.partition("/")[2]: each for each in names}
    near = difflib.get_close_matches(name, names, n=1) or [
        shorts[short] for short in difflib.get_close_matches(name.rpartition("/")[2], list(shorts), n=1)
    ]
    return DeskError(
        404, f"there is no {kind} {name!r}", f"did you mean {near[0]!r}? {advice}" if near else advice
    )
