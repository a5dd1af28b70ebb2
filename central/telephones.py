"""The telephone exchange at the centre: facts of the voice node into its machine, its wishes out to node and groups.

The switchboard hands it what concerns calls. It decides nothing.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from central.calls import messages as say
from central.calls.call import Call
from central.calls.machine import Exchange
from central.calls.plan import Extension, Permit, Plan, RouteOut, TrunkIn
from central.telephony_settings import TelephonySettings
from link.contract import call_talk as talk
from link.contract import neighbour as voice
from link.contract import orders
from link.contract.ids import LineRef
from link.contract.wire import Wire
from link.floor import messages as floor
from link.floor.machine import Group
from link.hosting.clock import Clock
from link.hosting.runner import Runner

LATELY = 50
"""Ended calls, and refusals, that are remembered."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class CallTapes(Protocol):
    """What is asked of the recordings."""

    def call(self, call: str, leg: str, number: str) -> None:
        """Record this leg as long as the call lasts."""

    def call_over(self, call: str) -> None:
        """Close what was recorded of a call."""


@dataclass(frozen=True)
class Seen:
    """A call as it was last, and how it ended."""

    call: Call
    ended_wall: float | None = None
    why: str = ""


class Telephones:
    """`post` takes what happens; `calls` are those that go on, `seen` also those that ended lately."""

    def __init__(
        self,
        plan: Plan,
        clock: Clock,
        groups: Mapping[str, Runner[Group]],
        tell_node: Callable[[Wire], None],
        journal: Callable[[str, str, dict[str, object]], None],
        changed: Callable[[str, str], None],
        tapes: Callable[[], CallTapes],
        command: Callable[[str, Wire], object],
    ) -> None:
        prefix = secrets.token_hex(3)
        self._clock, self._groups, self._command = clock, groups, command
        self._tell_node, self._journal, self._changed, self._tapes = tell_node, journal, changed, tapes
        self.runner: Runner[Exchange] = Runner(
            "telephones",
            Exchange(plan, prefix),
            self._perform,
            clock,
            recover=lambda: self.runner.machine.started_over(),
        )

        self._out = frozenset(route.line for route in plan.routes if route.line)
        self.seen: dict[str, Seen] = {}
        self.refusals: dict[str, str] = {}
        self.node = False
        self.regroup: Callable[[str, floor.Member, bool], None] = lambda group, guest, there: None
        """Who hosts the groups puts himself here: a telephone is a member from now on, or no longer."""

    @property
    def calls(self) -> Mapping[str, Call]:
        """Every call that goes on."""
        return self.runner.machine.calls

    def post(self, event: object) -> None:
        """Something for the machine."""
        if isinstance(event, say.Arrived | say.Connect | say.Transfer):
            members = [
                (m.line, g.machine.settings.group)
                for g in self._groups.values()
                for m in g.machine.settings.members
            ]
            self.runner.inbox.post(say.LinesIn({line: group for line, group in members if line in self._out}))
        self.runner.inbox.post(event)

    def from_node(self, fact: Wire) -> None:
        """A fact of the voice node about a call."""
        match fact:
            case talk.CallArrived(leg=leg, caller=caller, number=number, kind=kind, trunk=trunk):
                local = datetime.fromtimestamp(self._clock.wall()).astimezone()
                at = (local.weekday(), local.hour * 60 + local.minute)
                self.post(say.Arrived(leg, caller, number, kind, trunk, *at))
            case talk.CallRang(leg=leg, early=early):
                self.post(say.Rang(leg, early))
            case talk.CallAnswered(leg=leg):
                self.post(say.Answered(leg))
            case talk.CallGone(leg=leg, code=code, why=why):
                self.post(say.Gone(leg, code, why))
            case talk.CallHeldAway(leg=leg, held=held):
                self.post(say.Held(leg, held))
            case talk.KeyPressed(leg=leg, digit=digit):
                self.post(say.Key(leg, digit))

    def node_up(self, legs: tuple[str, ...]) -> None:
        """The node is there."""
        self.node = True
        self.post(say.NodeUp(legs))
        for call in self.calls.values():
            self._perform(call.join())

    def node_gone(self) -> None:
        """The node is gone, and every call with it."""
        self.node = False
        self.post(say.NodeGone())

    def tone(self, leg: str, tone: floor.Tone) -> None:
        """A word to a talker who sits at a telephone."""
        self._tell_node(talk.PlayToCall(leg=leg, sound=tone))

    def _perform(self, effect: object) -> None:
        match effect:
            case say.Place(leg=leg, number=number, caller=caller, trunk=trunk, srtp=srtp):
                self._tell_node(talk.PlaceCall(leg=leg, number=number, caller=caller, trunk=trunk, srtp=srtp))
            case say.Ring(leg=leg, early=early):
                self._tell_node(talk.RingCall(leg=leg, early=early))
            case say.Take(leg=leg):
                self._tell_node(talk.AnswerCall(leg=leg))
            case say.End(leg=leg, code=code):
                self._tell_node(talk.EndCall(leg=leg, code=code))
            case say.Play(leg=leg, sound=sound):
                self._tell_node(talk.PlayToCall(leg=leg, sound=sound))
            case say.Press(leg=leg, digit=digit):
                self._tell_node(talk.PressKeys(leg=leg, digits=digit))
            case say.Join(call=call, talkers=talkers, listeners=listeners):
                self._tell_node(
                    voice.SetBridge(bridge=f"{talk.CALL}{call}", talkers=talkers, listeners=listeners)
                )
            case say.GroupHeard():
                self._in_group(effect)
            case say.LineCall(line=line, number=number, on=on):
                ref = LineRef.parse(line)
                order = (
                    orders.DialNumber(line=ref.line, number=number)
                    if on
                    else orders.HangUpCall(line=ref.line)
                )
                self._command(ref.gateway, order)
            case say.Record(call=call, leg=leg, number=number):
                self._tapes().call(call, leg, number)
            case say.RecordEnd(call=call):
                self._tapes().call_over(call)
            case say.Told(kind=kind, call=call, payload=payload):
                self._journal(kind, call, payload)
                self._told(kind, call, str(payload.get("why", "")))
            case say.Changed(call=call):
                self._note(call)
                self._changed("call", call)

    def _told(self, kind: str, call: str, why: str) -> None:
        if kind == "call.refused":
            self.refusals[call] = why
            while len(self.refusals) > LATELY:
                del self.refusals[next(iter(self.refusals))]
        if kind == "call.ended" and call in self.seen:
            ended = round(self._clock.wall(), 3)
            self.seen[call] = replace(self.seen[call], ended_wall=ended, why=why)

    def _note(self, id: str) -> None:
        call = self.calls.get(id)
        if call is not None:
            self.seen[id] = Seen(call)
        over = [name for name, each in self.seen.items() if each.ended_wall is not None]
        for name in over[:-LATELY]:
            del self.seen[name]

    def _in_group(self, effect: say.GroupHeard) -> None:
        """A telephone is a member of the group as long as it is there: it hears the floor, and may take it."""
        if effect.group not in self._groups:
            return
        name = self.runner.machine.plan.name_of(effect.number)
        self.regroup(effect.group, floor.Member(effect.leg, label=name), effect.there)
        if effect.there:
            heard = floor.LineHeard(effect.leg, effect.talking, True, True, name, effect.number)
            for runner in self._groups.values():  # its group's own floor, and that of a patch
                runner.inbox.post(heard)
        self._changed("group", effect.group)


