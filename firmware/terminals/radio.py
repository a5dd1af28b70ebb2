"""A trunked radio's driver (TETRA, MAP27) and its line: facts of the one become events of the other.

No I/O and no clock: `at_ns` (CLOCK_MONOTONIC) is when the fact was told.
"""

from dataclasses import dataclass, field

from firmware.talk import (
    CarrierChanged,
    Cease,
    Demand,
    DeviceChanged,
    TransmitGranted,
    TransmitLost,
    TransmitQueued,
)
from firmware.terminals.messages import Consequences, Health, Told, ToLine
from hw.map27.messages import FieldRead
from hw.tetra import messages as tetra
from link.contract import field_facts as field_fact
from link.contract import orders
from link.contract.wire import Wire

SIGNAL_STEP = 6
"""dB by which the field strength must change to be told again."""


@dataclass
class RadioDesk:
    """One trunked line. `hear` takes the driver's facts, `order_for` turns orders into the driver's."""

    line: str
    up: bool = False
    registered: bool = False
    word: str = "starting"
    dbm: int | None = None
    talking: set[int] = field(default_factory=set)

    def hear(self, fact: object, at_ns: int) -> Consequences:
        """What follows from a fact of the driver."""
        match fact:
            case tetra.TerminalReady():
                self.up = True
                return (Health(f"terminal {self.line}"), *self._usable())
            case tetra.TerminalLost(reason=reason, advice=advice):
                self.up, self.registered, self.word = False, False, reason
                return (
                    Health(f"terminal {self.line}", reason, advice),
                    *self._usable(),
                    *self._silent(at_ns),
                )
            case tetra.RegistrationChanged(registered=registered, word=word):
                self.registered, self.word = registered, word
                advice = "" if registered else "check coverage, antenna, and that the terminal is enabled"
                return (Health(f"network {self.line}", "" if registered else word, advice), *self._usable())
            case tetra.TransmitGranted():
                return (ToLine(TransmitGranted()),)
            case tetra.TransmitQueued():
                return (ToLine(TransmitQueued()),)
            case tetra.TransmitRefused(why=why) | tetra.TransmitEnded(why=why):
                return (ToLine(TransmitLost(why)),)
            case tetra.OrderRefused(order="Key", why=why):
                return (ToLine(TransmitLost(why)),)
            case tetra.OrderRefused(order=order, why=why):
                return (Told(field_fact.OrderRefused(line=self.line, order=order, why=why[:200])),)
            case tetra.TalkerStarted(instance=instance, talker=talker):
                self.talking.add(instance)
                return (ToLine(CarrierChanged(True, at_ns, short(talker))),)
            case tetra.TalkerEnded(instance=instance):
                self.talking.discard(instance)
                return () if self.talking else (ToLine(CarrierChanged(False, at_ns)),)
        return self._messages(fact, at_ns)

    def _messages(self, fact: object, at_ns: int) -> Consequences:
        """Facts that only people want to know."""
        line = self.line
        match fact:
            case tetra.DeviceLied(what=what):
                return (Told(field_fact.DeviceLied(line=line, what=what)),)
            case tetra.SignalRead(dbm=dbm) if self.dbm is None or abs(dbm - self.dbm) >= SIGNAL_STEP:
                self.dbm = dbm
                return (Told(field_fact.SignalChanged(line=line, dbm=dbm)),)
            case FieldRead(level=level):
                bars = round(level * 5 / 255) if level else None
                return (Told(field_fact.SignalChanged(line=line, bars=bars)),)
            case tetra.GroupSelected(group=group):
                return (Told(field_fact.TalkGroupSelected(line=line, group=short(group))),)
            case tetra.CallArrived(emergency=True, calling=calling):
                return (Told(field_fact.EmergencyCalled(line=line, talker=short(calling))),)
            case tetra.CallArrived(group=False, instance=instance, calling=calling):
                return (Told(field_fact.CallArrived(line=line, call=instance, number=short(calling))),)
            case tetra.TextReceived(sender=sender, text=text):
                return (Told(self._text(short(sender), text, "sds", at_ns)),)
            case tetra.StatusReceived(sender=sender, status=status):
                return (Told(self._text(short(sender), str(status), "status", at_ns)),)
            case tetra.PositionReceived(sender=sender, latitude=lat, longitude=lon, error_m=error_m):
                place = {"latitude": lat, "longitude": lon, "error_m": error_m}
                fields = {"line": line, "talker": short(sender), **place}
                return (Told(field_fact.PositionTold.model_validate(fields)),)
            case tetra.MessageSent(key=key):
                return (Told(field_fact.TextSent(line=line, id=key)),)
            case tetra.MessageFailed(key=key, why=why):
                return (Told(field_fact.TextFailed(line=line, id=key, why=why[:200])),)
            case tetra.MessageDelivered(key=key):
                return (Told(field_fact.TextDelivered(line=line, id=key)),)
        return ()

    def _text(self, sender: str, text: str, how: str, at_ns: int) -> Wire:
        fields = {
            "line": self.line,
            "key": f"{how}-{at_ns}",
            "sender": sender,
            "text": text[:2000],
            "how": how,
        }
        return field_fact.TextArrived.model_validate(fields)

    def _usable(self) -> Consequences:
        why = "" if self.up and self.registered else self.word
        return (ToLine(DeviceChanged(self.up and self.registered, why)),)

    def started_over(self, at_ns: int) -> Consequences:
        """The driver has forgotten everything: so does the line."""
        self.up, self.registered, self.word, self.dbm = False, False, "starting", None
        return (*self._usable(), *self._silent(at_ns))

    def _silent(self, at_ns: int) -> Consequences:
        self.talking.clear()
        return (ToLine(CarrierChanged(False, at_ns)),)

    def order_for(self, order: object) -> object | None:
        """The driver's order for one of the line or of the centre; None when this radio cannot do it."""
        match order:
            case Demand(until=until):
                return tetra.Key(until)
            case Cease():
                return tetra.Release()
            case orders.SelectTalkGroup(group=group):
                return tetra.SelectGroup(group)
            case orders.SendText(id=id_, to=to, text=text):
                return tetra.SendText(id_, to, text)
            case orders.SendStatus(id=id_, to=to, status=status):
                return tetra.SendStatus(id_, to, status)
            case orders.DialNumber(number=number):
                return tetra.Dial(number)
        return None


def short(identity: str | None) -> str:
    """An identity for people: the short subscriber number of 17 digits, without leading noughts."""
    if identity is None:
        return ""
    return (identity[-8:].lstrip("0") or "0") if len(identity) == 17 and identity.isdigit() else identity[:40]
