"""The loudspeakers of one broadcast, by line: an immutable mapping of which a changed copy costs little.

Ten thousand loudspeakers say five things each. They lie in parts of a hundred or so: a word of one copies its part.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

from central.broadcasts.target import Target

_Part = tuple[dict[str, Target], bool, bool]
"""Some of them, whether all these have ended, and whether one of them was ordered and has not."""


class Targets(Mapping[str, Target]):
    """Keeps the order of its making. Equal to another with equal targets."""

    __slots__ = ("_parts", "_where")

    def __init__(self, targets: Iterable[Target]) -> None:
        rest = list(targets)
        size = max(16, math.isqrt(len(rest)))
        each = iter(rest)
        parts = iter(lambda: {target.line: target for target in islice(each, size)}, {})
        self._parts: tuple[_Part, ...] = tuple(map(_part, parts))
        self._where = {line: at for at, (part, _, _) in enumerate(self._parts) for line in part}

    def having(self, *changed: Target) -> "Targets":
        """The same with these instead of what was known of their lines. KeyError: a line that is not among them."""
        fresh: dict[int, dict[str, Target]] = {}
        for target in changed:
            at = self._where[target.line]
            if at not in fresh:
                fresh[at] = dict(self._parts[at][0])
            fresh[at][target.line] = target
        parts = list(self._parts)
        for at, part in fresh.items():
            parts[at] = _part(part)
        found = object.__new__(Targets)
        found._parts, found._where = tuple(parts), self._where
        return found

    @property
    def ended(self) -> bool:
        """Whether all have ended."""
        return all(ended for _, ended, _ in self._parts)

    @property
    def under_way(self) -> bool:
        """Whether one that was ordered has not ended."""
        return any(under_way for _, _, under_way in self._parts)

    def __getitem__(self, line: str) -> Target:
        return self._parts[self._where[line]][0][line]

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(part for part, _, _ in self._parts)

    def __len__(self) -> int:
        return len(self._where)


def _part(targets: dict[str, Target]) -> _Part:
    open_ones = [target for target in targets.values() if not target.ended]
    return targets, not open_ones, any(target.ordered for target in open_ones)
