"""The call, the demand and what each message of the radio means for them. Pure; part of `hw.map27.machine`.

There is at most one call. A call that nobody wants any more is hung up, also when it connects late; another
caller without a clearing before is a lie, and so is a transmitter that was not ordered on.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hw.map27 import causes, network
from hw.map27.messages import (
    EMERGENCY,
    HIGH,
    ONLY,
    CallArrived,
    CallConnected,
    CallEnded,
    ClearDownWarned,
    DeviceLied,
    FieldRead,
    Lie,
    RegistrationChanged,
    TransmitEnded,
    TransmitQueued,
    TransmitRefused,
)
from hw.map27.messaging import acknowledged, received

if TYPE_CHECKING:
    from hw.map27.machine import Map27Line

WATCH_FIRST = 2.0
CLEAR_WAIT = 1.0
"""Seconds in which the radio says that it has cleared a call."""
OFF_LIMIT = 3.0
"""Seconds in which the radio must have stopped when it was told to."""
LATE = 3.0
"""Seconds after a demand in which the radio may still say that it transmits."""


@dataclass(frozen=True)
class Call:
    """The one call. `off_hook`: we took it up; `spoken`: we talked on it."""

    peer: network.Address
    since: float
    incoming: bool = False
    group: bool = False
    connected_at: float | None = None
    off_hook: bool = False
    spoken: bool = False
    warned: bool = False
    idle_at: float | None = None
    """When our last over on it ended."""

    @property
    def connected(self) -> bool:
        """The call stands."""
        return self.connected_at is not None

    @property
    def talker(self) -> str | None:
        """Who may be talking; on a group call only the caller's first words are surely his."""
        sure = self.incoming and not (self.group and self.spoken)
        return self.peer.word if sure else None


@dataclass(frozen=True)
class Demand:
    """A wish to transmit. `keyed_at`: the radio was told to; `granted_at`: it does."""

    asked_at: float
    until: float
    priority: int
    queued: bool = False
    keyed_at: float | None = None
    granted_at: float | None = None


# -- from here to the radio ----------------------------------------------------------------------------------


def set_up(line: "Map27Line", where: network.Address, priority: int, now: float) -> "Map27Line":
    """Ask for a call; its progress comes as messages."""
    details = 0 if priority >= HIGH else network.NON_PRIORITY
    line = replace(line, call=Call(where, now))
    return line.say(network.set_up(where, details, priority >= EMERGENCY), now)


def pursue(line: "Map27Line", now: float) -> "Map27Line":
    """What the demand needs next: a call, the call taken up, or, once it stands and the order before to stop has
    been carried out, the transmitter."""
    demand, call = line.demand, line.call
    if demand is None or demand.keyed_at is not None or not line.ready:
        return line
    if call is None:
        where = network.address(line.group, line.profile.prefix)
        free = line.clearing_at is None and where is not None
        return set_up(line, where, demand.priority, now) if free and where is not None else line
    if not call.connected:
        return off_hook(line, now) if call.incoming else line
    if line.off_at is not None:
        return line
    call = replace(call, off_hook=True, spoken=True)
    line = replace(line, demand=replace(demand, keyed_at=now), call=call, watch_at=now + WATCH_FIRST)
    return line.control(True, now)


def off_hook(line: "Map27Line", now: float) -> "Map27Line":
    """Take up the call that came in."""
    call = line.call
    if call is None or call.off_hook:
        return line
    return replace(line, call=replace(call, off_hook=True)).control(False, now)


def end_demand(line: "Map27Line", why: str, now: float) -> "Map27Line":
    """The demand is over: the radio is told to stop, or that the call is not wanted any more."""
    demand, call = line.demand, line.call
    if demand is None:
        return line
    line = replace(line, demand=None, ended_at=now)
    if demand.granted_at is None:
        line = line.tell(TransmitRefused(why))
    else:
        line = line if why == "released" else line.make_safe(why)
        line = line.tell(TransmitEnded(why, now - demand.granted_at))
    if demand.keyed_at is not None:
        line = line if call is None else replace(line, call=replace(call, idle_at=now))
        return line.cease(now)
    if call is not None and not call.incoming and not call.connected:
        return replace(line.hang_up(network.NO_LONGER_WANTED, now, normal=False), call=None)
    return line


def hang_end(line: "Map27Line") -> float | None:
    """When our own call has hung long enough, where the profile says how long."""
    call, hang = line.call, line.profile.own_call_hang
    if call is None or call.incoming or call.idle_at is None or line.demand is not None or not hang:
        return None
    return call.idle_at + hang


def call_over(line: "Map27Line", why: str, now: float) -> "Map27Line":
    """There is no call any more; a demand on it ends, and the hook is put down."""
    call = line.call
    if call is None:
        return line
    line = replace(line, call=None)
    stays_up = line.demand is None or line.demand.keyed_at is None
    line = end_demand(line, f"call over: {why}", now)
    if call.off_hook and stays_up:
        line = line.control(False, now)
    return line.tell(CallEnded(ONLY, why))


