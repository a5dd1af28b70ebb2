"""How a line's transmission begins, goes on and ends: from the order to key to the safe output. Pure.

Part of `firmware.lines.machine`; every function takes a line and gives the line after it and what must be done.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from firmware.effects import FeedOutput, Record, SafeOutput, TellVoice
from firmware.talk import Cease, Demand
from link.contract import facts
from link.contract import neighbour as voice
from link.contract.field_facts import GrantDelayed

if TYPE_CHECKING:
    from firmware.lines.machine import Line

DRAIN_LIMIT = 2.5
"""Longest time a released line may stay keyed to play what still waits, in seconds; a late grant adds its delay."""
DRAIN_LEASE = 1.0
DRAIN_EVERY = 0.4
"""Seconds a released line is fed for, and between feeds: a gateway that freezes now unkeys within its lease."""
ENDING = 0.5
"""Seconds for which the guard still answers for a device that was told to let go: if this gateway freezes before the
device heard it, the lease runs out and the guard tells it."""
ENDING_LEASE = 1.0
SPARE = 0.25
"""Seconds by which the last feed outlasts the tail: a lease that ends with it races our order to stop, and what the
guard or a terminal does by itself (a link taken down, a call cleared) is the harder way off the air."""
TONE_WORTH = 10.0
"""Seconds for which a signal to the talker waits for him to let go of his key."""
TONE_LASTS = 0.6
TONE_LEASE = 1.5

Effects = tuple[object, ...]
Step = tuple["Line", Effects]


def drain_end(line: "Line") -> float:
    """When a released line ends its transmission at the latest."""
    assert line.released_at is not None and line.keyed_since is not None
    if line.granted_at is None:
        return line.keyed_since + line.settings.late
    waited = line.granted_at - line.keyed_since
    latest = max(line.released_at, line.granted_at) + DRAIN_LIMIT + waited
    return latest if line.tail_from is None else min(latest, line.tail_from + line.settings.tail)


def deadlines(line: "Line") -> list[float]:
    """Moments at which this transmission changes without being told."""
    if line.keyed_since is None:
        return [] if line.ending_until is None else [line.ending_until]
    late = line.settings.late if line.granted_at is None else line.settings.timeout
    moments = [(line.keyed_since if line.granted_at is None else line.granted_at) + late]
    if line.released_at is not None:
        moments.append(min(drain_end(line), line.drain_fed_at + DRAIN_EVERY))
    elif line.toning_until is not None:
        moments.append(line.toning_until)
    return moments


def ordered(line: "Line", until: float, talker: str, now: float) -> Step:
    """Somebody has the floor: transmit until `until` unless renewed."""
    if until <= now:
        return line, ()
    fresh, was_released = line.lease is None, line.released_at is not None
    line = replace(line, lease=until, talker=talker, local_order=line.local)
    if not line.transmitting:
        return line, _unheard(line) if fresh else ()
    line = replace(line, released_at=None, tail_from=None, toning_until=None)
    effects = _feed(line, until, f"talker {talker}")
    if was_released:  # called back while draining: the path is opened again, without lead
        again = voice.OpenDownlink(line=line.settings.line, lead_ms=0)
        hold = voice.HoldDownlink(line=line.settings.line)
        effects = (*effects, TellVoice(again if line.granted_at is not None else hold))
    return line, effects


def _unheard(line: "Line") -> Effects:
    """The talker is told at once when the device cannot be used now; an idle phone is no trouble."""
    if line.ready or line.settings.calls:
        return ()
    return (_delayed(line, False, line.unready_why or "not ready"),)


def _delayed(line: "Line", queued: bool, why: str) -> Record:
    return Record(GrantDelayed(line=line.settings.line, queued=queued, why=why[:200]))


def _feed(line: "Line", until: float, why: str) -> Effects:
    """Go on until `until`: the guard's lease and the device's demand. A call is fed by itself."""
    if line.settings.calls:
        return ()
    demand = (Demand(until),) if line.settings.grant == "device" else ()
    return (FeedOutput(line.settings.ptt, until, why), *demand)


def released(line: "Line", now: float) -> Step:
    """The floor is somebody else's: play what waits, then unkey."""
    line = replace(line, lease=None)
    if not line.transmitting or line.released_at is not None:
        return line, ()
    line = replace(line, released_at=now, tail_from=None, drain_fed_at=now)
    finish = TellVoice(voice.FinishDownlink(line=line.settings.line))
    return line, (*_feed(line, now + DRAIN_LEASE, "draining"), finish)


