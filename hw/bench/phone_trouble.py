"""What can be wrong with a simulated phone, and the parser of its verbs. Pure data."""

import difflib
import re
from dataclasses import dataclass, replace

from hw.bench.trouble import TroubleError

NUMBER = r"(?:[0-9]{1,6}(?:\.[0-9]{1,3})?)?"
VERBS = (
    "ring",
    "second",
    "give_up",
    "hang_up",
    "claim_active",
    "far_end",
    "text",
    "creg",
    "reboot",
    "normal",
)


@dataclass(frozen=True)
class PhoneTrouble:
    """What is wrong with the phone; the default is a healthy one. Times in seconds."""

    late: float = 0.0
    signal_late: float = 0.0
    no_prompt: bool = False
    no_clip: bool = False
    no_list: bool = False
    hidden_setup: bool = False
    ok_on_answer: bool = False
    echo_stuck: bool = False
    urc_inside: bool = False
    silent: bool = False
    memory_full: bool = False
    no_sms_answer: bool = False
    sms_error: int = 0
    dial_error: int = 0
    deaf_hang_up: bool = False


def troubled(trouble: PhoneTrouble, name: str, rest: str) -> PhoneTrouble:
    """The trouble after the verb `name`, or `name:rest` where it takes a number. Raises TroubleError."""
    known = vars(PhoneTrouble())
    if name in known and re.fullmatch(NUMBER, rest):
        kind = type(known[name])
        return replace(trouble, **{name: True if kind is bool else kind(float(rest or 1))})
    near = difflib.get_close_matches(name, (*known, *VERBS), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise TroubleError(f"unknown verb {name!r} for a phone{hint}")
