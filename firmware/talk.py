"""What a talk line is told, what it is set to, and what it asks of its device. Frozen data, nothing else."""

from dataclasses import dataclass
from typing import Literal

Grant = Literal["guard", "device"]
"""Who says when speech may go out: the guard's output is the transmitter, or the device grants it (trunked)."""

CallState = Literal["none", "pending", "up"]


@dataclass(frozen=True)
class LineSettings:
    """What the board file says of a talk line; times in seconds.

    `deaf`: after its own transmission nothing opens it. `late`: longest wait for a grant. `calls`: it can talk
    and hear only while a call stands, and the guard's lease is the call's. `open_limit`: a carrier longer than
    this is a squelch that sticks.
    """

    line: str
    ptt: str
    card: str
    lead: float = 0.05
    tail: float = 0.05
    timeout: float = 180.0
    grant: Grant = "guard"
    late: float = 5.0
    deaf: float = 0.0
    tail_cut: float = 0.0
    calls: bool = False
    call_limit: float = 1800.0
    open_limit: float = 600.0


# ---- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CarrierChanged:
    """Somebody began to talk on this line, or ended, at `at_ns` (CLOCK_MONOTONIC); `talker` if the device says."""

    on: bool
    at_ns: int
    talker: str = ""


@dataclass(frozen=True)
class KeyLine:
    """Transmit until `until` (monotonic s) unless renewed."""

    until: float
    talker: str = ""


@dataclass(frozen=True)
class ReleaseLine:
    """Play what waits and unkey."""


@dataclass(frozen=True)
class LocalPatch:
    """The gateway itself joins this line with others of its own, or does not any more: no link, no leg is needed."""

    on: bool


@dataclass(frozen=True)
class DeviceChanged:
    """The device of the line can be used (registered, in service), or not and why."""

    ready: bool
    why: str = ""


@dataclass(frozen=True)
class TransmitGranted:
    """The device transmits: speech may go out."""


@dataclass(frozen=True)
class TransmitQueued:
    """The network will grant later."""


@dataclass(frozen=True)
class TransmitLost:
    """The demand is over, granted before or not, and not by our release."""

    why: str


@dataclass(frozen=True)
class CallChanged:
    """The call of the line: none, pending (the transmitter works, nobody talks yet) or up; `number`: the other end."""

    state: CallState
    number: str = ""


@dataclass(frozen=True)
class ToneWanted:
    """Let the people on this line hear a short signal when the line can carry it."""

    tone: Literal["refused", "queued", "timeout", "go-ahead"]


# ---- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Demand:
    """Ask the device for its transmitter, or go on, until `until` (monotonic s)."""

    until: float


@dataclass(frozen=True)
class Cease:
    """Tell the device to let its transmitter go."""


@dataclass(frozen=True)
class EndCall:
    """Tell the device to end its call."""

    why: str
