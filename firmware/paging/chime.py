"""The gong before a clip: once while the amplifier stays on, again before what is more urgent. Pure."""

from dataclasses import dataclass, replace

from link.contract import orders


@dataclass(frozen=True)
class Chime:
    """`usual`: unless an order says else; `lasts` seconds; `rung`: the highest priority that had it since the
    amplifier went on; `until`: when the one that sounds is over."""

    usual: bool = False
    lasts: float = 1.4
    rung: int | None = None
    until: float = 0.0

    def holds_up(self, order: orders.PlayClip, now: float) -> bool:
        """The clip must wait for the gong that sounds."""
        return now < self.until and self._wanted(order)

    def before(self, order: orders.PlayClip, now: float) -> tuple["Chime", bool]:
        """The chime after it was time for `order`, and whether it must be sounded now."""
        if not self._wanted(order) or (self.rung is not None and order.priority <= self.rung):
            return self, False
        if now < self.until:  # one is sounding just now, for a clip that has made way
            return replace(self, rung=order.priority), False
        return replace(self, rung=order.priority, until=now + self.lasts), True

    def forgotten(self) -> "Chime":
        """The amplifier went off."""
        return replace(self, rung=None)

    def _wanted(self, order: orders.PlayClip) -> bool:
        return self.usual if order.chime is None else order.chime
