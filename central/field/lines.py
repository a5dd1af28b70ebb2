"""What one line in the field told of itself: terminal, rig, call, talkers. A pure fold of its facts.

What a terminal says of its present (signal, group, frequency, call) is true of one start of its gateway; what has
happened (last talker, last call, positions, emergencies) stays.
"""

from typing import Literal

from pydantic import Field

from central.field.kept import Kept, with_newest
from link.contract import facts
from link.contract import field_facts as field
from link.contract.wire import Wire

EMERGENCIES_MOST = 20
POSITIONS_MOST = 100
"""Talkers of one line whose last position is kept."""


class Call(Kept):
    """The call of a line; `call` counts the calls since the gateway's start."""

    call: int
    number: str
    incoming: bool
    state: Literal["ringing", "dialling", "talking"]
    since_wall: float


class EndedCall(Kept):
    """The last call that ended."""

    number: str
    incoming: bool
    why: str
    seconds: float
    ended_wall: float


class Position(Kept):
    """Where a talker said he is: degrees north and east."""

    talker: str
    latitude: float
    longitude: float
    error_m: int | None
    at_wall: float


class Emergency(Kept):
    """Somebody pressed his emergency key."""

    talker: str
    at_wall: float


class Refusal(Kept):
    """An order that the line could not obey, or what its device said that cannot be."""

    what: str
    why: str
    at_wall: float


class Present(Kept):
    """What the terminal says of itself now; None and empty when it has not said."""

    dbm: int | None = None
    bars: int | None = None
    talk_group: str = ""
    frequency_hz: int | None = None
    mode: str = ""
    passband_hz: int | None = None
    call: Call | None = None


class LineField(Kept):
    """One line; `boot` is the start of the gateway of which `present` is true."""

    boot: str = ""
    told_wall: float = 0.0
    present: Present = Present()
    last_talker: str = ""
    last_talker_wall: float | None = None
    last_call: EndedCall | None = None
    digits: str = ""
    digits_wall: float | None = None
    refused: Refusal | None = None
    positions: dict[str, Position] = Field(default_factory=dict)
    emergencies: tuple[Emergency, ...] = ()

    def heard(self, fact: Wire, boot: str, wall: float) -> "LineField":
        """The line after a fact that was true at `wall`."""
        present = self.present if boot == self.boot else Present()
        changes: dict[str, object] = {
            "boot": boot,
            "told_wall": wall,
            "present": _present(present, fact, wall),
        }
        match fact:
            case facts.LineOpened(talker=str(talker)) if talker:
                changes |= {"last_talker": talker, "last_talker_wall": wall}
            case field.CallEnded():
                ended = fact.model_dump(include={"number", "incoming", "why", "seconds"})
                changes["last_call"] = EndedCall(**ended, ended_wall=wall)
            case field.DigitsHeard(digits=digits):
                changes |= {"digits": digits, "digits_wall": wall}
            case field.OrderRefused(order=order, why=why):
                changes["refused"] = Refusal(what=order, why=why, at_wall=wall)
            case field.DeviceLied(what=what):
                changes["refused"] = Refusal(what="device", why=what, at_wall=wall)
            case field.PositionTold(talker=talker):
                seen = fact.model_dump(include={"talker", "latitude", "longitude", "error_m"})
                place = Position(**seen, at_wall=wall)
                changes["positions"] = with_newest(self.positions, talker, place, POSITIONS_MOST)
            case field.EmergencyCalled(talker=talker):
                called = (*self.emergencies, Emergency(talker=talker, at_wall=wall))
                changes["emergencies"] = called[-EMERGENCIES_MOST:]
        return self.model_copy(update=changes)


def _present(now: Present, fact: Wire, wall: float) -> Present:
    match fact:
        case field.SignalChanged(dbm=dbm, bars=bars):
            return now.model_copy(update={"dbm": dbm, "bars": bars})
        case field.TalkGroupSelected(group=group):
            return now.model_copy(update={"talk_group": group})
        case field.RigTuned():
            return now.model_copy(update=fact.model_dump(include={"frequency_hz", "mode", "passband_hz"}))
        case field.CallPlaced() | field.CallArrived() | field.CallAnswered() | field.CallEnded():
            return now.model_copy(update={"call": _call(now.call, fact, wall)})
    return now


def _call(now: Call | None, fact: Wire, wall: float) -> Call | None:
    match fact:
        case field.CallPlaced(call=call, number=number):
            return Call(call=call, number=number, incoming=False, state="dialling", since_wall=wall)
        case field.CallArrived(call=call, number=number):
            if now is not None and now.call == call:  # the number is often told a little later
                return now.model_copy(update={"number": number or now.number})
            return Call(call=call, number=number, incoming=True, state="ringing", since_wall=wall)
        case field.CallAnswered(call=call) if now is not None and now.call == call:
            return now.model_copy(update={"state": "talking", "since_wall": wall})
        case field.CallEnded(call=call) if now is not None and now.call <= call:
            return None
    return now