def granted(line: "Line", now: float) -> Step:
    """The transmitter is on: after its lead speech goes out."""
    lead_ms = round(line.settings.lead * 1000)
    return replace(line, granted_at=now, queued=False), (
        TellVoice(voice.OpenDownlink(line=line.settings.line, lead_ms=lead_ms)),
        Record(facts.TransmitStarted(line=line.settings.line, why=line.talker)),
    )


def queued(line: "Line") -> Step:
    """The network will grant later: told once, speech waits."""
    return replace(line, queued=True), (_delayed(line, True, "the network is busy"),)


def lost(line: "Line", why: str, now: float) -> Step:
    """The device gave up the demand. Locked until the order ends: a renewed one must not ask ten times."""
    heard = line.granted_at is not None
    line, effects = stop(replace(line, locked_out=line.lease is not None), why if heard else "refused", now)
    return line, effects if heard else (*effects, _delayed(line, False, why))


def end_if_due(line: "Line", now: float) -> Step:
    """End, or feed once more, a transmission whose time has come."""
    if line.keyed_since is None:
        return line, ()
    if not line.may_transmit:
        return stop(line, line.lack, now)
    if line.granted_at is None and now >= line.keyed_since + line.settings.late:
        return lost(line, "not granted in time", now)
    if line.granted_at is not None and now >= line.granted_at + line.settings.timeout:
        return stop(replace(line, locked_out=True), "timeout", now)
    if line.toning_until is not None and line.released_at is None and now >= line.toning_until:
        return released(line, now)
    if line.released_at is not None and now >= drain_end(line):
        return stop(line, "released", now)
    if line.released_at is not None and now >= line.drain_fed_at + DRAIN_EVERY:
        until = min(now + DRAIN_LEASE, drain_end(line) + SPARE)
        return replace(line, drain_fed_at=now), _feed(line, until, "draining")
    return line, ()


def begin(line: "Line", now: float) -> Step:
    """Start what is wanted: a talker's transmission, or a signal to him once he listens again."""
    if line.transmitting:
        return line, ()
    if line.wants_to_transmit:
        assert line.lease is not None
        return _start(line, line.lease, line.talker, now)
    if line.tone and now >= line.tone_until:
        return replace(line, tone=""), ()
    simple = line.settings.grant == "guard"  # no network is asked for a transmission of half a second
    if line.tone and simple and line.may_transmit and not line.opened:
        sound = voice.SoundTone.model_validate({"line": line.settings.line, "tone": line.tone})
        line, effects = _start(replace(line, tone=""), now + TONE_LEASE, "signal", now)
        return replace(line, toning_until=now + line.settings.lead + TONE_LASTS), (*effects, TellVoice(sound))
    return line, ()


def end_of_ending(line: "Line", now: float) -> Step:
    """The device has had its time to let go: the guard need not answer for it any more."""
    if line.ending_until is None or now < line.ending_until:
        return line, ()
    return replace(line, ending_until=None), (SafeOutput(line.settings.ptt, "ended"),)


def _start(line: "Line", until: float, talker: str, now: float) -> Step:
    line = replace(
        line,
        ending_until=None,
        keyed_since=now,
        granted_at=None,
        queued=False,
        released_at=None,
        tail_from=None,
    )
    effects = _feed(line, until, f"talker {talker}")
    if line.settings.grant == "device":
        return line, (TellVoice(voice.HoldDownlink(line=line.settings.line)), *effects)
    line, more = granted(line, now)
    return line, (*effects, *more)


def stop(line: "Line", why: str, now: float) -> Step:
    """Off the air now, whatever waits."""
    assert line.keyed_since is not None
    was_granted = line.granted_at
    # After a time-out or a refusal the order still stands: locked until it is released or runs out.
    lease = line.lease if why in ("released", "timeout") or line.locked_out else None
    line = replace(line, keyed_since=None, granted_at=None, queued=False, released_at=None, tail_from=None)
    deaf_until = now + line.settings.deaf if line.settings.deaf else None
    line = replace(line, lease=lease, toning_until=None, deaf_until=deaf_until)
    ptt, effects = line.settings.ptt, ()  # type: str, Effects
    if line.settings.grant == "device":
        line = replace(line, ending_until=now + ENDING)
        effects = (Cease(), FeedOutput(ptt, now + ENDING_LEASE, "ending"))
    elif not line.settings.calls:
        effects = (SafeOutput(ptt, why),)
    effects = (*effects, TellVoice(voice.CutDownlink(line=line.settings.line)))
    if was_granted is None:
        return line, effects
    ended = facts.TransmitEnded(line=line.settings.line, seconds=round(now - was_granted, 3), why=why[:200])
    return line, (*effects, Record(ended))
