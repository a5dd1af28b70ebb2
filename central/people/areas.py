"""The tree of areas: province, city, reservoir. A right at an area holds for everything below it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

AreaKind = Literal["province", "city", "reservoir"]

ROOT = ""
"""The area above all others; it has no entry of its own."""
_LEVEL: Mapping[AreaKind, int] = {"province": 1, "city": 2, "reservoir": 3}


@dataclass(frozen=True)
class Area:
    """One area; `within`: the one above it, empty for the root."""

    id: str
    label: str = ""
    kind: AreaKind = "reservoir"
    within: str = ROOT


class Areas:
    """A checked tree. ValueError names what is wrong with it."""

    def __init__(self, areas: Iterable[Area] = ()) -> None:
        self.all: dict[str, Area] = {}
        for area in areas:
            if area.id in self.all:
                raise ValueError(f"area {area.id!r} stands twice; give each its own id")
            self.all[area.id] = area
        for area in self.all.values():
            self._check(area)

    def _check(self, area: Area) -> None:
        if area.within == ROOT:
            return
        above = self.all.get(area.within)
        if above is None:
            raise ValueError(f"area {area.id!r} lies within {area.within!r}, which is not here")
        if (
            _LEVEL[above.kind] >= _LEVEL[area.kind]
        ):  # levels fall on every step: there is no way round in a ring
            raise ValueError(
                f"area {area.id!r}, a {area.kind}, cannot lie within {above.id!r}, a {above.kind}: "
                "a reservoir lies within a city or province, a city within a province"
            )

    def __contains__(self, area: str) -> bool:
        return area == ROOT or area in self.all

    def upwards(self, area: str) -> Iterator[str]:
        """The area, the one above it, and so on to the root; of an unknown one nothing but the root."""
        here = self.all.get(area)
        while here is not None:
            yield here.id
            here = self.all.get(here.within)
        yield ROOT

    def holds(self, above: str, area: str) -> bool:
        """Whether `area` is `above` or lies below it. An unknown area lies below the root only."""
        return above in self.upwards(area)

    def named(self, area: str) -> str:
        """The area in words."""
        if area == ROOT:
            return "the whole centre"
        found = self.all.get(area)
        return f"{found.label} ({area})" if found is not None and found.label else repr(area)
