"""What a MAP27 line is ordered to do and what it tells. Frozen data, nothing else.

Names and fields are those of a TETRA line wherever the meaning is the same; there is one call, its instance is
always ONLY. Parties are written PFIX/IDENT.
"""

from dataclasses import dataclass
from typing import Literal

LOW, HIGH, PRE_EMPTIVE, EMERGENCY = 0, 1, 2, 3
"""Priorities of a demand: HIGH and above set up a priority call, EMERGENCY an emergency call."""
ONLY = 1

Lie = Literal["grant without request", "two callers at once", "cease refused"]

# ---- orders ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """Ask for the transmitter, until `until` (monotonic s) unless renewed; on the call, set up if need be."""

    until: float
    priority: int = LOW


@dataclass(frozen=True)
class Release:
    """Stop transmitting, or stop asking. The call stands until the network ends it, or HangUp."""


@dataclass(frozen=True)
class Dial:
    """Call one unit or group."""

    number: str
    emergency: bool = False


@dataclass(frozen=True)
class Answer:
    """Take the incoming call: off the hook."""

    instance: int = ONLY


@dataclass(frozen=True)
class HangUp:
    """End the call."""

    instance: int = ONLY


@dataclass(frozen=True)
class SelectGroup:
    """The group that Key calls from now on; a standing call goes on."""

    group: str


@dataclass(frozen=True)
class SendText:
    """Send up to 88 ASCII characters; `key` names it in the facts."""

    key: str
    to: str
    text: str


@dataclass(frozen=True)
class SendStatus:
    """Send a status of 0 to 31."""

    key: str
    to: str
    status: int


# ---- facts -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TerminalReady:
    """The link with the radio stands."""


@dataclass(frozen=True)
class TerminalLost:
    """The radio does not answer, has restarted, or its port is gone."""

    reason: str
    advice: str


@dataclass(frozen=True)
class OrderRefused:
    """An order cannot be carried out."""

    order: str
    why: str


@dataclass(frozen=True)
class RegistrationChanged:
    """In radio contact with the network, or not; `word` for people."""

    registered: bool
    word: str


@dataclass(frozen=True)
class FieldRead:
    """Field strength in the radio's own steps, 1 (weakest) to 255."""

    level: int


@dataclass(frozen=True)
class CallArrived:
    """Somebody calls this radio or its group. `priority` is never told by MAP27."""

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
    """The call is open for others to talk: open the receive path. `talker` is the caller, None on own calls."""

    instance: int
    talker: str | None


@dataclass(frozen=True)
class TalkerEnded:
    """Nobody else can be heard on the call any more."""

    instance: int


@dataclass(frozen=True)
class TransmitGranted:
    """Talk now; `after` seconds since it was asked."""

    instance: int
    after: float


@dataclass(frozen=True)
class TransmitQueued:
    """The network will connect the call later; `why` in its words."""

    instance: int
    why: str = ""


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
class ClearDownWarned:
    """The network will end the call, in `left` seconds where that is known."""

    instance: int
    left: float | None


@dataclass(frozen=True)
class TextReceived:
    """A text in 8-bit characters for this radio."""

    sender: str | None
    text: str
    immediate: bool = False


@dataclass(frozen=True)
class StatusReceived:
    """A status of 0 to 31 for this radio."""

    sender: str | None
    status: int


@dataclass(frozen=True)
class MessageSent:
    """The radio has the text or status `key` and the network queues it."""

    key: str


@dataclass(frozen=True)
class MessageFailed:
    """It could not be sent, or the network gave it up."""

    key: str
    why: str


@dataclass(frozen=True)
class MessageDelivered:
    """The network acknowledged the text or status `key`."""

    key: str


@dataclass(frozen=True)
class DeviceLied:
    """The radio said something that cannot be; the line was made safe."""

    what: Lie
    instance: int = ONLY


Fact = (
    TerminalReady | TerminalLost | OrderRefused | RegistrationChanged | FieldRead | CallArrived | CallConnected
    | CallEnded | TalkerStarted | TalkerEnded | TransmitGranted | TransmitQueued | TransmitRefused | TransmitEnded
    | ClearDownWarned | TextReceived | StatusReceived | MessageSent | MessageFailed | MessageDelivered | DeviceLied
)  # fmt: skip
