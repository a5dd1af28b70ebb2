"""The centre's book of the field: what the devices told, texts, orders under way, and notices for people.

Holds the pure folds of central/field and says what of them has changed; performs nothing, keys nothing.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from central.field.orders import OrderRow, Orders
from central.field.site import Site
from central.field.texts import TextRow, Texts
from link.contract import field_facts as told
from link.contract.facts import CommandResult
from link.contract.wire import Wire
from link.hosting.clock import Clock

NOTICES_MOST = 50


@dataclass(frozen=True)
class Notice:
    """Something that people should see; `line` is `gateway/line`, `group` empty when it concerns none."""

    number: int
    at_wall: float
    what: str
    line: str
    group: str = ""
    talker: str = ""
    why: str = ""


class FieldBook:
    """`changed(kind, name)` is told of each site, text, order and notice that changed."""

    def __init__(self, clock: Clock, changed: Callable[[str, str], None], talkers: Mapping[str, str]) -> None:
        self.sites: dict[str, Site] = {}
        self.places: dict[str, int] = {}
        self.texts = Texts()
        self.orders = Orders()
        self.notices: deque[Notice] = deque(maxlen=NOTICES_MOST)
        self._clock = clock
        self._changed = changed
        self._talkers = talkers
        self._count = 0

    def talker_name(self, id: str) -> str:
        """The name people know a talker by; his id when the settings name none."""
        return self._talkers.get(id, id)

    def kept_site(self, gateway: str) -> Site:
        """A gateway's site with the place of the last event that was heard."""
        return self.site(gateway).at(self.places.get(gateway, 0))

    def site(self, gateway: str) -> Site:
        """What a gateway told of its field; an empty one if nothing."""
        return self.sites.get(gateway) or Site(gateway=gateway)

    def heard(self, gateway: str, fact: Wire, boot: str, place: int, wall: float) -> bool:
        """One fact of the evidence that was true at `wall`; False when it was heard before.

        `place` is its number in the store, rising.
        """
        if place <= self.places.get(gateway, 0):
            return False
        self.places[gateway] = place
        before = self.site(gateway)
        after = before.heard(fact, boot, wall)
        if after is not before:
            self.sites[gateway] = after
            self._changed("site", gateway)
        else:
            self._changed("place", gateway)
        self.texts, text = self.texts.heard(gateway, fact, wall)
        if text is not None:
            self._changed("text", text)
        self.orders, order = self.orders.heard(gateway, fact, self._clock.wall())
        if order is not None:
            self._changed("order", order)
        self._note_fact(gateway, fact)
        return True

    def _note_fact(self, gateway: str, fact: Wire) -> None:
        match fact:
            case told.CallArrived(line=line, number=number):
                self.notice("call", f"{gateway}/{line}", talker=number)
            case told.TextArrived(line=line, sender=sender):
                self.notice("text", f"{gateway}/{line}", talker=sender)
            case told.EmergencyCalled(line=line, talker=talker):
                self.notice("emergency", f"{gateway}/{line}", talker=talker)
            case told.DeviceLied(line=line, what=what):
                self.notice("device-lied", f"{gateway}/{line}", why=what)

    def notice(self, what: str, line: str, group: str = "", talker: str = "", why: str = "") -> None:
        """Let people see something."""
        self._count += 1
        wall = round(self._clock.wall(), 3)
        self.notices.append(Notice(self._count, wall, what, line, group, self.talker_name(talker), why))
        self._changed("notice", str(self._count))

    def ordered(self, row: OrderRow, order: Wire, text: TextRow | None = None) -> None:
        """An order leaves."""
        self.orders = self.orders.ordered(row, order)
        if text is not None:
            self.texts = self.texts.ordered(text)
            self._changed("text", text.id)
        self._changed("order", row.id)

    def result(self, result: CommandResult) -> None:
        """A gateway's receipt."""
        wall = self._clock.wall()
        orders = self.orders.result(result, wall)
        if orders is self.orders:
            return
        self.orders = orders
        self._changed("order", result.id)
        row = orders.rows[result.id]
        if row.over or row.state in ("accepted", "done"):
            good = row.state in ("accepted", "done")
            texts = self.texts.result(result.id, good, result.why or result.s, wall)
            if texts is not self.texts:
                self.texts = texts
                self._changed("text", result.id)
