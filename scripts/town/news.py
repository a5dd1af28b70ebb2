"""The town's changes as plain lines, for an output that is no terminal: what differs between two views."""

from central.readmodels import BroadcastView, GroupView, LineView, TownView
from scripts.town.table import troubles


def news(old: TownView | None, new: TownView | None) -> list[str]:
    """One line for each thing that changed."""
    if new is None:
        return [] if old is None else ["the centre does not answer"]
    told = [] if old is not None else ["the centre answers"]
    before = {line.line: line for gateway in old.gateways for line in gateway.lines} if old else {}
    for gateway in new.gateways:
        for line in gateway.lines:
            told += _line(before.get(line.line), line)
    groups = {group.group: group for group in old.groups} if old else {}
    for group in new.groups:
        told += _group(groups.get(group.group), group)
    broadcasts = {each.id: each for each in old.broadcasts} if old else {}
    for each in reversed(new.broadcasts):
        told += _broadcast(broadcasts.get(each.id), each)
    ill, was_ill = troubles(new), troubles(old) if old else []
    told += [f"trouble: {each}" for each in ill if each not in was_ill]
    return told + [f"no longer: {each}" for each in was_ill if each not in ill]


def _line(old: LineView | None, new: LineView) -> list[str]:
    told = []
    for what in ("online", "carrier", "ptt", "leg"):
        now, was = getattr(new, what), getattr(old, what) if old else False
        if now != was:
            told.append(f"{new.line} {what} {'on' if now else 'off'}")
    was_playing = old.playing if old else None
    if new.playing != was_playing:
        told.append(f"{new.line} plays {new.playing}" if new.playing else f"{new.line} plays no longer")
    return told


def _group(old: GroupView | None, new: GroupView) -> list[str]:
    if old is not None and (old.state, old.holder) == (new.state, new.holder):
        return []
    return [f"group {new.group} {new.state}" + (f" floor {new.holder}" if new.holder else "")]


def _broadcast(old: BroadcastView | None, new: BroadcastView) -> list[str]:
    now = [(target.line, target.state) for target in new.targets]
    was = [(target.line, target.state) for target in old.targets] if old else []
    if old is not None and old.state == new.state and now == was:
        return []
    where = " ".join(f"{line}:{state}" for line, state in now)
    return [f"broadcast {new.id} {new.channel} {new.state} by {new.by} {where}"]
