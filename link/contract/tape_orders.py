"""Recording at the centre, between core and its voice node: what shall be recorded, and what became of it.

Part of their conversation (link/contract/neighbour.py). A recording is cut into segments, each a file of its own; the
last one carries the recording's own id. Ticks are those of one run of the node (`epoch`): only there they compare.
"""

from typing import Literal

from pydantic import Field

from link.contract.ids import Short
from link.contract.wire import Wire

MOST_LEGS = 1024
"""Legs of one bridge or one recording, and so the members of one group."""


def nothing(value: object) -> bool:
    """A field added later is left out while it says nothing: the bytes stay what older versions write."""
    return not value


class StartRecording(Wire):
    """Record to a WAV at `path` (relative to the recordings folder).

    `mixed`: what the talkers of `bridge` say there, as its listeners hear it. Else what the named legs say, except
    while they talk in another bridge than this.
    """

    recording: Short
    path: Short
    legs: tuple[Short, ...] = Field(default=(), max_length=MOST_LEGS)
    bridge: Short = Field(default="", exclude_if=nothing)
    mixed: bool = Field(default=False, exclude_if=nothing)
    segment_s: int = Field(default=0, ge=0, le=86400, exclude_if=nothing, description="0: never cut")


class SetRecordingLegs(Wire):
    """The recording now holds these legs; others are parted from it."""

    recording: Short
    legs: tuple[Short, ...] = Field(default=(), max_length=MOST_LEGS)


class StopRecording(Wire):
    """Close the file."""

    recording: Short


class RecordingBegan(Wire):
    """The file runs: what its first sample is in ticks, in the node's monotonic and in wall time (ns)."""

    recording: Short
    epoch: Short
    rate_hz: int
    tick: int
    mono_ns: int
    wall_ns: int
    sure: bool = True


class RecordingClosed(Wire):
    """A file is complete, or what could be kept of it is; `sha` is its SHA-256.

    `first` is its first sample counted from the recording's, `segment` its number from 1 (0: never cut), `more`: the
    recording goes on in the next. `hole_ms`: time that passed and is not in it.
    """

    recording: Short
    path: Short
    seconds: float
    sha: Short
    state: Literal["closed", "repaired", "failed"] = "closed"
    why: Short = ""
    first: int = Field(default=0, exclude_if=nothing)
    samples: int = Field(default=0, exclude_if=nothing)
    segment: int = Field(default=0, exclude_if=nothing)
    more: bool = Field(default=False, exclude_if=nothing)
    pcm_sha: Short = Field(default="", exclude_if=nothing)
    mono_ns: int = Field(default=0, exclude_if=nothing)
    wall_ns: int = Field(default=0, exclude_if=nothing)
    hole_ms: int = Field(default=0, exclude_if=nothing)
