"""The dial plan: what a number means, who may dial it, and where calls from outside go. Pure."""

import re
from dataclasses import dataclass, field, replace
from typing import Literal

Reach = Literal["internal", "local", "national", "international", "everything"]
HOUR = 3600.0
MOST_HOPS = 5
"""Forwards of one call; more is a circle."""
REACHES: tuple[Reach, ...] = ("internal", "local", "national", "international", "everything")


@dataclass(frozen=True)
class Permit:
    """How far a telephone may call, and how much."""

    reach: Reach = "internal"
    at_once: int = 2
    per_hour: int = 60

    def allows(self, reach: Reach) -> bool:
        """Whether calls that go so far are allowed."""
        return REACHES.index(reach) <= REACHES.index(self.reach)


@dataclass(frozen=True)
class Extension:
    """A telephone."""

    number: str
    label: str = ""
    permit: Permit = Permit()
    srtp: bool = False
    do_not_disturb: bool = False
    always: str | None = None
    busy: str | None = None
    no_answer: str | None = None


@dataclass(frozen=True)
class Phone:
    """A telephone that has a secret of its own: `permit` is the id of a class, or how far it may call."""

    number: str
    label: str = ""
    permit: str = ""
    srtp: bool = False


@dataclass(frozen=True)
class RouteOut:
    """Numbers with this prefix leave by a trunk (or a gateway's line)."""

    prefix: str
    trunk: str = ""
    line: str = ""
    strip: int = 0
    reach: Reach = "everything"


@dataclass(frozen=True)
class TrunkIn:
    """Where calls from a trunk go. Times are minutes of the day; `opens` = `closes` is always open."""

    name: str
    rings: str
    closed_rings: str | None = None
    opens: int = 0
    closes: int = 0
    days: frozenset[int] = frozenset(range(7))
    direct: bool = False

    def open_at(self, weekday: int, minute: int) -> bool:
        """Whether the office is open. Hours past midnight belong to the day on which they began."""
        if self.opens <= self.closes:
            inside = self.opens == self.closes or self.opens <= minute < self.closes
            return inside and weekday in self.days
        if minute >= self.opens:
            return weekday in self.days
        return minute < self.closes and (weekday - 1) % 7 in self.days


@dataclass(frozen=True)
class Target:
    """What a number means. `number` is what is dialled there."""

    kind: Literal["phone", "group", "out", "pickup", "none"]
    number: str
    group: str = ""
    trunk: str = ""
    line: str = ""
    reach: Reach = "internal"
    emergency: bool = False


@dataclass(frozen=True)
class Plan:
    """The whole dial plan. `groups` leads from numbers to talk groups."""

    internal: str = "[2-8][0-9]{2,4}"
    pickup: str = "*8"
    emergency: frozenset[str] = frozenset()
    extensions: dict[str, Extension] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    routes: tuple[RouteOut, ...] = ()
    trunks: dict[str, TrunkIn] = field(default_factory=dict)
    for_all: Permit = Permit()
    ring_for: float = 30.0
    longest: float = 4 * 3600.0
    permits: dict[str, Permit] = field(default_factory=dict)
    phones: dict[str, Phone] = field(default_factory=dict)

    def target(self, number: str) -> Target:
        """What `number` means: emergency numbers first, then our own, then the longest prefix that leads out."""
        emergency = number in self.emergency
        if not emergency:
            if number in self.groups:
                return Target("group", number, group=self.groups[number])
            if number in self.phones or number in self.extensions or re.fullmatch(self.internal, number):
                return Target("phone", number)
            if number.startswith(self.pickup) and len(number) > len(self.pickup):
                return Target("pickup", number[len(self.pickup) :])
        ways = [route for route in self.routes if number.startswith(route.prefix)]
        if not ways:
            return Target("none", number, emergency=emergency)
        way = max(ways, key=lambda route: len(route.prefix))
        digits = number if emergency else number[way.strip :]
        return Target("out", digits, "", way.trunk, way.line, way.reach, emergency)

    def extension(self, number: str) -> Extension:
        """The telephone of this number: as the settings say, and what was said when its secret was made. One that is
        known to neither is as all are."""
        found = self.extensions.get(number) or Extension(number, permit=self.for_all)
        phone = self.phones.get(number)
        if phone is None:
            return found
        permit = found.permit if number in self.extensions else self.permit(phone.permit)
        return replace(found, label=found.label or phone.label, srtp=found.srtp or phone.srtp, permit=permit)

    def permit(self, name: str) -> Permit:
        """The class of this id; else what the word says by itself, like `national`; else that of all."""
        if name in self.permits:
            return self.permits[name]
        reach = next((each for each in REACHES if each == name), None)
        return self.for_all if reach is None else replace(self.for_all, reach=reach)

    def name_of(self, number: str) -> str:
        """Its name for people."""
        return self.extension(number).label or number

    def from_outside(self, trunk: str, number: str, weekday: int, minute: int) -> tuple[str, str]:
        """(number that is rung, why not) for a call from a trunk."""
        found = self.trunks.get(trunk)
        if found is None:
            return "", f"trunk {trunk} does not stand in the settings"
        if found.direct and self.target(number).kind in ("phone", "group"):
            return number, ""
        if found.open_at(weekday, minute):
            return found.rings, ""
        return (found.closed_rings, "") if found.closed_rings else ("", "the office is closed")


def objection(permit: Permit, target: Target, at_once: int, this_hour: int) -> str:
    """Why a telephone may not dial this; "" when it may. Emergency numbers are never refused."""
    if target.emergency:
        return ""
    if not permit.allows(target.reach):
        return f"its class reaches {permit.reach} numbers, this one is {target.reach}"
    if at_once >= permit.at_once:
        return f"it has {at_once} calls already, its class allows {permit.at_once} at once"
    if this_hour >= permit.per_hour:
        return f"it has begun {this_hour} calls within an hour, its class allows {permit.per_hour}"
    return ""
