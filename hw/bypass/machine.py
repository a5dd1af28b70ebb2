"""Power-failure bypass: the relay that joins a trunk straight to a telephone when power or service fails.

The relay is held by power in normal service and falls back by spring, so no power, no gateway and no guard all
mean "bypassed". Holding is a lease that this machine renews only while supply and service are well; it does not
cut a call that runs over the bypass. The drill lets the relay fall on purpose and measures it.

The guard must allow this output an unlimited on-time: its safe value is off, which is the bypass.
"""

from dataclasses import dataclass, replace
from typing import Literal

from hw.bypass.events import (
    Bypass,
    BypassChanged,
    BypassFault,
    DirectCall,
    Drill,
    DrillDone,
    Driven,
    EndDrill,
    Hold,
    LetFall,
    Mains,
    ReadBack,
    Service,
    SupplyChanged,
    TrunkBusy,
    Volts,
    Why,
)
from hw.terminal import Told

LEASE = 1.5
RENEW = 0.5


@dataclass(frozen=True)
class BypassSettings:
    """Volts with hysteresis, times in seconds. `read_back`: an auxiliary contact tells where the relay stands.
    `fall`: longest time the relay may take; `return_after`: how long all must be well before it is held again."""

    name: str
    low: float = 10.8
    high: float = 11.8
    supply_delay: float = 2.0
    stale: float = 30.0
    return_after: float = 30.0
    read_back: bool = True
    fall: float = 0.5
    drill_most: float = 120.0


@dataclass(frozen=True)
class Drilling:
    """A drill under way."""

    order: Drill
    began: float
    ends: float
    fell: float | None = None
    back_from: float | None = None


Step = tuple["BypassRelay", tuple[object, ...]]


