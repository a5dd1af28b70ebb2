"""Recording on a gateway, between its two processes: what shall be recorded, and what became of it.

Part of the gateway's conversation with its voice process (link/contract/neighbour.py). Times of a recording are the
gateway's; its sound is sealed before it reaches the disk, so the key that seals comes with each order.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from link.contract.ids import LineId, Short
from link.contract.wire import Wire

RecordingId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,120}$")]
"""Also the name of its files: `<gateway>-<line>-<utc time>-<n>`."""
PublicKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class RecordLine(Wire):
    """Record what the line hears and sends from now on, sealed to `seal`; a recording of that line ends first."""

    recording: RecordingId
    line: LineId
    seal: PublicKey
    group: Short = ""
    cause: Short = ""


class EndRecording(Wire):
    """Close the recording; `cause` replaces what RecordLine said, if it says anything."""

    recording: RecordingId
    cause: Short = ""


class RecordingKept(Wire):
    """A recording lies whole on the disk, with its side-car; `cut`: it ended otherwise than by EndRecording."""

    recording: RecordingId
    line: LineId
    seconds: float = Field(ge=0)
    size: int = Field(ge=0)
    cut: bool = False
    dropped: int = 0


class RecordingLost(Wire):
    """A recording failed, or broke off (then RecordingKept came before); `advice` is for the technician."""

    recording: RecordingId
    line: LineId
    why: Short
    advice: Short = ""


RECORDING: tuple[type[Wire], ...] = (RecordLine, EndRecording, RecordingKept, RecordingLost)
