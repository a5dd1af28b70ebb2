"""The telephone exchange: every call of the centre, decided in one machine because calls concern each other.

A call that came is led by the dial plan to a telephone, a talk group or outside, within what its extension may. Ends
report what happens to them; who hears whom and what is played follows from that (`call.py`), and is told when it has
changed. A call ends when fewer than two parties are left. It must never let outside dial outside.
"""

from dataclasses import dataclass, field, replace

from central.calls import messages as say
from central.calls.call import Call, Party
from central.calls.codes import BUSY, BUSY_HERE, CANCELLED, FORBIDDEN, LOOP, NOT_FOUND, UNAVAILABLE
from central.calls.following import Effects, ended, follow
from central.calls.following import told as told_of
from central.calls.plan import HOUR, MOST_HOPS, Plan, Target, objection
from link.contract.call_talk import CALL


@dataclass(frozen=True)
class Exchange:
    """`prefix` makes the names of calls and legs of this process unlike those of any other."""

    plan: Plan
    prefix: str = "c"
    calls: dict[str, Call] = field(default_factory=dict)
    begun: dict[str, tuple[float, ...]] = field(default_factory=dict)
    serial: int = 0
    lines: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """One word for people."""
        return f"{len(self.calls)} calls"

    @property
    def deadline(self) -> float | None:
        """Next moment at which something must happen without being told."""
        ringing = [call.ring_until for call in self.calls.values() if call.ring_until is not None]
        longest = [call.began + self.plan.longest for call in self.calls.values()]
        return min([*ringing, *longest], default=None)

    def handle(self, event: object, now: float) -> tuple["Exchange", Effects]:
        """The exchange after `event`, and what must be done."""
        after, effects = self._take(event, now)
        after, overdue = after._tick(now)
        return after, (*effects, *overdue, *after._settled(self))

    def started_over(self) -> tuple["Exchange", Effects]:
        """After a crash: no call goes on."""
        return Exchange(self.plan, self.prefix, begun=self.begun, serial=self.serial), self._all_ended(
            "fault"
        )

    def _all_ended(self, why: str) -> Effects:
        return tuple(effect for call in self.calls.values() for effect in ended(call, why))

    def _take(self, event: object, now: float) -> tuple["Exchange", Effects]:
        match event:
            case say.Arrived():
                return self._arrived(event, now)
            case say.NodeUp(legs=legs):
                known = {party.leg for call in self.calls.values() for party in call.parties}
                strange = (leg for leg in legs if leg.startswith(CALL) and leg not in known)
                return self, tuple(say.End(leg) for leg in strange)
            case say.NodeGone():
                return replace(self, calls={}), self._all_ended("the voice node is gone")
            case say.PhonesKnown(phones=phones):
                return replace(
                    self, plan=replace(self.plan, phones={each.number: each for each in phones})
                ), ()
            case say.LinesIn(groups=groups):
                return replace(self, lines=groups), ()
            case say.Connect():
                return self._connect(event, now)
            case say.HangUp(call=id, by=by) if id in self.calls:
                return self._over(self.calls[id], f"ended by {by}")
            case say.Transfer(call=id) if id in self.calls:
                return self._transfer(self.calls[id], event, now)
            case say.Merge(call=id, other=other) if id in self.calls and other in self.calls and id != other:
                return self._merge(self.calls[id], self.calls[other], event)
        leg = getattr(event, "leg", None)
        call = next((call for call in self.calls.values() if call.party(leg or "")), None)
        return (self, ()) if call is None else self._of_leg(call, event, now)

    def _of_leg(self, call: Call, event: object, now: float) -> tuple["Exchange", Effects]:
        party = call.party(str(getattr(event, "leg", "")))
        assert party is not None
        match event:
            case say.Rang(early=early):
                waiting = [p for p in call.parties if p.came and not p.up]
                rings = tuple(say.Ring(each.leg, early) for each in waiting)
                return self._keep(call.with_party(replace(party, early=early))), rings
            case say.Answered():
                return self._answered(call, party, now)
            case say.Gone(code=code, why=why):
                return self._gone(call, party, code, why, now)
            case say.Held(held=held):
                kept = call.with_party(replace(party, held=held))
                return self._keep(replace(kept, talking=kept.talking and not held)), ()
            case say.Key(digit="*") if call.group:
                return self._keep(replace(call, talking=not call.talking)), ()
            case say.Key(digit=digit) if not call.group:
                others = (each.leg for each in call.up if each.leg != party.leg)
                return self, tuple(say.Press(leg, digit) for leg in others)
        return self, ()

    # --- beginning

    def _arrived(self, event: say.Arrived, now: float) -> tuple["Exchange", Effects]:
        exchange = replace(self, serial=self.serial + 1)
        call = Call(f"{self.prefix}-{exchange.serial}", event.caller, event.number, event.caller, now)
        call = call.with_party(Party(event.leg, event.caller, came=True))
        if event.kind == "trunk":
            number, why = self.plan.from_outside(event.trunk, event.number, event.weekday, event.minute)
            target = self.plan.target(number)
            if not why and target.kind not in ("phone", "group"):
                why = f"a call from outside may not go out again, to {number}"
            call = replace(call, extension=f"trunk {event.trunk}")
            if why:
                return exchange._refused(call, UNAVAILABLE if "closed" in why else FORBIDDEN, why)
        else:
            target = self.plan.target(event.number)
            why = self._objection(event.caller, target, now)
            if why:
                return exchange._refused(call, FORBIDDEN, f"extension {event.caller}: {why}")
            exchange = exchange._counted(event.caller, target, now)
        if target.kind == "pickup":
            return exchange._pick_up(call, target.number, now)
        told = told_of(call, "call.began", caller=call.caller, number=call.dialled)
        after, effects = exchange._keep(call)._lead(call, target, now)
        return after, (told, *effects)

    def _objection(self, extension: str, target: Target, now: float) -> str:
        at_once = sum(1 for call in self.calls.values() if call.extension == extension)
        this_hour = sum(1 for at in self.begun.get(extension, ()) if at > now - HOUR)
        return objection(self.plan.extension(extension).permit, target, at_once, this_hour)

    def _counted(self, extension: str, target: Target, now: float) -> "Exchange":
        if target.emergency:
            return self
        times = tuple(at for at in self.begun.get(extension, ()) if at > now - HOUR)
        return replace(self, begun={**self.begun, extension: (*times, now)})

    def _connect(self, event: say.Connect, now: float) -> tuple["Exchange", Effects]:
        target = self.plan.target(event.number)
        call = Call(event.call, event.number, event.to, event.number, now, then=event.to)
        if target.kind != "phone":
            return self, (told_of(call, "call.refused", why=f"{event.number} is no telephone of ours"),)
        told = told_of(call, "call.began", caller=event.number, number=event.to, by=event.by)
        after, effects = self._keep(call)._dial(call, target, event.to, now)
        return after, (told, *effects)

    def _lead(self, call: Call, target: Target, now: float) -> tuple["Exchange", Effects]:
        """Bring the call to what its number means."""
        match target.kind:
            case "group":
                return self._join_group(replace(call, group=target.group), now)
            case "phone":
                return self._to_phone(call, target, now)
            case "out" if target.trunk:
                return self._dial(replace(call, emergency=target.emergency), target, call.caller, now)
            case "out" if target.line:
                return self._by_line(call, target, now)
        return self._refused(call, NOT_FOUND, f"{target.number} leads nowhere")

    def _by_line(self, call: Call, target: Target, now: float) -> tuple["Exchange", Effects]:
        """A gateway's line talks one way at a time, as a group does: who dials by it joins the group it is in."""
        group = self.lines.get(target.line)
        if group is None:
            return self._refused(
                call, NOT_FOUND, f"the line {target.line} is in no talk group; put it into one"
            )
        if any(each.line == target.line for each in self.calls.values()):
            return self._refused(call, BUSY_HERE, f"the line {target.line} has a call already")
        joined = replace(call, group=group, line=target.line, emergency=target.emergency)
        after, effects = self._join_group(joined, now)
        return after, (say.LineCall(target.line, target.number, on=True), *effects)

    def _join_group(self, call: Call, now: float) -> tuple["Exchange", Effects]:
        answered = call.answered or (now if call.up else None)
        takes = tuple(say.Take(each.leg) for each in call.parties if each.came and not each.up)
        return self._keep(replace(call, answered=answered)), takes

    def _to_phone(self, call: Call, target: Target, now: float) -> tuple["Exchange", Effects]:
        there = self.plan.extension(target.number)
        if there.always is not None:
            return self._forward(call, there.number, there.always, "always", LOOP, now)
        if there.do_not_disturb:
            return self._forward(call, there.number, there.busy, "do not disturb", BUSY_HERE, now)
        return self._dial(call, target, call.caller, now)

    def _forward(
        self, call: Call, who: str, to: str | None, why: str, code: int, now: float
    ) -> tuple["Exchange", Effects]:
        """To another number, at the cost of who forwards; with nowhere to go the caller is told `code`."""
        if to is None or call.hops >= MOST_HOPS:
            return self._failed(call, LOOP if to is not None else code, why)
        target = self.plan.target(to)
        if target.kind == "out" and (no := self._objection(who, target, now)):
            return self._failed(call, FORBIDDEN, f"{who} forwards to {to}: {no}")
        told = told_of(call, "call.forwarded", frm=who, to=to, why=why)
        after, effects = self._lead(replace(call, hops=call.hops + 1), target, now)
        return after, (told, *effects)

    def _dial(self, call: Call, target: Target, caller: str, now: float) -> tuple["Exchange", Effects]:
        exchange = replace(self, serial=self.serial + 1)
        leg = f"{CALL}{self.prefix}-{exchange.serial}"
        called = call.with_party(Party(leg, target.number))
        srtp = target.kind == "phone" and self.plan.extension(target.number).srtp
        place = say.Place(leg, target.number, caller, target.trunk, srtp)
        return exchange._keep(replace(called, ring_until=now + self.plan.ring_for)), (place,)

    # --- going on

    def _answered(self, call: Call, party: Party, now: float) -> tuple["Exchange", Effects]:
        call = call.with_party(replace(party, up=True, early=False))
        effects: list[object] = [] if call.group else [say.Record(call.id, party.leg, party.number)]
        if call.then:
            target, then = self.plan.target(call.then), replace(call, then="")
            if why := self._objection_of_connect(call, target, now):
                return self._failed(then, FORBIDDEN, why)
            after, more = self._keep(then)._lead(then, target, now)
            return after, (*effects, *more)
        if party.came and not call.group:
            return self._keep(call), tuple(effects)
        if call.answered is None:
            effects.append(told_of(call, "call.answered", number=party.number))
        call = replace(call, answered=call.answered or now, ring_until=None)
        late = () if party.came else tuple(each for each in call.rung)
        waiting = tuple(each for each in call.parties if each.came and not each.up)
        effects += [say.End(each.leg, CANCELLED) for each in late]
        effects += [say.Take(each.leg) for each in waiting]
        return self._keep(call.without(*(each.leg for each in late))), tuple(effects)

    def _objection_of_connect(self, call: Call, target: Target, now: float) -> str:
        return self._without(call)._objection(call.extension, target, now)

    def _gone(self, call: Call, party: Party, code: int, why: str, now: float) -> tuple["Exchange", Effects]:
        left = call.without(party.leg)
        if not party.up and not party.came:
            if left.rung:
                return self._keep(left), ()
            there = self.plan.extension(party.number)
            to = there.busy if code in BUSY else there.no_answer
            if call.answered is None or len(left.up) < 2:
                return self._keep(left)._forward(
                    replace(left, ring_until=None), party.number, to, why, code, now
                )
            return self._keep(replace(left, ring_until=None)), ()
        if len(left.up) + len(left.rung) >= 2 and call.answered is not None:
            return self._keep(left), ()
        return self._keep(left)._over(left, "hung up" if call.answered is not None else "given up")

    def _transfer(self, call: Call, event: say.Transfer, now: float) -> tuple["Exchange", Effects]:
        leaving = call.of_number(event.leaving)
        target = self.plan.target(event.to)
        if leaving is None or call.group or call.answered is None or target.kind not in ("phone", "out"):
            return self, (
                told_of(call, "call.refused", why=f"{event.leaving} cannot transfer it to {event.to}"),
            )
        if target.kind == "out" and (why := self._objection(event.leaving, target, now)):
            return self, (told_of(call, "call.refused", why=f"extension {event.leaving}: {why}"),)
        told = told_of(call, "call.transferred", frm=event.leaving, to=event.to, by=event.by)
        stays = call.without(leaving.leg)
        after, effects = self._keep(stays)._lead(stays, target, now)
        return after, (told, say.End(leaving.leg), *effects)

    def _merge(self, call: Call, other: Call, event: say.Merge) -> tuple["Exchange", Effects]:
        mine, his = call.of_number(event.common), other.of_number(event.common)
        standing = call.answered is not None and other.answered is not None
        if mine is None or his is None or not standing or call.group or other.group:
            return self, (told_of(call, "call.refused", why=f"{event.common} does not talk in both calls"),)
        gone = [his.leg] if event.stays else [mine.leg, his.leg]
        parties = tuple(replace(p, held=False) if p.leg == mine.leg else p for p in call.parties)
        both = replace(call, parties=(*parties, *other.parties)).without(*gone)
        how = "call.joined" if event.stays else "call.transferred"
        told = told_of(call, how, frm=event.common, to=other.id, by=event.by)
        after = self._without(other)._keep(both)
        ends = [*(say.End(leg) for leg in gone), say.Join(other.id), say.RecordEnd(other.id)]
        again = [say.Record(call.id, party.leg, party.number) for party in other.up if party.leg not in gone]
        return after, (told, *ends, *again, told_of(other, "call.ended", why=f"joined with {call.id}"))

    def _pick_up(self, call: Call, number: str, now: float) -> tuple["Exchange", Effects]:
        ringing = next((c for c in self.calls.values() for p in c.rung if p.number == number), None)
        if ringing is None or ringing.answered is not None:
            return self._refused(call, NOT_FOUND, f"{number} does not ring")
        taker = call.parties[0]
        rung = tuple(each.leg for each in ringing.rung)
        picked = replace(ringing.without(*rung).with_party(taker), answered=now, ring_until=None)
        waiting = tuple(say.Take(each.leg) for each in picked.parties if each.came and not each.up)
        told = told_of(picked, "call.answered", number=taker.number, picked_up=number)
        return self._keep(picked), (told, *(say.End(leg, CANCELLED) for leg in rung), *waiting)

    # --- ending

    def _refused(self, call: Call, code: int, why: str) -> tuple["Exchange", Effects]:
        refused = told_of(call, "call.refused", caller=call.caller, number=call.dialled, why=why)
        return self._without(call), (refused, *(say.End(each.leg, code) for each in call.parties))

    def _failed(self, call: Call, code: int, why: str) -> tuple["Exchange", Effects]:
        """Nobody could be reached: who still waits is told."""
        return self._over(call, f"{why or 'nobody answered'} ({code})", code)

    def _over(self, call: Call, why: str, code: int = UNAVAILABLE) -> tuple["Exchange", Effects]:
        return self._without(call), ended(call, why, code)

    def _tick(self, now: float) -> tuple["Exchange", Effects]:
        exchange, effects = self, list[object]()
        for call in tuple(self.calls.values()):
            more: Effects = ()
            if now >= call.began + self.plan.longest and not call.emergency:
                exchange, more = exchange._over(call, "longer than any call may be")
            elif call.ring_until is not None and now >= call.ring_until:
                exchange, more = exchange._unanswered(call, now)
            effects += more
        return exchange, tuple(effects)

    def _unanswered(self, call: Call, now: float) -> tuple["Exchange", Effects]:
        rung = call.rung
        ends = tuple(say.End(each.leg, CANCELLED) for each in rung)
        left = replace(call.without(*(each.leg for each in rung)), ring_until=None)
        if not rung:
            return self._keep(left), ()
        to = self.plan.extension(rung[0].number).no_answer
        after, effects = self._keep(left)._forward(
            left, rung[0].number, to, "nobody answered", UNAVAILABLE, now
        )
        return after, (*ends, *effects)

    # --- what follows

    def _keep(self, call: Call) -> "Exchange":
        return replace(self, calls={**self.calls, call.id: call})

    def _without(self, call: Call) -> "Exchange":
        return replace(self, calls={id: each for id, each in self.calls.items() if id != call.id})

    def _settled(self, before: "Exchange") -> Effects:
        """What has changed: bridges, sounds, members of groups."""
        effects: list[object] = []
        for id in {**before.calls, **self.calls}:
            old, new = before.calls.get(id), self.calls.get(id)
            if old is not new:
                effects += follow(old, new)
        return tuple(effects)
