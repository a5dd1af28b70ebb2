"""Rights of a person: pairs of function and area, given by roles. Frozen values; every question has an answer."""

from collections.abc import Iterable
from dataclasses import dataclass

from central.people.areas import ROOT, Areas
from central.people.functions import BUNDLES, FUNCTIONS, STRONG, Function, Role, roles_with


@dataclass(frozen=True, order=True)
class Grant:
    """A role at an area and everything below it."""

    role: Role
    area: str = ROOT


@dataclass(frozen=True)
class Rights:
    """What somebody's grants allow in this tree of areas. A grant at an area that is gone allows nothing."""

    grants: tuple[Grant, ...]
    areas: Areas

    def at(self, function: Function) -> tuple[str, ...]:
        """The areas at which he has the function directly; empty: nowhere."""
        return tuple(
            grant.area
            for grant in self.grants
            if function in BUNDLES[grant.role] and grant.area in self.areas
        )

    def anywhere(self, function: Function) -> bool:
        """Whether he has it at some area."""
        return bool(self.at(function))

    def may(self, function: Function, area: str) -> bool:
        """Whether he has it at this area. To stop a warning is never a matter of area."""
        held = self.at(function)
        if function == "broadcast.stop":
            return bool(held)
        return any(self.areas.holds(above, area) for above in held)

    def missing(self, function: Function, areas: Iterable[str]) -> tuple[str, ...]:
        """Those of `areas` at which he has it not."""
        return tuple(dict.fromkeys(area for area in areas if not self.may(function, area)))

    @property
    def functions(self) -> tuple[Function, ...]:
        """All that he may do at some area."""
        return tuple(function for function in FUNCTIONS if self.anywhere(function))

    @property
    def strong(self) -> bool:
        """He may do something that asks for a second factor."""
        return any(self.anywhere(function) for function in STRONG)


def refusal(function: Function, area: str, areas: Areas) -> tuple[str, str]:
    """(what is missing, who can give it) for a person who may not."""
    what = f"you have not the right {function!r} at {areas.named(area)}"
    roles = " or ".join(roles_with(function))
    return what, f"ask an administrator of {areas.named(area)} for the role {roles}"