@dataclass(frozen=True)
class BypassRelay:
    """See the module. Times are monotonic seconds."""

    settings: BypassSettings
    mains: bool | None = None
    volts: float | None = None
    volts_at: float = 0.0
    low_from: float | None = None
    low: bool = False
    service: bool = False
    trunk: bool = False
    direct: bool = False
    ordered: bool = False
    read: bool | None = None
    driven: bool | None = None
    held: bool = False
    changed: float | None = None
    fed: float = 0.0
    well_from: float | None = None
    ever_held: bool = False
    drilling: Drilling | None = None
    supply_told: str = ""
    on_told: bool | None = None
    fault: str = ""

    @property
    def supply(self) -> Literal["mains", "battery", "low"]:
        """Where power comes from; a gateway that has no mains contact is taken to be on mains."""
        if self.low:
            return "low"
        return "battery" if self.mains is False else "mains"

    @property
    def why_fallen(self) -> Why | None:
        """Why the relay must not be held; None: it may."""
        if self.ordered:
            return "ordered"
        if self.low:
            return "power"
        if not self.service:
            return "service" if self.ever_held else "start"
        if self.drilling is not None and self.drilling.back_from is None:
            return "drill"
        return None

    @property
    def deadline(self) -> float | None:
        """Next renewal, end of a delay, of a drill, or of the patience with the read-back."""
        s = self.settings
        moments: list[float] = []
        if self.held:
            moments.append(self.fed + RENEW)
        if self.low_from is not None:
            moments.append(self.low_from + s.supply_delay)
        if self.volts is not None:
            moments.append(self.volts_at + s.stale)
        if self.well_from is not None and not self.held and not self.direct:
            moments.append(self.well_from + s.return_after)
        if self.drilling is not None and self.drilling.back_from is None:
            moments.append(self.drilling.ends)
        if s.read_back and self.changed is not None and self._contradicted and not self.fault:
            moments.append(self.changed + s.fall)
        return min(moments, default=None)

    @property
    def _contradicted(self) -> bool:
        """The relay is not read where it should be."""
        return self.read is None or self.read == self.held

    def handle(self, event: object, now: float) -> Step:
        """The bypass after `event` and what must be done."""
        relay, effects = self._take(event, now)
        relay = relay._weigh(now)
        relay, more = relay._drive(now)
        relay, news = relay._news(now)
        relay, done = relay._drill(now)
        return relay, (*effects, *more, *news, *done)

    def _take(self, event: object, now: float) -> Step:
        match event:
            case Mains(present=present):
                return replace(self, mains=present), ()
            case Volts(value=value) if 0 <= value < 1000:
                return replace(self, volts=value, volts_at=now), ()
            case Service(up=up):
                return replace(self, service=up), ()
            case TrunkBusy(busy=busy):
                return replace(self, trunk=busy), ()
            case DirectCall(busy=busy):
                return replace(self, direct=busy), ()
            case ReadBack(bypassed=bypassed):
                return replace(self, read=bypassed), ()
            case Driven(on=on):
                return replace(self, driven=on), ()
            case Bypass(on=on):
                return replace(self, ordered=on), ()
            case Drill():
                return self._begin_drill(event, now)
            case EndDrill() if self.drilling is not None and self.drilling.back_from is None:
                return replace(self, drilling=replace(self.drilling, ends=now)), ()
        return self, ()

    def _weigh(self, now: float) -> "BypassRelay":
        s, relay = self.settings, self
        if relay.volts is not None and now >= relay.volts_at + s.stale:
            relay = replace(relay, volts=None)  # not known is not low: the spring judges a true failure
        volts = relay.volts
        if volts is None or volts >= s.high:
            relay = replace(relay, low=False, low_from=None)
        elif volts < s.low and not relay.low:
            since = now if relay.low_from is None else relay.low_from
            low = now >= since + s.supply_delay
            relay = replace(relay, low=low, low_from=None if low else since)
        elif not relay.low:
            relay = replace(relay, low_from=None)
        well = relay.why_fallen is None
        since_well = (now if relay.well_from is None else relay.well_from) if well else None
        return replace(relay, well_from=since_well)

    # ---- the relay -----------------------------------------------------------------------------------------

    def _drive(self, now: float) -> Step:
        why = self.why_fallen
        if why is not None:
            if not self.held:
                return self, ()
            return replace(self, held=False, changed=now), (LetFall(self.settings.name, why),)
        if self.held:
            if now < self.fed + RENEW:
                return self, ()
        elif not self._may_return(now):
            return self, ()
        changed = self.changed if self.held else now
        relay = replace(self, held=True, ever_held=True, fed=now, changed=changed)
        return relay, (Hold(self.settings.name, now + LEASE),)

    def _may_return(self, now: float) -> bool:
        """A call over the bypass is never cut; after a failure all must have been well for a while."""
        if self.direct or self.well_from is None:
            return False
        drilled = self.drilling is not None
        return drilled or not self.ever_held or now >= self.well_from + self.settings.return_after

    def _news(self, now: float) -> Step:
        s, facts = self.settings, []  # type: BypassSettings, list[object]
        if self.supply != self.supply_told and (self.mains is not None or self.volts is not None):
            facts.append(Told(SupplyChanged(s.name, self.supply, self.volts)))
        supply_told = self.supply if self.mains is not None or self.volts is not None else self.supply_told
        powered = (
            self.held and self.driven is not False
        )  # a guard that is lost powers nothing, whatever we hold
        on = self.read if s.read_back and self.read is not None else not powered
        if on != self.on_told:
            why: Why = self.why_fallen or ("read-back" if on else "service")
            facts.append(Told(BypassChanged(s.name, on, why)))
        fault = self.fault
        if not s.read_back or not self._contradicted:
            fault = ""
        elif self.changed is not None and now >= self.changed + s.fall:
            fault = "stays-fallen" if self.held else "stays-held"
        if fault != self.fault:
            facts.append(Told(BypassFault(s.name, fault, _ADVICE.get(fault, ""))))
        return replace(self, supply_told=supply_told, on_told=on, fault=fault), tuple(facts)

    # ---- the drill -----------------------------------------------------------------------------------------

    def _begin_drill(self, order: Drill, now: float) -> Step:
        why = ""
        if self.drilling is not None:
            why = "a drill is under way"
        elif not self.held:
            why = "the relay is not held: nothing to try"
        elif self.trunk:
            why = "a call is on the trunk"
        elif not 0.5 < order.seconds <= self.settings.drill_most:
            why = f"a drill lasts more than 0.5 and at most {self.settings.drill_most:g} s"
        if why:
            return self, (Told(DrillDone(self.settings.name, order.drill, False, None, None, why)),)
        return replace(self, drilling=Drilling(order, now, now + order.seconds)), ()

    def _drill(self, now: float) -> Step:
        drill, s = self.drilling, self.settings
        if drill is None:
            return self, ()
        if self.why_fallen not in (None, "drill"):
            return self._end_drill(drill, None, "broken off: the relay has to be fallen")
        if drill.back_from is None:
            if drill.fell is None and self.read:
                drill = replace(drill, fell=now - drill.began)
            if now < drill.ends:
                return replace(self, drilling=drill), ()
            drill = replace(drill, back_from=now)
            return replace(self, drilling=drill, well_from=now)._drive(now)
        if not self.held:  # somebody speaks over the bypass: wait for the end of that call
            return self, ()
        since = self.changed if self.changed is not None else now
        if not s.read_back or now >= since + s.fall or self.read is False:
            back = now - since if self.read is False else None
            return self._end_drill(drill, back, "")
        return self, ()

    def _end_drill(self, drill: Drilling, back: float | None, why: str) -> Step:
        s = self.settings
        if not why and not s.read_back:
            why = "nothing reads the relay back: listen at the telephone"
        elif not why and drill.fell is None:
            why = "the relay did not fall"
        elif not why and back is None:
            why = "the relay did not come back"
        elif not why and drill.fell is not None and drill.fell > s.fall:
            why = f"the relay fell after {drill.fell:.2f} s"
        fact = DrillDone(s.name, drill.order.drill, not why, drill.fell, back, why)
        return replace(self, drilling=None), (Told(fact),)


_ADVICE = {
    "stays-held": "the relay is welded or wired past the guard: a power failure would cut the trunk; replace it",
    "stays-fallen": "check the relay's coil and supply; the trunk goes to the emergency telephone meanwhile",
}
