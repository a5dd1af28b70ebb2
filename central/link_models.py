"""What screens and scripts are shown of a gateway's events: figures, events, quarantine. See central/readmodels.py."""

from typing import Literal

from pydantic import Field

from central.view import View

Lane = Literal["alm", "evt"]


class LaneView(View):
    """One run of event numbers of a gateway, on one of its two lanes."""

    lane: str = Field(description="alm (alarms, sent at once) or evt (all else)", examples=["evt"])
    epoch: int = Field(description="Which run of numbers; new at every start of the gateway", examples=[77])
    upto: int = Field(description="Acknowledged up to this number", examples=[4711])
    last: int = Field(description="Highest number heard of", examples=[4711])
    missing: int = Field(default=0, description="Numbers between that have not come", examples=[0])
    at_wall: float = Field(description="When it last moved, Unix seconds", examples=[1700000000.0])


class LinkView(View):
    """How the events of a gateway reach the centre."""

    events: int = Field(default=0, description="Events taken since the store began", examples=[4711])
    dropped: int = Field(default=0, description="Events the gateway says it had to give up", examples=[0])
    missing: int = Field(default=0, description="Events that have not come yet or never will", examples=[0])
    quarantined: int = Field(default=0, description="Its entries in the quarantine", examples=[0])
    waiting: int = Field(default=0, description="Events waiting there, as it last said", examples=[3])
    oldest: float = Field(default=0.0, description="Age of the oldest of them, seconds", examples=[1.5])
    lanes: tuple[LaneView, ...] = Field(default=(), description="Its newest runs of numbers, newest first")


class EventView(View):
    """One event of a gateway."""

    gateway: str = Field(description="Gateway id", examples=["gw-north"])
    lane: str = Field(description="alm or evt", examples=["evt"])
    epoch: int = Field(description="Run of numbers", examples=[77])
    seq: int = Field(description="Number in it", examples=[12])
    kind: str = Field(description="What happened; `type N` when it is not known", examples=["LineOpened"])
    fields: dict[str, object] = Field(description="Details", examples=[{"line": "r1"}])
    at_wall: float = Field(
        description="When, Unix seconds; corrected when the gateway learnt the time later",
        examples=[1700000000.0],
    )
    said_wall: float = Field(description="What its clock said, Unix seconds", examples=[3600.0])
    mono: float = Field(description="Its monotonic clock, seconds", examples=[812.4])
    tq: str = Field(description="How good its clock was: ntp, rtc, est or none", examples=["none"])
    corrected: bool = Field(default=False, description="at_wall is corrected", examples=[True])
    received_wall: float = Field(description="When the centre took it, Unix seconds", examples=[1700000100.0])


class RawView(View):
    """An entry of the quarantine that was written to a file."""

    entry: int = Field(description="Number of the entry", examples=[3])
    file: str = Field(description="Where it was written", examples=["raw.bin"])
    bytes: int = Field(description="How many", examples=[812])


class QuarantineView(View):
    """Something that a gateway sent and nobody understands, kept raw."""

    id: int = Field(description="Number of the entry", examples=[3])
    gateway: str = Field(description="Who sent it", examples=["gw-north"])
    lane: str = Field(description="alm or evt", examples=["evt"])
    why: str = Field(
        description="version, codec, invalid … (a whole batch, not acknowledged); unreadable, seq_reuse (one event)",
        examples=["version"],
    )
    detail: str = Field(default="", description="What exactly", examples=["version: batch version 2"])
    size: int = Field(description="Bytes", examples=[812])
    head: str = Field(description="Its first bytes, hex", examples=["0298"])
    first_wall: float = Field(description="When it first came, Unix seconds", examples=[1700000000.0])
    last_wall: float = Field(description="When it last came, Unix seconds", examples=[1700000600.0])
    times: int = Field(description="How often the same bytes came", examples=[4])