def lines_of(lines: Iterable[str]) -> tuple[str, ...]:
    """Those that are lines of gateways; a telephone keys nothing and needs no lease."""
    return tuple(line for line in lines if not line.startswith(talk.CALL))


def plan_of(settings: TelephonySettings, groups: Mapping[str, str]) -> Plan:
    """The dial plan of the settings; `groups` leads from numbers to talk groups."""
    permits = {each.id: Permit(each.reach, each.at_once, each.per_hour) for each in settings.permit}
    for_all = permits.get(settings.permit_for_all, Permit())
    extensions = {
        each.number: Extension(
            each.number,
            each.label,
            permits.get(each.permit, for_all),
            each.srtp,
            each.do_not_disturb,
            each.forward_always,
            each.forward_busy,
            each.forward_no_answer,
        )
        for each in settings.extension
    }
    routes = tuple(
        RouteOut(each.prefix, each.trunk or "", each.line or "", each.strip, each.reach)
        for each in settings.route
    )
    trunks = {
        each.name: TrunkIn(
            each.name,
            each.rings,
            each.closed_rings,
            minutes(each.opens),
            minutes(each.closes),
            frozenset(DAYS.index(day) for day in each.days),
            each.direct,
        )
        for each in settings.trunk
    }
    return Plan(
        settings.internal,
        settings.pickup,
        frozenset(settings.emergency),
        extensions,
        dict(groups),
        routes,
        trunks,
        for_all,
        settings.ring_for,
        settings.longest,
        permits,
    )


def minutes(clock: str) -> int:
    """Minutes of the day of `HH:MM`."""
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)
