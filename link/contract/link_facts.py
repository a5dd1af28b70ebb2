"""What a gateway reports of its own link, stores, clock and island mode. Evidence, past tense, frozen.

Numbered in LINK_EVIDENCE, which stands in EVIDENCE and is append-only, as are the fields of each type.
"""

from typing import Literal

from pydantic import Field

from link.contract.ids import GroupId, LineId, Sha256, Short
from link.contract.wire import Wire

LaneName = Literal["alm", "evt"]
"""Lanes of the outbox, the more urgent first; each is a topic of its own and has epochs of its own."""

TimeQuality = Literal["ntp", "rtc", "est", "none"]
"""How good a wall clock is: kept by NTP, from a battery clock, estimated from the floor, or unknown."""


class EventsDropped(Wire):
    """`count` events of an epoch were given up, from `first` to `last`, and why: quota, disk, memory."""

    lane: LaneName
    epoch: int
    first: int
    last: int
    count: int
    why: Short = ""


class RecordingReady(Wire):
    """A recording lies on the gateway: its sealed bytes can be fetched by `sha`; times are the gateway's.

    `cut`: it ends where the power or the process ended.
    """

    recording: Short
    line: LineId
    sha: Sha256
    size: int = Field(ge=0)
    seconds: float = Field(ge=0)
    codec: Short
    started_ms: int
    ended_ms: int
    group: Short = ""
    cause: Short = ""
    cut: bool = False


class RecordingGone(Wire):
    """A recording was given up before the centre had it, and why: quota, damaged, no key."""

    recording: Short
    line: LineId
    why: Short


class IslandBegan(Wire):
    """The gateway works alone from now on, and why."""

    why: Short


class IslandEnded(Wire):
    """The centre leads again, after so many seconds."""

    seconds: float


class IslandFloor(Wire):
    """Who has the floor of a group that the gateway patches itself; no line: nobody."""

    group: GroupId
    line: Short = ""
    talker: Short = ""
    why: Short = ""


class TriggerFired(Wire):
    """A local trigger of the desired document started a clip; `because` names what was true."""

    trigger: Short
    channel: Literal["live", "drill", "test"]
    play: Short
    lines: tuple[LineId, ...] = Field(max_length=64)
    because: Short = ""


class TriggerHeld(Wire):
    """A local trigger was true and did not start anything, and why: stopped, repeat limit, clip missing."""

    trigger: Short
    why: Short


class ClockChanged(Wire):
    """The wall clock was set, by so many milliseconds, or its quality changed."""

    by_ms: int
    quality: TimeQuality


class StoreSetAside(Wire):
    """A damaged database was kept as evidence under the name `kept_as`, and a new one begun."""

    store: Short
    kept_as: Short
    why: Short


class CommandAnswered(Wire):
    """What became of a command, as evidence beside row 6."""

    id: Short
    s: Short
    why: Short = ""


LINK_EVIDENCE: tuple[type[Wire], ...] = (
    *(EventsDropped, RecordingReady, RecordingGone, IslandBegan, IslandEnded, IslandFloor),
    *(TriggerFired, TriggerHeld, ClockChanged, StoreSetAside, CommandAnswered),
)
