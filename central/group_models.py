"""Talk groups and patches as screens and scripts are shown them: see central/readmodels.py."""

from typing import Annotated, Literal

from pydantic import Field

from central.view import View

LineName = Annotated[str, Field(pattern=r"^[a-z0-9-]{3,32}/[a-z0-9-]{1,24}$")]
"""One line of one gateway, `gateway/line`."""


class MemberView(View):
    """One line as a member of a talk group."""

    line: str = Field(
        description="Full name, `gateway/line`; `call:…` is a telephone that has joined",
        examples=["gw-north/r1"],
    )
    priority: int = Field(description="0 to 9; a higher one pre-empts", examples=[5])
    label: str = Field(default="", description="Name for people", examples=["North repeater"])
    listen: bool = Field(default=False, description="Hears all and never has the floor", examples=[False])
    talking: bool = Field(default=False, description="Somebody is heard on it", examples=[False])
    talker: str = Field(
        default="", description="Who is heard on it, when its radio tells", examples=["Boat 3"]
    )
    talker_id: str = Field(default="", description="What his network calls him", examples=["2001"])
    place: int | None = Field(
        default=None, description="Its place among those who wait for the floor, from 1", examples=[1]
    )
    keyed: bool = Field(default=False, description="The group keys its transmitter", examples=[True])
    leg: bool = Field(default=False, description="Its voice leg stands", examples=[True])
    online: bool = Field(default=False, description="Its gateway is online", examples=[True])
    grant: Literal["", "queued", "refused"] = Field(
        default="",
        description="What its network says while it should transmit and does not: queued or refused",
        examples=["queued"],
    )
    grant_why: str = Field(default="", description="Why", examples=["channel busy"])
    emergency: bool = Field(default=False, description="Its talker calls an emergency", examples=[False])
    lent: str = Field(
        default="", description="Patch or temporary group that has borrowed it meanwhile", examples=["storm"]
    )


class GroupView(View):
    """A talk group: its members, and who has the floor. Patches and temporary groups are among them."""

    group: str = Field(description="Group id", examples=["valley"])
    kind: Literal["configured", "temporary", "patch"] = Field(
        default="configured",
        description="configured; temporary (made by a person); patch (one conversation of several groups and lines)",
        examples=["configured"],
    )
    patch: str = Field(
        default="",
        description="Patch whose floor this group shares now; empty: its own",
        examples=["patch-1a2b"],
    )
    groups: tuple[str, ...] = Field(
        default=(), description="Of a patch: the groups that it joins", examples=[["valley", "hills"]]
    )
    until_wall: float | None = Field(
        default=None, description="When it ends by itself, Unix seconds", examples=[1700007200.0]
    )
    state: Literal["idle", "talking", "hang"] = Field(
        description="idle, talking (somebody has the floor) or hang (the conversation may go on)",
        examples=["talking"],
    )
    holder: str | None = Field(
        default=None, description="Line that has the floor, `gateway/line`", examples=["gw-north/r1"]
    )
    holder_label: str = Field(default="", description="Name of that line", examples=["North repeater"])
    talker: str = Field(default="", description="Who is heard by everybody", examples=["Boat 3"])
    talker_id: str = Field(default="", description="What his network calls him", examples=["2001"])
    emergency: bool = Field(
        default=False, description="Whoever has the floor calls an emergency", examples=[False]
    )
    since_wall: float | None = Field(
        default=None, description="Since when the floor is held, Unix seconds", examples=[1700000000.0]
    )
    waiting: tuple[LineName, ...] = Field(
        default=(),
        description="Lines that wait for the floor, in the order in which they would get it",
        examples=[["gw-south/r1"]],
    )
    hang: float = Field(description="Hang time, seconds", examples=[2.0])
    timeout: float = Field(description="Longest talk spurt, seconds", examples=[60.0])
    recording: str | None = Field(
        default=None, description="Id of the running recording", examples=["g-valley-20240101-101500"]
    )
    members: tuple[MemberView, ...] = Field(default=(), description="Its members")


class PatchView(View):
    """A patch or a temporary group as it was made. Its floor is that of the group with the same name."""

    patch: str = Field(description="Its id", examples=["patch-1a2b"])
    kind: Literal["patch", "temporary"] = Field(
        description="patch joins groups and lines, temporary is a group of lines", examples=["patch"]
    )
    groups: tuple[str, ...] = Field(
        default=(), description="The groups that it joins", examples=[["valley", "hills"]]
    )
    lines: tuple[LineName, ...] = Field(
        default=(), description="Single lines in it, borrowed from their groups", examples=[["gw-sat/sat1"]]
    )
    by: str = Field(description="Who made it", examples=["wang"])
    made_wall: float = Field(description="When, Unix seconds", examples=[1700000000.0])
    until_wall: float | None = Field(
        default=None, description="When it ends by itself, Unix seconds; null: never", examples=[1700007200.0]
    )
    over: bool = Field(default=False, description="It has ended", examples=[False])
    kept: bool = Field(
        default=True,
        description="It is on disk: it stands again after core was started again",
        examples=[True],
    )
