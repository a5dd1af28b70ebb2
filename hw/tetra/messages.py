"""What a TETRA line is ordered to do, what it tells, and what it wants done. Frozen data, nothing else.

Most of it is the vocabulary of every trunked radio (hw.trunked); the rest is TETRA's own.
"""

from dataclasses import dataclass
from typing import Literal

from hw.terminal import MakeSafe, Told, Write
from hw.trunked import (
    EMERGENCY,
    HIGH,
    LOW,
    PRE_EMPTIVE,
    Answer,
    CallArrived,
    CallConnected,
    CallEnded,
    DeviceLied,
    Dial,
    HangUp,
    Key,
    MessageDelivered,
    MessageFailed,
    MessageSent,
    OrderRefused,
    RegistrationChanged,
    Release,
    SelectGroup,
    SendStatus,
    SendText,
    StatusReceived,
    TalkerEnded,
    TalkerStarted,
    TerminalLost,
    TerminalReady,
    TextReceived,
    TransmitEnded,
    TransmitGranted,
    TransmitQueued,
    TransmitRefused,
)

__all__ = [
    "Answer",
    "CallArrived",
    "CallConnected",
    "CallEnded",
    "CommandRefused",
    "DeviceLied",
    "Dial",
    "EMERGENCY",
    "Effect",
    "Fact",
    "GroupSelected",
    "HIGH",
    "HangUp",
    "Key",
    "LOW",
    "Lie",
    "MakeSafe",
    "MessageDelivered",
    "MessageFailed",
    "MessageSent",
    "OrderRefused",
    "PRE_EMPTIVE",
    "PositionReceived",
    "RegistrationChanged",
    "Release",
    "SelectGroup",
    "SendStatus",
    "SendText",
    "SignalRead",
    "StatusReceived",
    "TalkerEnded",
    "TalkerStarted",
    "TerminalLost",
    "TerminalReady",
    "TextReceived",
    "Told",
    "TransmitEnded",
    "TransmitGranted",
    "TransmitQueued",
    "TransmitRefused",
    "Write",
]

Lie = Literal["grant without request", "two callers at once", "two grants at once", "cease refused"]


@dataclass(frozen=True)
class CommandRefused:
    """The terminal answered `command` with an error."""

    command: str
    code: int | None


@dataclass(frozen=True)
class GroupSelected:
    """The terminal stands on this group."""

    group: str


@dataclass(frozen=True)
class SignalRead:
    """Field strength."""

    dbm: int


@dataclass(frozen=True)
class PositionReceived:
    """Where a subscriber is; see hw.tetra.sds.Position."""

    sender: str | None
    latitude: float
    longitude: float
    error_m: int | None
    reason: int | None


Fact = (
    TerminalReady | TerminalLost | CommandRefused | OrderRefused | RegistrationChanged | GroupSelected
    | SignalRead | CallArrived | CallConnected | CallEnded | TalkerStarted | TalkerEnded | TransmitGranted
    | TransmitQueued | TransmitRefused | TransmitEnded | TextReceived | StatusReceived | PositionReceived
    | MessageSent | MessageFailed | MessageDelivered | DeviceLied
)  # fmt: skip

Effect = Write | Told | MakeSafe
