"""The bypass of one trunk as the gateway sees it: what becomes of its line, its voice process, its supply and its
relay, and the orders to it. Turns what happens on a gateway into what the bypass knows. Performs nothing.

The relay is held by feeding the guard; no gateway, no guard and no power all let it fall, which is the bypass.
"""

from dataclasses import dataclass, replace

from firmware.effects import FeedOutput, Record, SafeOutput, TellHealth
from firmware.events import OutputRead, VoiceChanged
from firmware.talk import CallChanged, DeviceChanged
from hw.bypass import events as b
from hw.bypass.machine import BypassRelay
from hw.terminal import Told
from link.contract import facts, field_facts, orders

Step = tuple["Trunk", tuple[object, ...]]


@dataclass(frozen=True)
class Trunk:
    """See the module. `line`: the line that serves the trunk, "" when only the voice process counts."""

    relay: BypassRelay
    out: str
    line: str = ""
    voice: bool = False
    leg: bool = False
    ready: bool = True

    @property
    def deadline(self) -> float | None:
        """The bypass's own."""
        return self.relay.deadline

    @property
    def state(self) -> str:
        """One word for people."""
        return "held" if self.relay.held else f"fallen ({self.relay.why_fallen or 'waits'})"

    @property
    def serves(self) -> bool:
        """The gateway can serve the trunk."""
        return self.voice and (not self.line or (self.leg and self.ready))

    def started_over(self, now: float) -> Step:
        """After a crash, which let the relay fall: what was told stands, and all must be well for a while."""
        relay = replace(self.relay, held=False, drilling=None, changed=now, well_from=None, supply_told="")
        return replace(self, relay=relay), ()

    def handle(self, event: object, now: float) -> Step:
        """The trunk after `event` and what must be done."""
        trunk, ordered = self, None  # type: Trunk, bool | None
        match event:
            case VoiceChanged(up=up):
                trunk = replace(self, voice=up, leg=self.leg and up)
            case facts.LegChanged(up=up):
                trunk = replace(self, leg=up)
            case DeviceChanged(ready=ready):
                trunk = replace(self, ready=ready)
            case CallChanged(state=state):
                event = b.TrunkBusy(state != "none")
            case OutputRead(on=on):
                event = b.Driven(on)
            case orders.SetBypass(on=on):
                event, ordered = b.Bypass(on), on
            case orders.DrillBypass(drill=drill, seconds=seconds):
                event = b.Drill(drill, seconds)
        if trunk is not self:
            event = b.Service(trunk.serves)
        relay, effects = trunk.relay.handle(event, now)
        told = [self._outside(effect) for effect in effects]
        if ordered is not None and ordered == relay.on_told == self.relay.on_told:
            # It is so already, and the order must have its answer.
            why = relay.why_fallen or "ordered"
            told.append(Record(field_facts.BypassChanged(bypass=relay.settings.name, on=ordered, why=why)))
        return replace(trunk, relay=relay), tuple(told)

    def _outside(self, effect: object) -> object:
        match effect:
            case b.Hold(until=until):
                return FeedOutput(self.out, until, "bypass")
            case b.LetFall(why=why):
                return SafeOutput(self.out, why)
            case Told(fact=b.BypassChanged(bypass=name, on=on, why=why)):
                return Record(field_facts.BypassChanged(bypass=name, on=on, why=why))
            case Told(fact=b.SupplyChanged(supply=supply, volts=volts)):
                return Record(field_facts.SupplyChanged(supply=supply, volts=volts))
            case Told(fact=b.DrillDone() as done):
                told = {"bypass": done.bypass, "drill": done.drill, "ok": done.ok, "why": done.why}
                times = {"fell": _rounded(done.fell), "back": _rounded(done.back)}
                return Record(field_facts.BypassDrilled.model_validate(told | times))
            case Told(fact=b.BypassFault(bypass=name, what=what, advice=advice)):
                return TellHealth(f"bypass {name}", what, advice)
        return effect


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
