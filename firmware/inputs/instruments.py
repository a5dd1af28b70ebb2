"""What a measuring instrument says, as evidence and as advice: level and voltage as read, rain as it fell.

The driver (hw.sensors) has judged every value; nothing here keeps one or repeats one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from firmware.effects import Record, TellHealth
from hw.sensors.machine import Measured, Reading, SensorDoubted, SensorStale, SensorWell
from hw.sensors.profile import SensorProfile
from hw.sensors.rain import Count, CounterRestarted, RainFell, RainGauge
from hw.terminal import Told
from link.contract import field_facts
from link.hosting.clock import Clock

ADVICE = {
    "no-answer": "check the instrument's supply, its address, its speed and A/B of the RS485 pair",
    "refused": "the profile asks for a register that this instrument does not have: compare with its own table",
    "not-a-number": "check type and byte order in the profile; the instrument may say so that its probe is broken",
    "out-of-range": "check scale, unit and byte order in the profile; then the probe and its cable",
    "jump": "a value that moves faster than water: check the probe, its cable and its screen",
    "port-down": "the port of its bus is gone: see the serial port's own line",
}
_RESTARTED = "the gauge was without power or was changed; what fell meanwhile is not known"


@dataclass
class Instrument:
    """One [[sensor]]. `measured` gets every believed value, changed or not."""

    name: str
    profile: SensorProfile
    clock: Clock
    perform: Callable[[object], None]
    measured: list[Callable[[float], None]] = field(default_factory=list)
    ill: str = ""
    lost: bool = True
    gauge: RainGauge | None = None

    def __post_init__(self) -> None:
        if self.profile.measures == "rain":
            self.gauge = RainGauge(self.name, self.profile.per_tip, wrap=int(self.profile.high) + 1)

    def heard(self, fact: object) -> None:
        """What the driver tells."""
        match fact:
            case Measured(value=value):
                for tell in self.measured:
                    tell(value)
            case Reading():
                self._read(fact)
            case SensorStale(why=why):
                self.lost = True
                self.perform(Record(field_facts.SensorLost(sensor=self.name, why=why)))
                self._trouble(why)
            case SensorDoubted(why=why) if why != "port-down":  # the port has told that itself
                self._trouble(why)
            case SensorWell():
                self._trouble("")

    def _read(self, reading: Reading) -> None:
        if self.gauge is None or self.lost:  # of a gauge only the sign of life: rain has a fact of its own
            told = {"sensor": self.name, "value": round(reading.value, 6), "unit": reading.unit}
            self.perform(Record(field_facts.SensorRead.model_validate(told)))
        self.lost = False
        if self.gauge is None:
            return
        self.gauge, effects = self.gauge.handle(Count(round(reading.value)), self.clock.now())
        for effect in effects:
            match effect:
                case Told(fact=RainFell(amount=mm, hour=hour)):
                    self._trouble("")
                    self.perform(Record(field_facts.RainFell(sensor=self.name, mm=mm, mm_per_h=hour)))
                case Told(fact=CounterRestarted()):
                    self._trouble("counter restarted", _RESTARTED)

    def _trouble(self, what: str, advice: str = "") -> None:
        """Told when it is news."""
        if what != self.ill:
            self.ill = what
            self.perform(TellHealth(f"sensor {self.name}", what, advice or ADVICE.get(what, "")))
