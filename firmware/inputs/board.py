"""All contacts and bypasses of a gateway: their runners, and who of them is meant. Decides nothing."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from firmware.effects import Record
from firmware.events import VoiceChanged
from firmware.inputs.contacts import WiredContact
from firmware.inputs.trunk import Trunk
from link.contract import field_facts, orders
from link.contract.wire import Wire
from link.hosting.runner import Runner


@dataclass
class Inputs:
    """By their names in the board file. `supply` is what was told last; several bypasses see the same supply."""

    contacts: dict[str, Runner[WiredContact]] = field(default_factory=dict)
    trunks: dict[str, Runner[Trunk]] = field(default_factory=dict)
    supply: str = ""

    def runners(self) -> list[Callable[[], Coroutine[None, None, None]]]:
        """What serves them."""
        contacts = [runner.run for runner in self.contacts.values()]
        return [*contacts, *(runner.run for runner in self.trunks.values())]

    def voice(self, up: bool) -> None:
        """The voice process came or went."""
        for trunk in self.trunks.values():
            trunk.inbox.post(VoiceChanged(up))

    def of_line(self, line: str, event: object) -> None:
        """Something became of a line, its device or its leg."""
        for trunk in self.trunks.values():
            if trunk.machine.line == line:
                trunk.inbox.post(event)

    def is_news(self, effect: object) -> bool:
        """False: what feeds the gateway has been told already."""
        if isinstance(effect, Record) and isinstance(effect.fact, field_facts.SupplyChanged):
            if effect.fact.supply == self.supply:
                return False
            self.supply = effect.fact.supply
        return True

    def order(self, order: Wire, record: Callable[[Wire], None]) -> bool:
        """Pass on an order to a bypass; one that is not here is refused. False: no such order."""
        if not isinstance(order, orders.SetBypass | orders.DrillBypass):
            return False
        trunk = self.trunks.get(order.bypass)
        if trunk is not None:
            trunk.inbox.post(order)
        elif isinstance(order, orders.DrillBypass):
            told = {"bypass": order.bypass, "drill": order.drill, "ok": False, "why": "no such bypass here"}
            record(field_facts.BypassDrilled.model_validate(told))
        else:
            told = {"line": "none", "order": "SetBypass", "why": f"no bypass {order.bypass!r} here"[:200]}
            record(field_facts.OrderRefused.model_validate(told))
        return True