def lie(line: "Map27Line", what: Lie, now: float) -> "Map27Line":
    """The radio said what cannot be: nothing transmits, and it is told."""
    return end_demand(line, what, now).make_safe(what).tell(DeviceLied(what, ONLY))


# -- from the radio ------------------------------------------------------------------------------------------


def on_message(line: "Map27Line", message: network.Message, now: float) -> "Map27Line":
    """What one network message means."""
    match message:
        case network.Condition():
            return _condition(line, message, now)
        case network.CallSetup():
            return _incoming(line, message, now)
        case network.SetupProgress():
            return _progress(line, message, now)
        case network.ReceiveProgress():
            return _goes_on(line, message, now)
        case network.Ended(normal=normal, cause=cause):
            table = causes.CLEARED_NORMAL if normal else causes.CLEARED_OTHERWISE
            if line.clearing_at is not None:
                return replace(line, clearing_at=None)
            return call_over(line, causes.word(table, cause), now)
        case network.MessageAck():
            return acknowledged(line, message)
        case network.StatusMessage() | network.ShortData():
            return received(line, message)
    return line


def _condition(line: "Map27Line", new: network.Condition, now: float) -> "Map27Line":
    old, demand = line.condition, line.demand
    line = replace(line, condition=new)
    if old is None or old.contact != new.contact:
        line = line.tell(RegistrationChanged(new.contact, "in contact" if new.contact else "out of contact"))
    if new.field and (old is None or old.field != new.field):
        line = line.tell(FieldRead(new.field))
    if not line.believes:
        return line
    keyed = demand is not None and demand.keyed_at is not None
    if new.transmitting and not keyed:
        if line.off_at is None and now - line.ended_at > LATE:
            line = lie(line, "grant without request", now)
        return line if line.off_at is not None else line.cease(now)
    if demand is not None and demand.granted_at is not None and not new.transmitting:
        return end_demand(line, "the radio stopped transmitting", now)
    return line


def _incoming(line: "Map27Line", message: network.CallSetup, now: float) -> "Map27Line":
    call, details = line.call, message.details
    if details & network.DATA_CALL:  # no modem here
        where = message.address if line.profile.address_on_disconnect else None
        return line.say(network.disconnect(False, network.NO_LONGER_WANTED, where), now)
    if call is not None and call.incoming and call.peer == message.address:
        return line
    if call is not None and call.incoming:
        line = lie(line, "two callers at once", now)
        line = call_over(line, "another call took its place", now)
    elif call is not None:
        line = call_over(line, "another call came in", now)
    group = bool(details & network.GROUP)
    line = replace(line, call=Call(message.address, now, incoming=True, group=group))
    called = line.group if group and line.group else None
    line = line.tell(CallArrived(ONLY, message.address.word, called, group, None, message.emergency))
    return line if details & network.HOOK_NEEDED else _connected(line, now)


def _connected(line: "Map27Line", now: float) -> "Map27Line":
    if line.call is None or line.call.connected:
        return line
    return replace(line, call=replace(line.call, connected_at=now)).tell(CallConnected(ONLY))


def _progress(line: "Map27Line", message: network.SetupProgress, now: float) -> "Map27Line":
    call = line.call
    ours = call is not None and not call.incoming and not call.connected
    if not ours:
        unwanted = message.outcome != "negative" and call is None and line.clearing_at is None
        return line.hang_up(network.DISCONNECTED, now) if unwanted else line
    if message.outcome == "positive":
        return _connected(line, now)
    if message.outcome == "queuing":
        return _queued(line, causes.word(causes.PROGRESS_QUEUING, message.cause))
    why = causes.word(causes.PROGRESS_NEGATIVE, message.cause)
    if line.demand is None:
        return call_over(line, why, now)
    return end_demand(replace(line, call=None), why, now)


def _queued(line: "Map27Line", why: str) -> "Map27Line":
    demand = line.demand
    if demand is None or demand.keyed_at is not None:
        return line
    return replace(line, demand=replace(demand, queued=True)).tell(TransmitQueued(ONLY, why))


def _goes_on(line: "Map27Line", message: network.ReceiveProgress, now: float) -> "Map27Line":
    if message.outcome == "positive":
        return _connected(line, now)
    if message.outcome == "negative":
        return call_over(line, "not connected", now)
    match message.cause:
        case network.TRANSMISSION_DISABLED:
            return end_demand(line, causes.word(causes.WARNING, message.cause), now)
        case network.SYSTEM_BUSY:
            return _queued(line, causes.word(causes.WARNING, message.cause))
        case network.CLEAR_DOWN if line.call is not None:
            return replace(line, call=replace(line.call, warned=True)).tell(ClearDownWarned(ONLY, None))
    return line
