"""What the owner of a MAP27 line may order. Pure; part of `hw.map27.machine`.

An address that is not one is refused before it can become octets.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from hw.map27 import network
from hw.map27.calls import Demand, call_over, end_demand, off_hook, set_up
from hw.map27.messages import (
    EMERGENCY,
    LOW,
    ONLY,
    Answer,
    Dial,
    HangUp,
    Key,
    OrderRefused,
    Release,
    SelectGroup,
    SendStatus,
    SendText,
)
from hw.map27.messaging import post

if TYPE_CHECKING:
    from hw.map27.machine import Map27Line


def obey(line: "Map27Line", order: object, now: float) -> "Map27Line":
    """An order, or its refusal."""
    prefix, name = line.profile.prefix, type(order).__name__
    match order:
        case Release():
            return end_demand(line, "released", now)
        case Key() if line.demand is not None:
            priority = max(order.priority, line.demand.priority)
            return replace(line, demand=replace(line.demand, until=order.until, priority=priority))
        case SelectGroup(group=group) if network.address(group, prefix) is not None:
            return replace(line, group=group)
        case SendText() | SendStatus():
            return post(line, order)
        case _ if not line.ready:
            return line.tell(OrderRefused(name, "the radio is not ready"))
        case Key():
            return _key(line, order, now)
        case Dial(number=number, emergency=emergency) if where := network.address(number, prefix):
            if line.call is not None:
                return line.tell(OrderRefused(name, "there is a call already"))
            if line.clearing_at is not None:
                return line.tell(OrderRefused(name, "the call before is being cleared"))
            return set_up(line, where, EMERGENCY if emergency else LOW, now)
        case Answer(instance=instance) if instance == ONLY and line.call is not None and line.call.incoming:
            return off_hook(line, now)
        case HangUp(instance=instance) if instance == ONLY and line.call is not None:
            line = end_demand(line, "hung up", now)
            return call_over(line.hang_up(network.DISCONNECTED, now), "hung up", now)
    return line.tell(OrderRefused(name, "no such call or address"))


def _key(line: "Map27Line", order: Key, now: float) -> "Map27Line":
    where = network.address(line.group, line.profile.prefix)
    why = None
    if order.until <= now:
        why = "its time is over"
    elif not line.registered:
        why = "not registered"
    elif line.call is None and where is None:
        why = "no group is selected"
    if why is not None:
        return line.tell(OrderRefused("Key", why))
    priority = min(max(order.priority, LOW), EMERGENCY)
    return replace(line, demand=Demand(now, order.until, priority))
