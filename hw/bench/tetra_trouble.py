"""The verbs of the bench terminal: what can be wrong with it, and what other people do. Pure data and its parser."""

import difflib
from dataclasses import dataclass

from hw.bench.trouble import TroubleError

VERBS = (
    "grant_ms:MS", "grant:0|1|2|3", "crossing", "drop_release", "interleave", "cme35:N", "split_bytes",
    "silent", "speak", "reboot", "reboot_on_atz", "refuse_cease", "lie_grant", "two_callers", "normal",
    "talk:ISSI", "hush", "call:ISSI", "emergency:ISSI", "clear", "text:ISSI:WORDS", "status:ISSI:HEX",
    "position:ISSI:LAT:LON", "out_of_range", "in_range",
)  # fmt: skip
FLAGS = ("crossing", "drop_release", "interleave", "split_bytes", "silent", "reboot_on_atz", "refuse_cease")


@dataclass
class Trouble:
    """What is wrong with it. `crossing`: a cease does not stop a grant that is under way."""

    grant_ms: float = 100.0
    grant: int = 0
    cme35: int = 0
    crossing: bool = False
    drop_release: bool = False
    interleave: bool = False
    split_bytes: bool = False
    silent: bool = False
    reboot_on_atz: bool = False
    refuse_cease: bool = False


def split_verb(verb: str) -> tuple[str, str, str]:
    """(name, rest, how it is written). Raises TroubleError with a suggestion."""
    name, _, rest = verb.partition(":")
    shape = next((known for known in VERBS if known.partition(":")[0] == name), None)
    if shape is None or (":" in shape) != bool(rest):
        near = difflib.get_close_matches(name, [known.partition(":")[0] for known in VERBS], n=1)
        hint = f"; did you mean {(shape or near[0])!r}?" if near else ""
        raise TroubleError(f"unknown trouble {verb!r} for a terminal{hint} (known: {', '.join(VERBS)})")
    return name, rest, shape
