"""Where in a TOML text a key stands, and which word somebody probably meant. For error messages only.

tomllib gives values without positions; this finds the line again by reading headers and keys. It must never
decide anything: a position it cannot find is None and the message goes without.
"""

import difflib
import re
from collections.abc import Iterable

_ARRAY = re.compile(r"^\s*\[\[\s*([\w.-]+)\s*\]\]")
_TABLE = re.compile(r"^\s*\[\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"""^\s*["']?([\w.-]+)["']?\s*=""")


def find_line(text: str, table: str, index: int | None = None, key: str | None = None) -> int | None:
    """The line (from 1) of `key` in the `index`-th [[table]] ([table] for None), or of its header."""
    count = -1
    inside = False
    header: int | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        array, plain = _ARRAY.match(line), _TABLE.match(line)
        if array or plain:
            inside = False
            name = (array or plain).group(1)  # type: ignore[union-attr]  # one of the two matched
            if name == table:
                count += 1 if array else 0
                inside = index is None or (array is not None and count == index)
                header = number if inside else header
        elif inside and key is not None and (found := _KEY.match(line)) and found.group(1) == key:
            return number
    return header


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A tail for a message, ", did you mean 'x'?", naming the closest known word; "" when none is close."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f", did you mean {close[0]!r}?" if close else ""
