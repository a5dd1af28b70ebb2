"""Calls, talkers and the transmitter: what each unsolicited line means. Pure; part of `hw.tetra.machine`.

The transmitter is believed to be ours only while the call of the live demand holds a TxGrant 0; anything that
may end it (ceased, interrupted, another talker, released, refused) ends the belief. A grant nobody asked for is
let go again at once.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hw.terminal import MakeSafe, Told
from hw.tetra.lines import (
    OTHER_TALKS,
    QUEUED,
    Ceased,
    Cleared,
    Connected,
    Grant,
    Held,
    IncomingCall,
    OutgoingProgress,
    cause_word,
    ssi,
)
from hw.tetra.messages import (
    CallArrived,
    CallConnected,
    CallEnded,
    DeviceLied,
    Lie,
    TalkerEnded,
    TalkerStarted,
    TransmitEnded,
    TransmitGranted,
    TransmitQueued,
    TransmitRefused,
)

if TYPE_CHECKING:
    from hw.tetra.machine import TetraLine

Effects = tuple[object, ...]
Step = tuple["TetraLine", Effects]
CALLS_LIMIT = 16
STUCK_LIMIT = 15
LATE = 6.0
"""Seconds after a demand's end in which a grant for it may still come and is no lie."""


@dataclass(frozen=True)
class Call:
    """One CC instance. `granted`: TxGrant 0 stands; `owing`: a cease is owed and not yet confirmed."""

    instance: int
    group: bool = False
    peer: str | None = None
    connected: bool = False
    hearing: bool = False
    talker: str | None = None
    granted: bool = False
    may_ask: bool | None = None
    owing: bool = False
    stuck: int = 0
    """So often a cease was refused; it is asked again until the call or the transmission is over."""


@dataclass(frozen=True)
class Demand:
    """A wish to transmit. `instance` is None until its call is known."""

    number: int
    asked_at: float
    until: float
    priority: int
    instance: int | None = None
    queued: bool = False
    granted_at: float | None = None


@dataclass(frozen=True)
class SetUp:
    """A call being set up whose CC instance is not known yet; `demand` 0 = a dialled call."""

    number: str
    demand: int
    since: float


def put(line: "TetraLine", call: Call) -> "TetraLine":
    """The line with this call, instead of the one with its instance; the oldest go when there are too many."""
    rest = tuple(each for each in line.calls if each.instance != call.instance)
    return replace(line, calls=(*rest, call)[-CALLS_LIMIT:])


def on_urc(line: "TetraLine", urc: object, now: float) -> Step:
    """A line about calls."""
    match urc:
        case IncomingCall():
            return _incoming(line, urc, now)
        case OutgoingProgress(instance=instance):
            return _ours(line, instance, now)
        case Connected(instance=instance):
            return _connected(line, urc, now)
        case Grant(grant=0):
            return _granted(line, urc, now)
        case Grant():
            return _not_ours(line, urc, now)
        case Ceased(instance=instance, may_ask=may_ask):
            call = line.call(instance)
            if call is None:
                return line, ()
            line, effects = _hear(line, call, False, None)
            line = put(line, replace(line.sure(instance), granted=False, owing=False, may_ask=may_ask))
            return _lost(line, instance, "ceased by the network", effects, now)
        case Held(instance=instance, name=name):
            call = line.call(instance)
            if call is None or name == "CTXN":
                return line, ()
            return _lost(put(line, replace(call, granted=False)), instance, "interrupted", (), now)
        case Cleared(instance=instance, cause=cause):
            return _cleared(line, instance, cause_word(cause), now)
    return line, ()


def _incoming(line: "TetraLine", urc: IncomingCall, now: float) -> Step:
    old, effects = line.call(urc.instance), ()  # type: Call | None, Effects
    if old is not None:
        before, after = ssi(old.peer), ssi(urc.calling)
        if before is None or after is None or before == after or old.group:
            return line, ()
        line, effects = lie(line, "two callers at once", urc.instance, now)
        line, more = _cleared(line, urc.instance, "another call took its place", now)
        effects = (*effects, *more)
    line = put(line, Call(urc.instance, urc.group, urc.calling))
    emergency = (urc.priority or 0) >= line.profile.emergency_call_priority
    fact = CallArrived(urc.instance, urc.calling, urc.called, urc.group, urc.priority, emergency)
    return line, (*effects, Told(fact))


def _ours(line: "TetraLine", instance: int, now: float) -> Step:
    """A call we set up has its instance; what was wished meanwhile is done."""
    set_up = line.set_up
    if line.call(instance) is not None:
        return line, ()
    unsent = line.dialogue.holds("set-up") or line.dialogue.holds("dial")
    if set_up is None or unsent:  # dialled by hand at the terminal
        return put(line, Call(instance)), ()
    line = replace(line, set_up=None)
    line = put(line, Call(instance, set_up.demand > 0, set_up.number))
    demand = line.demand
    if demand is not None and set_up.demand == demand.number:
        return replace(line, demand=replace(demand, instance=instance)), ()
    return (line.cease(instance, now), ()) if set_up.demand else (line, ())


def _connected(line: "TetraLine", urc: Connected, now: float) -> Step:
    line, effects = _ours(line, urc.instance, now)
    call = line.sure(urc.instance)
    if call.connected:
        return line, effects
    group = call.group if urc.group is None else urc.group
    line = put(line, replace(call, connected=True, group=group))
    return line, (*effects, Told(CallConnected(urc.instance)))


