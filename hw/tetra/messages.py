"""What a TETRA line is ordered to do, what it tells, and what it wants done. Frozen data, nothing else."""

from dataclasses import dataclass
from typing import Literal

from hw.terminal import MakeSafe, Told, Write

LOW, HIGH, PRE_EMPTIVE, EMERGENCY = 0, 1, 2, 3
"""Priorities of a transmit demand."""

Lie = Literal["grant without request", "two callers at once", "two grants at once", "cease refused"]

# ---- events of the port ------------------------------------------------------------------------------------


# ---- orders ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """Ask for the transmitter, until `until` (monotonic s) unless renewed; on the group's call, set up if need be."""

    until: float
    priority: int = LOW


@dataclass(frozen=True)
class Release:
    """Stop transmitting, or stop asking."""


@dataclass(frozen=True)
class Dial:
    """Call a single subscriber, duplex."""

    number: str
    emergency: bool = False


@dataclass(frozen=True)
class Answer:
    """Take the incoming call `instance`."""

    instance: int


@dataclass(frozen=True)
class HangUp:
    """End the call `instance`."""

    instance: int


@dataclass(frozen=True)
class SelectGroup:
    """Select the talk group."""

    group: str


@dataclass(frozen=True)
class SendText:
    """Send a text to a subscriber or group; `key` names it in the facts."""

    key: str
    to: str
    text: str
    immediate: bool = False


@dataclass(frozen=True)
class SendStatus:
    """Send a 16-bit status."""

    key: str
    to: str
    status: int


# ---- facts -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TerminalReady:
    """The terminal answers and has been initialised."""


@dataclass(frozen=True)
class TerminalLost:
    """The terminal does not answer or its port is gone."""

    reason: str
    advice: str


@dataclass(frozen=True)
class CommandRefused:
    """The terminal answered `command` with an error."""

    command: str
    code: int | None


@dataclass(frozen=True)
class OrderRefused:
    """An order cannot be carried out."""

    order: str
    why: str


@dataclass(frozen=True)
class RegistrationChanged:
    """Registered in the network, or not; `word` for people."""

    registered: bool
    word: str


@dataclass(frozen=True)
class GroupSelected:
    """The terminal stands on this group."""

    group: str


@dataclass(frozen=True)
class SignalRead:
    """Field strength."""

    dbm: int


@dataclass(frozen=True)
class CallArrived:
    """Somebody calls this terminal or its group."""

    instance: int
    calling: str | None
    called: str | None
    group: bool
    priority: int | None
    emergency: bool


@dataclass(frozen=True)
class CallConnected:
    """The call stands."""

    instance: int


@dataclass(frozen=True)
class CallEnded:
    """The call is over."""

    instance: int
    why: str


@dataclass(frozen=True)
class TalkerStarted:
    """Somebody else talks on the call: open the receive path."""

    instance: int
    talker: str | None


@dataclass(frozen=True)
class TalkerEnded:
    """Nobody else talks on the call any more."""

    instance: int


@dataclass(frozen=True)
class TransmitGranted:
    """Talk now; `after` seconds since it was asked."""

    instance: int
    after: float


@dataclass(frozen=True)
class TransmitQueued:
    """The network will grant later."""

    instance: int


@dataclass(frozen=True)
class TransmitRefused:
    """The demand is over and was never granted."""

    why: str


@dataclass(frozen=True)
class TransmitEnded:
    """The demand is over after `seconds` of transmission."""

    why: str
    seconds: float


@dataclass(frozen=True)
class TextReceived:
    """A text for this terminal."""

    sender: str | None
    text: str
    immediate: bool


@dataclass(frozen=True)
class StatusReceived:
    """A status for this terminal."""

    sender: str | None
    status: int


@dataclass(frozen=True)
class PositionReceived:
    """Where a subscriber is; see hw.tetra.sds.Position."""

    sender: str | None
    latitude: float
    longitude: float
    error_m: int | None
    reason: int | None


@dataclass(frozen=True)
class MessageSent:
    """The terminal took the text or status `key`."""

    key: str


@dataclass(frozen=True)
class MessageFailed:
    """It could not be sent, or the network gave it up."""

    key: str
    why: str


@dataclass(frozen=True)
class MessageDelivered:
    """The other terminal has the text `key`."""

    key: str


@dataclass(frozen=True)
class DeviceLied:
    """The terminal said something that cannot be; the line was made safe."""

    what: Lie
    instance: int


Fact = (
    TerminalReady | TerminalLost | CommandRefused | OrderRefused | RegistrationChanged | GroupSelected
    | SignalRead | CallArrived | CallConnected | CallEnded | TalkerStarted | TalkerEnded | TransmitGranted
    | TransmitQueued | TransmitRefused | TransmitEnded | TextReceived | StatusReceived | PositionReceived
    | MessageSent | MessageFailed | MessageDelivered | DeviceLied
)  # fmt: skip

# ---- effects -----------------------------------------------------------------------------------------------


Effect = Write | Told | MakeSafe
