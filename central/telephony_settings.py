"""Telephones in the settings, table [telephony]: the edge, extensions and what each may dial, routes out, trunks."""

import ipaddress
import re
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from link.contract.ids import Label
from link.hosting.settings import Settings

Number = Annotated[str, StringConstraints(pattern=r"^\+?[0-9*#]{1,32}$")]
"""What can be dialled on a telephone."""
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
NameOrNone = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{0,32}$")]
Reach = Literal["internal", "local", "national", "international", "everything"]
"""How far a call goes, the nearest first."""
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class PermitSettings(Settings):
    """A class of telephones: how far they may call, and how much, so that a stolen password costs little."""

    id: Name
    reach: Reach = "internal"
    at_once: int = Field(default=2, ge=1, le=100, description="calls of one telephone at the same time")
    per_hour: int = Field(default=60, ge=1, le=10_000, description="calls of one telephone in an hour")


class ExtensionSettings(Settings):
    """A telephone: its number, its class, and where its calls go instead."""

    number: Number
    label: Label = ""
    permit: NameOrNone = Field(default="", description="id of its class; what [telephony] says when left out")
    srtp: bool = Field(default=False, description="it is called with encrypted sound or not at all")
    do_not_disturb: bool = False
    forward_always: Number | None = None
    forward_busy: Number | None = None
    forward_no_answer: Number | None = None


class RouteSettings(Settings):
    """Numbers that begin with `prefix` leave by a trunk or by the telephone line of a gateway."""

    prefix: Number
    trunk: Name | None = None
    line: str | None = Field(default=None, description="`gateway/line` of a satellite or GSM phone")
    strip: int = Field(default=0, ge=0, le=32, description="digits taken off at the front")
    reach: Reach = "everything"

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.trunk is None) == (self.line is None):
            raise ValueError(f"route {self.prefix!r}: give trunk or line, and not both")
        return self


class TrunkSettings(Settings):
    """Calls that come from outside by one trunk: who is rung, and who when the office is closed."""

    name: Name
    rings: Number
    closed_rings: Number | None = None
    opens: Clock = "00:00"
    closes: Clock = Field(default="00:00", description="the same as opens: never closed")
    days: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    direct: bool = Field(default=False, description="outside may dial our extensions and groups directly")


class TelephonySettings(Settings):
    """All of it. Without `edges` no telephone can call or be called."""

    edge: str = Field(default="", max_length=120, description="host:port where numbers are dialled")
    edges: tuple[str, ...] = Field(default=(), max_length=16, description="addresses the edge sends from")
    internal: str = Field(default="[2-8][0-9]{2,4}", description="shape of an extension's number")
    pickup: Number = Field(default="*8", description="dialled before a number that rings: take its call")
    emergency: tuple[Number, ...] = ("110", "119", "120", "122")
    permit_for_all: NameOrNone = Field(default="", description="class of telephones that name none")
    ring_for: float = Field(default=30.0, ge=5, le=300)
    longest: float = Field(default=4 * 3600.0, ge=60, le=24 * 3600)
    hold_music: Path | None = None
    permit: tuple[PermitSettings, ...] = Field(default=(), max_length=100)
    extension: tuple[ExtensionSettings, ...] = Field(default=(), max_length=10_000)
    route: tuple[RouteSettings, ...] = Field(default=(), max_length=1000)
    trunk: tuple[TrunkSettings, ...] = Field(default=(), max_length=100)

    @field_validator("edges")
    @classmethod
    def _addresses(cls, edges: tuple[str, ...]) -> tuple[str, ...]:
        for each in edges:
            try:
                ipaddress.ip_address(each)
            except ValueError:
                raise ValueError(
                    f"{each!r} is no IP address: calls are taken by address, not by name"
                ) from None
        return edges

    @field_validator("internal")
    @classmethod
    def _pattern(cls, internal: str) -> str:
        try:
            re.compile(internal)
        except re.error as error:
            raise ValueError(f"{internal!r} is no pattern: {error}") from None
        return internal

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        named = {
            "permit": [each.id for each in self.permit],
            "extension": [each.number for each in self.extension],
            "route": [each.prefix for each in self.route],
            "trunk": [each.name for each in self.trunk],
        }
        for kind, names in named.items():
            twice = [name for name, count in Counter(names).items() if count > 1]
            if twice:
                raise ValueError(f"{kind} {twice[0]!r} stands twice")
        asked = {each.number: each.permit for each in self.extension} | {
            "permit_for_all": self.permit_for_all
        }
        for who, permit in asked.items():
            if permit and permit not in named["permit"]:
                raise ValueError(f"{who} names class {permit!r}; add a [[telephony.permit]] table of this id")
        if bool(self.edge) != bool(self.edges):
            raise ValueError("give both: edge, where numbers are dialled, and edges, from where calls come")
        return self

    def below(self, home: Path) -> "TelephonySettings":
        """The same with absolute paths."""
        return self.model_copy(update={"hold_music": self.hold_music and home / self.hold_music})


def check_numbers(
    telephony: TelephonySettings, groups: Sequence[str], trunks: Collection[str] | None
) -> None:
    """What has to fit the other tables: a number reaches one thing, and a trunk is one of the edge's `trunks` (None:
    the edge is not ours). ValueError."""
    counted = Counter([*(each.number for each in telephony.extension), *groups])
    twice = [number for number, count in counted.items() if count > 1]
    if twice:
        raise ValueError(f"number {twice[0]!r} is given twice, to extensions or groups; choose another")
    used = [trunk.name for trunk in telephony.trunk]
    used += [route.trunk for route in telephony.route if route.trunk is not None]
    for name in used if trunks is not None else ():
        if name not in (trunks or ()):
            known = ", ".join(sorted(trunks or ())) or "none"
            raise ValueError(f"[telephony] names trunk {name!r}; those of [[edge.trunk]]: {known}")