def _granted(line: "TetraLine", urc: Grant, now: float) -> Step:
    effects: Effects = ()
    if line.call(urc.instance) is None:
        line, effects = _ours(line, urc.instance, now)
    line, more = _hear(line, line.sure(urc.instance), False, None)
    effects = (*effects, *more)
    demand = line.demand
    unasked = demand is not None and line.dialogue.holds("demand", str(demand.number))
    if demand is None or demand.instance != urc.instance or line.sure(urc.instance).owing or unasked:
        if demand is not None and demand.granted_at is not None:
            line, more = lie(line, "two grants at once", urc.instance, now)
        elif line.sure(urc.instance).owing or now - line.ended_at <= LATE:
            more = ()
        else:
            line, more = lie(line, "grant without request", urc.instance, now)
        return line.cease(urc.instance, now), (*effects, *more)
    line = put(line, replace(line.sure(urc.instance), granted=True, may_ask=urc.may_ask))
    if demand.granted_at is not None:
        return line, effects
    line = replace(line, demand=replace(demand, granted_at=now))
    return line, (*effects, Told(TransmitGranted(urc.instance, now - demand.asked_at)))


def _not_ours(line: "TetraLine", urc: Grant, now: float) -> Step:
    """Refused, queued, or somebody else's."""
    effects: Effects = ()
    if line.call(urc.instance) is None:  # late entry into a running call, or the first word of our set-up
        if line.set_up is not None and urc.grant != OTHER_TALKS:
            line, effects = _ours(line, urc.instance, now)
        else:
            line = put(line, Call(urc.instance, group=True))
    call = line.sure(urc.instance)
    was_ours = call.granted
    line = put(line, replace(call, granted=False, may_ask=urc.may_ask))
    demand = line.demand
    mine = demand is not None and demand.instance == urc.instance
    if urc.grant == OTHER_TALKS:
        line, more = _hear(line, line.sure(urc.instance), True, urc.talker)
        effects = (*effects, *more)
        return _lost(line, urc.instance, "another talker", effects, now) if was_ours else (line, effects)
    if urc.grant == QUEUED and demand is not None and mine and not was_ours:
        line = replace(line, demand=replace(demand, queued=True))
        return line, (*effects, Told(TransmitQueued(urc.instance)))
    if mine:
        line, more = end_demand(line, "not granted", now)
        effects = (*effects, *more)
    return line, effects


def _hear(line: "TetraLine", call: Call, on: bool, talker: str | None) -> Step:
    if call.hearing == on and (not on or call.talker == talker):
        return line, ()
    line = put(line, replace(call, hearing=on, talker=talker))
    return line, (Told(TalkerStarted(call.instance, talker) if on else TalkerEnded(call.instance)),)


def _lost(line: "TetraLine", instance: int, why: str, effects: Effects, now: float) -> Step:
    """The grant on this call is gone; a demand that had it ends."""
    demand = line.demand
    if demand is None or demand.instance != instance or demand.granted_at is None:
        return line, effects
    line, more = end_demand(line, why, now)
    return line, (*effects, *more)


def _cleared(line: "TetraLine", instance: int, why: str, now: float) -> Step:
    call = line.call(instance)
    set_up, demand = line.set_up, line.demand
    if call is None:
        if set_up is None:
            return line, ()
        line = replace(line, set_up=None)  # it ended before it had begun
        if demand is not None and demand.number == set_up.demand:
            return end_demand(line, why, now)
        return line, (Told(CallEnded(instance, why)),)
    line, effects = _hear(line, call, False, None)
    line = replace(line, calls=tuple(each for each in line.calls if each.instance != instance))
    line = replace(line, dialogue=line.dialogue.without("cease", instance=instance))
    if demand is not None and demand.instance == instance:
        line, more = end_demand(line, f"call over: {why}", now)
        effects = (*effects, *more)
    return line, (*effects, Told(CallEnded(instance, why)))


def cease_refused(line: "TetraLine", call: Call, now: float) -> Step:
    """The terminal will not let go: hang up, ask again; in the end there is no such call."""
    line = put(line, replace(call, stuck=call.stuck + 1))
    if call.stuck >= STUCK_LIMIT:
        return _cleared(line, call.instance, "the terminal does not know it", now)
    if call.stuck:
        return line, ()
    line, effects = lie(line, "cease refused", call.instance, now)
    return line.ask("call", line.profile.hang_up.format(instance=call.instance), now), effects


def lie(line: "TetraLine", what: Lie, instance: int, now: float) -> Step:
    """The device said what cannot be: nothing transmits, and it is told."""
    effects: Effects = ()
    if line.demand is not None:
        line, effects = end_demand(line, what, now)
    return line, (*effects, MakeSafe(what), Told(DeviceLied(what, instance)))


def end_demand(line: "TetraLine", why: str, now: float) -> Step:
    """The demand is over: a cease follows when anything of it may have reached the network."""
    demand = line.demand
    if demand is None:
        return line, ()
    key = str(demand.number)
    unsent = line.dialogue.holds("demand", key) or line.dialogue.holds("set-up", key)
    line = replace(line, demand=None, ended_at=now, dialogue=line.dialogue.without("demand", key))
    if line.set_up is not None and line.set_up.demand == demand.number and unsent:
        line = replace(line, set_up=None, dialogue=line.dialogue.without("set-up", key))
    call = line.call(demand.instance)
    if call is not None:
        line = put(line, replace(call, granted=False))
        if call.granted or not unsent:
            line = line.cease(call.instance, now)
    if demand.granted_at is None:
        return line, (Told(TransmitRefused(why)),)
    safe = () if why == "released" else (MakeSafe(why),)
    return line, (*safe, Told(TransmitEnded(why, now - demand.granted_at)))
