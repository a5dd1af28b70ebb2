"""The verbs for trouble: what can be wrong with a bench device. Pure data and its parser."""

import difflib
from dataclasses import dataclass, replace


class TroubleError(Exception):
    """The verb does not exist for this kind of device, or its number is missing or out of range."""


@dataclass(frozen=True)
class Trouble:
    """What is wrong with one radio or loudspeaker right now; the default is a healthy one.

    late_ms is added to the transmitter's attack or to the amplifier's warm-up.
    """

    stick_cos: bool = False
    bounce_cos: bool = False
    deaf: bool = False
    mute: bool = False
    late_ms: float = 0.0
    stick_ptt: bool = False
    noise: bool = False


_RADIO = ("stick_cos", "bounce_cos", "deaf", "mute", "stick_ptt", "noise")
_LOUDSPEAKER = ("mute", "stick_relay", "noise")
_BOTH = ("late_ptt:MS", "normal")
_FIELD = {"stick_relay": "stick_ptt"}


def verbs(kind: str) -> tuple[str, ...]:
    """The verbs of one kind of device ("radio" or "loudspeaker") without those of its card, as shown to people."""
    return (_RADIO if kind == "radio" else _LOUDSPEAKER) + _BOTH


def apply(trouble: Trouble, verb: str, kind: str) -> Trouble:
    """The trouble after one more verb; "normal" clears all. Raises TroubleError."""
    name, _, number = verb.partition(":")
    if name == "normal" and not number:
        return Trouble()
    if name == "late_ptt":
        return replace(trouble, late_ms=_milliseconds(verb, number))
    if name in (_RADIO if kind == "radio" else _LOUDSPEAKER) and not number:
        return replace(trouble, **{_FIELD.get(name, name): True})
    known = verbs(kind)
    near = difflib.get_close_matches(verb, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise TroubleError(f"unknown trouble {verb!r} for a {kind}{hint} (known: {', '.join(known)})")


def _milliseconds(verb: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 10_000:
        raise TroubleError(f"{verb!r}: write late_ptt:MS with MS from 0 to 10000, for example late_ptt:300")
    return value
