"""What follows from a change of a call: bridges, sounds, members of groups, words for the journal. Pure."""

from collections.abc import Callable
from dataclasses import replace

from central.calls import messages as say
from central.calls.call import Call, Party
from central.calls.codes import UNAVAILABLE

Effects = tuple[object, ...]


def follow(old: Call | None, new: Call | None) -> list[object]:
    """Effects that lead from one state of a call to the next."""
    effects: list[object] = []
    call = new or old
    assert call is not None
    joins = [each.join() if each is not None else say.Join(call.id) for each in (old, new)]
    if joins[0] != joins[1]:
        effects.append(joins[1])
    was, now = (each.sounds() if each is not None else {} for each in (old, new))
    legs = {party.leg for party in new.parties} if new is not None else set()
    effects += [say.Play(leg, "silence") for leg in was if leg not in now and leg in legs]
    effects += [say.Play(leg, sound) for leg, sound in now.items() if was.get(leg) != sound]
    members = [_members(each) for each in (old, new)]
    effects += [each for leg, each in members[1].items() if members[0].get(leg) != each]
    effects += [
        replace(each, there=False, talking=False) for leg, each in members[0].items() if leg not in members[1]
    ]
    return [*effects, say.Changed(call.id)]


def _members(call: Call | None) -> dict[str, say.GroupHeard]:
    if call is None or not call.group:
        return {}
    made: Callable[[Party], say.GroupHeard] = lambda each: say.GroupHeard(  # noqa: E731
        call.group, each.leg, each.number, there=True, talking=call.talking
    )
    return {each.leg: made(each) for each in call.up}


def told(call: Call, kind: str, **payload: object) -> say.Told:
    """An entry of the journal about this call."""
    return say.Told(kind, call.id, payload)


def ended(call: Call, why: str, code: int = UNAVAILABLE) -> Effects:
    """Everybody is let go; who was not answered is told `code`."""
    ends: Effects = tuple(say.End(each.leg, code) for each in call.parties)
    if call.line:
        ends = (*ends, say.LineCall(call.line, "", on=False))
    return (*ends, say.RecordEnd(call.id), told(call, "call.ended", why=why))
