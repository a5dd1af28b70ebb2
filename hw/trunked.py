"""What any trunked radio behind a cable (TETRA, MPT-1327) is ordered to do and what it tells. Frozen data.

One vocabulary for all families, so that a gateway treats them alike. Identities are written as the family writes
them. A family whose radio holds one call only counts it as instance 1.
"""

from dataclasses import dataclass

LOW, HIGH, PRE_EMPTIVE, EMERGENCY = 0, 1, 2, 3
"""Priorities of a transmit demand."""

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
    """Send a status: 16 bits in TETRA, 0 to 31 in MPT-1327."""

    key: str
    to: str
    status: int


# ---- facts -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TerminalReady:
    """The terminal answers and can be used."""


@dataclass(frozen=True)
class TerminalLost:
    """The terminal does not answer or its port is gone."""

    reason: str
    advice: str


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
    """The network will grant later; `why` in its words where it says so."""

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

    what: str
    instance: int
