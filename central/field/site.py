"""Site: everything that one gateway told of its field: its lines, contacts, instruments, supply and bypasses.

A pure fold of the evidence, each fact once: what is told again after a restart of core is known by its place in the
store. What was told before the gateway's last start is kept and marked by `boot`; whether it is true
now is for the view to say.
"""

from pydantic import Field

from central.field.kept import Kept, with_newest
from central.field.lines import LineField
from link.contract import facts
from link.contract import field_facts as field
from link.contract.wire import Wire

LINE_FACTS = (
    facts.LineOpened, field.EmergencyCalled, field.PositionTold, field.TalkGroupSelected, field.RigTuned,
    field.SignalChanged, field.DigitsHeard, field.CallPlaced, field.CallArrived, field.CallAnswered, field.CallEnded,
    field.OrderRefused, field.DeviceLied,
)  # fmt: skip


class Contact(Kept):
    """A contact as last told; not believed while `state` is cut, short or chatters."""

    boot: str
    active: bool
    state: str
    at_wall: float


class Sensor(Kept):
    """A sensor: its last believed value, and why there is none now (`lost`)."""

    boot: str
    value: float | None = None
    unit: str = ""
    at_wall: float
    lost: str = ""


class Rain(Kept):
    """A rain gauge: the sum since the centre knows it, and the last intensity."""

    boot: str
    total_mm: float
    mm_per_h: float
    at_wall: float


class Supply(Kept):
    """What feeds the gateway."""

    boot: str
    supply: str
    volts: float | None
    at_wall: float


class Drill(Kept):
    """The last drill of a bypass."""

    ok: bool
    fell: float | None
    back: float | None
    why: str
    at_wall: float


class Bypass(Kept):
    """A bypass relay: `on` the trunk is bypassed; None before it was told."""

    boot: str
    on: bool | None = None
    why: str = ""
    at_wall: float
    drill: Drill | None = None


class Site(Kept):
    """See the module. `place` is the number of the last event that was heard, as the centre stored it."""

    gateway: str
    place: int = 0
    lines: dict[str, LineField] = Field(default_factory=dict)
    contacts: dict[str, Contact] = Field(default_factory=dict)
    sensors: dict[str, Sensor] = Field(default_factory=dict)
    rain: dict[str, Rain] = Field(default_factory=dict)
    bypasses: dict[str, Bypass] = Field(default_factory=dict)
    supply: Supply | None = None

    def at(self, place: int) -> "Site":
        """The site with the place of its last event noted."""
        return self.model_copy(update={"place": place})

    def heard(self, fact: Wire, boot: str, wall: float) -> "Site":
        """The site after a fact of the gateway's start `boot` that was true at `wall`; itself for other facts."""
        if isinstance(fact, LINE_FACTS):
            told = self.lines.get(fact.line, LineField()).heard(fact, boot, wall)
            return self.model_copy(update={"lines": with_newest(self.lines, fact.line, told)})
        match fact:
            case field.ContactChanged(contact=name, active=active, state=state):
                contact = Contact(boot=boot, active=active, state=state, at_wall=wall)
                return self._with("contacts", self.contacts, name, contact)
            case field.SensorRead(sensor=name, value=value, unit=unit):
                read = Sensor(boot=boot, value=value, unit=unit, at_wall=wall)
                return self._with("sensors", self.sensors, name, read)
            case field.SensorLost(sensor=name, why=why):
                last = self.sensors.get(name, Sensor(boot=boot, at_wall=wall))
                lost = last.model_copy(update={"boot": boot, "lost": why or "no believable value"})
                return self._with("sensors", self.sensors, name, lost)
            case field.RainFell(sensor=name, mm=mm, mm_per_h=mm_per_h):
                before = self.rain[name].total_mm if name in self.rain else 0.0
                rain = Rain(boot=boot, total_mm=round(before + mm, 3), mm_per_h=mm_per_h, at_wall=wall)
                return self._with("rain", self.rain, name, rain)
            case field.SupplyChanged(supply=supply, volts=volts):
                fed = Supply(boot=boot, supply=supply, volts=volts, at_wall=wall)
                return self.model_copy(update={"supply": fed})
            case field.BypassChanged(bypass=name, on=on, why=why):
                drill = self.bypasses[name].drill if name in self.bypasses else None
                changed = Bypass(boot=boot, on=on, why=why, at_wall=wall, drill=drill)
                return self._with("bypasses", self.bypasses, name, changed)
            case field.BypassDrilled(bypass=name):
                known = self.bypasses.get(name, Bypass(boot=boot, at_wall=wall))
                went = Drill(**fact.model_dump(include={"ok", "fell", "back", "why"}), at_wall=wall)
                return self._with("bypasses", self.bypasses, name, known.model_copy(update={"drill": went}))
        return self

    def _with(self, part: str, known: dict[str, object] | object, name: str, value: object) -> "Site":
        assert isinstance(known, dict)
        return self.model_copy(update={part: with_newest(known, name, value)})
