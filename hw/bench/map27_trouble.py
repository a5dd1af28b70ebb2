"""The verbs of the bench MAP27 radio: what can be wrong with it, and what other people do. Pure data and its parser."""

import difflib
from dataclasses import dataclass

from hw.bench.trouble import TroubleError

VERBS = (
    "grant_ms:MS", "accept", "refuse:HEX", "queue:MS", "split_bytes", "duplicate", "lose:N", "lose_in:N",
    "corrupt:N", "wrong_sequence", "silent", "speak", "reboot", "stuck", "drop_condition", "drop_cleared",
    "lie_transmit", "two_callers", "normal", "talk:PFIX/IDENT", "call:PFIX/IDENT", "emergency:PFIX/IDENT",
    "hush", "clear", "disable", "warn", "longest:HEX", "field:N", "status:PFIX/IDENT:N",
    "text:PFIX/IDENT:WORDS", "out_of_range", "in_range",
)  # fmt: skip
FLAGS = ("split_bytes", "duplicate", "stuck", "drop_condition", "drop_cleared")


@dataclass
class Trouble:
    """What is wrong with it. `lose`, `lose_in`, `corrupt`: so many of the next frames out or in."""

    grant_ms: float = 100.0
    refuse: int | None = None
    queue_ms: float | None = None
    lose: int = 0
    lose_in: int = 0
    corrupt: int = 0
    split_bytes: bool = False
    duplicate: bool = False
    silent: bool = False
    stuck: bool = False
    drop_condition: bool = False
    drop_cleared: bool = False


def split_verb(verb: str) -> tuple[str, str, str]:
    """(name, rest, how it is written). Raises TroubleError with a suggestion."""
    name, _, rest = verb.partition(":")
    shape = next((known for known in VERBS if known.partition(":")[0] == name), None)
    if shape is None or (":" in shape) != bool(rest):
        near = difflib.get_close_matches(name, [known.partition(":")[0] for known in VERBS], n=1)
        hint = f"; did you mean {(shape or near[0])!r}?" if shape or near else ""
        raise TroubleError(f"unknown trouble {verb!r} for a MAP27 radio{hint} (known: {', '.join(VERBS)})")
    return name, rest, shape
