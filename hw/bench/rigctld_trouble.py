"""The verbs of the bench rigctld: what can be wrong with it and its radio, and what the operator does. Pure."""

import difflib
from dataclasses import dataclass

from hw.bench.trouble import TroubleError

FLAGS = (
    "refuse_ptt",
    "deaf_ptt",
    "stick_ptt",
    "no_ptt",
    "silent",
    "split",
    "garbage",
    "two_rprt",
    "radio_gone",
)
VERBS = (
    *FLAGS, "slow:SECONDS", "knob:HZ", "knob:HZ:MODE", "hand_key", "hand_release", "let_go", "off", "on",
    "squelch:open|closed", "strength:DB", "coarse:HZ", "drop", "gone", "back", "normal",
)  # fmt: skip


@dataclass
class Trouble:
    """What is wrong. `deaf_ptt`: the order is taken and the transmitter stays off; `no_ptt`: no `-P RIG`;
    `radio_gone`: rigctld lives, its radio does not answer; `slow`: each answer takes so many seconds more.
    """

    refuse_ptt: bool = False
    deaf_ptt: bool = False
    stick_ptt: bool = False
    no_ptt: bool = False
    silent: bool = False
    split: bool = False
    garbage: bool = False
    two_rprt: bool = False
    radio_gone: bool = False
    slow: float = 0.0


def split_verb(verb: str) -> tuple[str, str, str]:
    """(name, rest, how it is written). Raises TroubleError with a suggestion."""
    name, _, rest = verb.partition(":")
    shapes = [known for known in VERBS if known.partition(":")[0] == name]
    if not shapes or (":" in shapes[-1]) != bool(rest):
        near = difflib.get_close_matches(name, [known.partition(":")[0] for known in VERBS], n=1)
        hint = f"; did you mean {shapes[0] if shapes else near[0]!r}?" if shapes or near else ""
        raise TroubleError(f"unknown trouble {verb!r} for a rigctld{hint} (known: {', '.join(VERBS)})")
    return name, rest, shapes[-1]
