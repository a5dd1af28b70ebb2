"""A shortwave rig's driver and its line: readiness, tuning, its own squelch, and a transmitter that disobeys.

No I/O and no clock. The guard keys and unkeys; the driver is told of it and holds the rig's own reading against it.
"""

from dataclasses import dataclass

from firmware.events import OutputRead
from firmware.talk import CarrierChanged, DeviceChanged
from firmware.terminals.messages import Consequences, Health, Told, ToLine
from hw.rig import messages as rig
from link.contract import field_facts as field_fact
from link.contract import orders

S9_DBM = -73
"""S9 on shortwave (IARU)."""
SIGNAL_STEP = 10
"""dB by which the field strength must change to be told again."""
FAULTS = {
    "did-not-key": "the transmitter did not come on",
    "let-go": "the transmitter fell off by itself",
    "stays-on": "the transmitter does not let go",
    "on-unasked": "the transmitter came on unasked",
    "unreadable": "the transmitter's state cannot be read",
}


@dataclass
class RigDesk:
    """One shortwave line. `dcd`: its carrier is the rig's own squelch."""

    line: str
    dcd: bool = False
    up: bool = False
    in_plan: bool = True
    dbm: int | None = None

    def hear(self, fact: object, at_ns: int) -> Consequences:
        """What follows from a fact of the driver."""
        line = self.line
        match fact:
            case rig.RigReady():
                self.up = True
                return (Health(f"rig {line}"), *self._usable())
            case rig.RigLost(reason=reason, advice=advice):
                self.up = False
                closed = (ToLine(CarrierChanged(False, at_ns)),) if self.dcd else ()
                return (Health(f"rig {line}", reason, advice), *self._usable(reason), *closed)
            case rig.Tuned(frequency_hz=frequency_hz, mode=mode, passband_hz=passband_hz, in_plan=in_plan):
                self.in_plan = in_plan
                fields = {
                    "line": line,
                    "frequency_hz": frequency_hz,
                    "mode": mode,
                    "passband_hz": passband_hz,
                }
                off = (
                    "" if in_plan else f"{frequency_hz} Hz is not in the band plan: nobody is put on the air"
                )
                advice = "" if in_plan else "tune it back (spillway rig tune), or amend the rig's profile"
                told = Told(field_fact.RigTuned.model_validate(fields))
                return (told, Health(f"plan {line}", off, advice), *self._usable())
            case rig.TuneRefused(why=why):
                return (Told(field_fact.OrderRefused(line=line, order="TuneRig", why=why[:200])),)
            case rig.DcdChanged(on=on):
                return (ToLine(CarrierChanged(on, at_ns)),) if self.dcd else ()
            case rig.PttFault(what=what, advice=advice):
                return (Health(f"transmitter {line}", FAULTS.get(what, ""), advice if what else ""),)
            case rig.MeterRead(strength_db=float(strength)):
                return self._signal(S9_DBM + round(strength))
        return ()

    def started_over(self, at_ns: int) -> Consequences:
        """The driver has forgotten everything: so does the line."""
        self.up, self.in_plan, self.dbm = False, True, None
        closed = (ToLine(CarrierChanged(False, at_ns)),) if self.dcd else ()
        return (*self._usable(), *closed)

    def _signal(self, dbm: int) -> Consequences:
        if self.dbm is not None and abs(dbm - self.dbm) < SIGNAL_STEP:
            return ()
        self.dbm = dbm
        return (Told(field_fact.SignalChanged(line=self.line, dbm=dbm)),)

    def _usable(self, why: str = "") -> Consequences:
        ready = self.up and self.in_plan
        lack = why or ("the rig stands off the band plan" if self.up else "the rig does not answer")
        return (ToLine(DeviceChanged(ready, "" if ready else lack)),)

    def order_for(self, order: object) -> object | None:
        """The driver's order for one of the line, of the guard or of the centre; None: a rig cannot do it."""
        match order:
            case orders.TuneRig(frequency_hz=frequency_hz, mode=mode, passband_hz=passband_hz):
                return rig.Tune(frequency_hz, mode, passband_hz)
            case OutputRead(on=on):
                return rig.Keyed(on)
        return None
