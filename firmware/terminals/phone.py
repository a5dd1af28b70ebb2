"""A satellite or GSM phone's driver and its line: calls become a path to talk over, texts are kept, then told.

No I/O and no clock. Who is put through without a hand is in the board file; a withheld number never is, unless
everybody is.
"""

from dataclasses import dataclass
from typing import Literal

from firmware.talk import CallChanged, DeviceChanged, EndCall
from firmware.terminals.messages import Consequences, Health, Keep, Remember, ToDriver, Told, ToLine
from hw.phone import facts as phone
from link.contract import field_facts as field_fact
from link.contract import orders

PIN_TRIED = "pin-tried"
NUMBER_SHOWN = 80
"""Characters of a number or name that are told; it also travels as the talker of the line."""


@dataclass
class PhoneDesk:
    """One phone line. `hear` takes the driver's facts, `order_for` turns orders into the driver's."""

    line: str
    answer: Literal["nobody", "known", "everybody"] = "nobody"
    known: tuple[str, ...] = ()
    up: bool = False
    service: bool = True
    word: str = "starting"
    call: int = 0
    """The driver's number of the call that the line has; 0: none. A second caller's is never it."""
    number: str = ""
    full: bool = False

    def hear(self, fact: object, at_ns: int) -> Consequences:
        """What follows from a fact of the driver."""
        line = self.line
        match fact:
            case phone.PhoneReady():
                self.up = True
                return (Health(f"phone {line}"), Health(f"sim {line}"), *self._usable())
            case phone.PhoneLost(reason=reason, advice=advice):
                self.up, self.word = False, reason
                return (Health(f"phone {line}", reason, advice), *self._usable())
            case phone.SimTrouble(what=what, advice=advice):
                self.up, self.word = False, what
                return (Health(f"sim {line}", what, advice), *self._usable())
            case phone.ServiceChanged(on=on, what=what):
                self.service, self.word = on, what
                advice = "" if on else "check antenna and view of the sky"
                return (Health(f"network {line}", "" if on else what, advice), *self._usable())
            case phone.StorageChanged():
                return self._storage(fact)
            case phone.SignalChanged(bars=bars, dbm=dbm):
                return (Told(field_fact.SignalChanged(line=line, bars=bars, dbm=dbm)),)
            case phone.Unsupported(command=command, error=error, needed=True):
                what = f"the phone refuses {command}: {error}"
                return (Health(f"texts {line}", what[:200], "short messages cannot work with this phone"),)
            case phone.PinTried():
                return (Remember(PIN_TRIED),)
            case phone.Lied(what=what):
                return (Told(field_fact.DeviceLied(line=line, what=what[:200])),)
            case phone.OrderRefused(order=order, why=why):
                return (Told(field_fact.OrderRefused(line=line, order=order, why=why[:200])),)
        return self._calls(fact) or self._texts(fact)

    def _calls(self, fact: object) -> Consequences:
        line = self.line
        number = getattr(fact, "number", "")[:NUMBER_SHOWN]
        match fact:
            case phone.CallDialling(call=call):
                self.call, self.number = call, number
                told = Told(field_fact.CallPlaced(line=line, call=call, number=number))
                return (ToLine(CallChanged("pending", number)), told)
            case phone.CallArrived(second=True):
                return ()
            case phone.CallArrived(call=call):
                self.call, self.number = call, number
                told = Told(field_fact.CallArrived(line=line, call=call, number=number))
                return (told, *self._put_through(number))
            case phone.CallerKnown(call=call) if call != self.call:
                return ()
            case phone.CallerKnown(call=call):
                self.number = number
                told = Told(field_fact.CallArrived(line=line, call=call, number=number))
                return (told, *self._put_through(number))
            case phone.CallAnswered(call=call):
                told = Told(field_fact.CallAnswered(line=line, call=call))
                return (ToLine(CallChanged("up", self.number)), told)
            case phone.CallEnded(call=call, incoming=incoming, why=why, seconds=seconds):
                fields = {"line": line, "call": call, "number": number, "incoming": incoming}
                ended = field_fact.CallEnded.model_validate(fields | {"why": why[:200], "seconds": seconds})
                if call != self.call:
                    return (Told(ended),)
                self.call = 0
                return (ToLine(CallChanged("none")), Told(ended))
        return ()

    def started_over(self, at_ns: int) -> Consequences:
        """The driver has forgotten everything: so does the line."""
        self.up, self.word, self.call, self.full = False, "starting", 0, False
        return (ToLine(CallChanged("none")), *self._usable())

    def _put_through(self, number: str) -> Consequences:
        everybody = self.answer == "everybody"
        if everybody or (self.answer == "known" and number and number in self.known):
            return (ToLine(CallChanged("pending", number)), ToDriver(phone.Answer()))
        return ()

    def _texts(self, fact: object) -> Consequences:
        line = self.line
        match fact:
            case phone.TextArrived(key=key, sender=sender, text=text, missing=missing):
                whole = text if not missing else f"{text} [{len(missing)} parts missing]"
                fields = {
                    "line": line,
                    "key": key,
                    "sender": sender[:200],
                    "text": whole[:2000],
                    "how": "sms",
                }
                return (Keep(key, field_fact.TextArrived.model_validate(fields)),)
            case phone.TextUnreadable(key=key, pdu=pdu, why=why):
                fields = {"line": line, "key": key, "sender": "", "text": f"unreadable ({why}): {pdu}"[:2000]}
                return (Keep(key, field_fact.TextArrived.model_validate(fields)),)
            case phone.TextSent(id=id_):
                return (Told(field_fact.TextSent(line=line, id=id_)),)
            case phone.TextFailed(id=id_, why=why, sure=sure):
                return (Told(field_fact.TextFailed(line=line, id=id_, why=why[:200], sure=sure)),)
            case phone.TextDelivered(id=id_):
                return (Told(field_fact.TextDelivered(line=line, id=id_)),)
            case phone.TextUndelivered(id=id_, why=why):
                return (Told(field_fact.TextFailed(line=line, id=id_, why=f"not delivered: {why}"[:200])),)
        return ()

    def _storage(self, storage: phone.StorageChanged) -> Consequences:
        """Told when it becomes full and when it is not any more."""
        if storage.full == self.full:
            return ()
        self.full = storage.full
        what = f"all {storage.total} places for texts are taken: none can come in" if self.full else ""
        return (Health(f"storage {self.line}", what, "delete texts in the phone" if what else ""),)

    def _usable(self) -> Consequences:
        ready = self.up and self.service
        return (ToLine(DeviceChanged(ready, "" if ready else self.word)),)

    def order_for(self, order: object) -> object | None:
        """The driver's order for one of the line or of the centre; None when a phone cannot do it."""
        match order:
            case orders.DialNumber(number=number):
                return phone.Dial(number)
            case orders.AnswerCall():
                return phone.Answer()
            case orders.HangUpCall() | EndCall():
                return phone.HangUp()
            case orders.SendTones(digits=digits):
                return phone.SendTones(digits)
            case orders.SendText(id=id_, to=to, text=text):
                return phone.SendText(id_, to, text)
        return None
