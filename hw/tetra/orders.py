"""What the owner of a TETRA line may order, turned into commands. Pure; part of `hw.tetra.machine`.

A number that is not one is refused before it can become part of a command.
"""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hw.terminal import Told
from hw.tetra.calls import Demand, SetUp, end_demand
from hw.tetra.dialogue import Kind
from hw.tetra.messages import (
    EMERGENCY,
    PRE_EMPTIVE,
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
from hw.tetra.messaging import send

if TYPE_CHECKING:
    from hw.tetra.machine import TetraLine

Effects = tuple[object, ...]
Step = tuple["TetraLine", Effects]
_NUMBER = re.compile(r"[0-9*#+]{1,24}")


def obey(line: "TetraLine", order: object, now: float) -> Step:
    """An order, or its refusal."""
    name = type(order).__name__
    match order:
        case Release():
            return end_demand(line, "released", now)
        case Key() if line.demand is not None:
            return _renew(line, line.demand, order, now), ()
        case SelectGroup(group=group) if _NUMBER.fullmatch(group):
            line = replace(line, group=group)
            return (line.select(now) if line.ready else line), ()
        case _ if not line.ready:
            return line, (Told(OrderRefused(name, "the terminal is not ready")),)
        case Key():
            return _key(line, order, now)
        case Dial(number=number, emergency=emergency) if _NUMBER.fullmatch(number):
            if line.set_up is not None:
                return line, (Told(OrderRefused(name, "a call is being set up")),)
            line = replace(line, set_up=SetUp(number, 0, now))
            level = line.profile.emergency_call_priority if emergency else 0
            return _dial(line, "dial", line.profile.call_set_up, number, level, "", now), ()
        case Answer(instance=instance) | HangUp(instance=instance) if line.call(instance) is not None:
            text = line.profile.answer if isinstance(order, Answer) else line.profile.hang_up
            effects: Effects = ()
            if isinstance(order, HangUp) and line.demand is not None and line.demand.instance == instance:
                line, effects = end_demand(line, "hung up", now)
            return line.ask("call", text.format(instance=instance), now, instance=instance), effects
        case SendText() | SendStatus():
            return send(line, order, now)
    return line, (Told(OrderRefused(name, "no such call or number")),)


def _renew(line: "TetraLine", demand: Demand, order: Key, now: float) -> "TetraLine":
    """A longer lease; a rising priority is asked for again."""
    rises = order.priority > demand.priority and demand.granted_at is None
    if not rises or demand.instance is None:
        return replace(line, demand=replace(demand, until=order.until))
    renewed = replace(demand, until=order.until, priority=min(order.priority, EMERGENCY))
    return _demand_on(replace(line, demand=renewed), renewed, demand.instance, now)


def _key(line: "TetraLine", order: Key, now: float) -> Step:
    call = next((each for each in reversed(line.calls) if each.group), None)
    why = None
    if order.until <= now:
        why = "its time is over"
    elif not line.registered:
        why = "not registered"
    elif call is None and line.set_up is not None and not line.set_up.demand:
        why = "a call is being set up"
    elif call is None and not line.group:
        why = "no group is selected"
    elif call is not None and call.may_ask is False and order.priority < PRE_EMPTIVE:
        why = "the network allows no demand now"
    if why is not None:
        return line, (Told(OrderRefused("Key", why)),)
    number = line.numbers + 1
    demand = Demand(number, now, order.until, min(max(order.priority, 0), EMERGENCY))
    line = replace(line, demand=demand, numbers=number)
    if call is not None:
        demand = replace(demand, instance=call.instance)
        return _demand_on(replace(line, demand=demand), demand, call.instance, now), ()
    if line.set_up is not None:  # that of the demand before: it will do
        return replace(line, set_up=replace(line.set_up, demand=number)), ()
    line = replace(line, set_up=SetUp(line.group, number, now))
    level = line.profile.emergency_call_priority if order.priority == EMERGENCY else 0
    return _dial(line, "set-up", line.profile.group_set_up, line.group, level, str(number), now), ()


def _demand_on(line: "TetraLine", demand: Demand, instance: int, now: float) -> "TetraLine":
    text = f"AT+CTXD={instance},{demand.priority}"
    return line.ask("demand", text, now, str(demand.number), instance)


def _dial(
    line: "TetraLine", kind: Kind, how: str, number: str, level: int, key: str, now: float
) -> "TetraLine":
    line = line.ask(kind, how.format(priority=level), now, key)
    return line.ask(kind, line.profile.dial.format(number=number), now, key)
