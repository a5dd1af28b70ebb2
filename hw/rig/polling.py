"""What to ask the radio next: each question at its own pace, the one that is longest overdue first. Pure.

Whatever the radio's answers take, none of the questions starves another.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from hw.rig import protocol as p
from hw.rig.keying import Keying

if TYPE_CHECKING:
    from hw.rig.profile import Profile

Kind = Literal["ptt", "frequency", "mode", "dcd", "strength", "swr", "power"]
ORDER: tuple[Kind, ...] = ("ptt", "frequency", "mode", "dcd", "strength", "swr", "power")
_LEVELS: dict[str, Kind] = {
    "STRENGTH": "strength",
    "SWR": "swr",
    "RFPOWER": "power",
    "RFPOWER_METER": "power",
}


def intervals(profile: "Profile", keying: Keying, ready: bool, lacking: frozenset[Kind]) -> dict[Kind, float]:
    """Seconds between two questions of a kind, of those that are asked now."""
    found: dict[Kind, float] = {
        "ptt": profile.ptt_every if keying.busy else profile.poll_every,
        "frequency": profile.poll_every,
        "mode": profile.poll_every,
    }
    if ready and profile.dcd and not keying.ordered:
        found["dcd"] = profile.dcd_every
    for meter in profile.meters if ready else ():
        if (meter == "strength") != keying.ordered:
            found[meter] = profile.meter_every
    return {kind: every for kind, every in found.items() if kind not in lacking}


def next_question(wanted: Mapping[Kind, float], asked: Mapping[Kind, float]) -> tuple[float, Kind] | None:
    """(when, what); None when nothing can be asked."""
    due = [
        (asked.get(kind, float("-inf")) + every, ORDER.index(kind), kind) for kind, every in wanted.items()
    ]
    if not due:
        return None
    at, _, kind = min(due)
    return at, kind


def command(kind: Kind, profile: "Profile") -> p.Command:
    """The question."""
    match kind:
        case "ptt":
            return p.GetPtt()
        case "frequency":
            return p.GetFrequency()
        case "mode":
            return p.GetMode()
        case "dcd":
            return p.GetDcd()
        case "strength":
            return p.GetLevel(p.Level.STRENGTH)
        case "swr":
            return p.GetLevel(p.Level.SWR)
    return p.GetLevel(p.Level(profile.power_level))


def kind_of(asked: p.Command) -> Kind | None:
    """The other way round; None for an order and for the power switch."""
    match asked:
        case p.GetPtt():
            return "ptt"
        case p.GetFrequency():
            return "frequency"
        case p.GetMode():
            return "mode"
        case p.GetDcd():
            return "dcd"
        case p.GetLevel(level=level):
            return _LEVELS[level]
    return None
