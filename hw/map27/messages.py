"""What a MAP27 line is ordered to do and what it tells. Frozen data, nothing else.

Most of it is the vocabulary of every trunked radio (hw.trunked); there is one call, its instance is always ONLY.
Parties are written PFIX/IDENT. HIGH and above set up a priority call, EMERGENCY an emergency call; a text is 1
to 88 ASCII characters; SelectGroup leaves a standing call as it is; the talker of TalkerStarted is the caller,
None where the call is our own; the priority of CallArrived is never told.
"""

from dataclasses import dataclass
from typing import Literal

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
    "ClearDownWarned",
    "DeviceLied",
    "Dial",
    "EMERGENCY",
    "Fact",
    "FieldRead",
    "HIGH",
    "HangUp",
    "Key",
    "LOW",
    "Lie",
    "MessageDelivered",
    "MessageFailed",
    "MessageSent",
    "ONLY",
    "OrderRefused",
    "PRE_EMPTIVE",
    "RegistrationChanged",
    "Release",
    "SelectGroup",
    "SendStatus",
    "SendText",
    "StatusReceived",
    "TalkerEnded",
    "TalkerStarted",
    "TerminalLost",
    "TerminalReady",
    "TextReceived",
    "TransmitEnded",
    "TransmitGranted",
    "TransmitQueued",
    "TransmitRefused",
]

ONLY = 1

Lie = Literal["grant without request", "two callers at once", "cease refused"]


@dataclass(frozen=True)
class FieldRead:
    """Field strength in the radio's own steps, 1 (weakest) to 255."""

    level: int


@dataclass(frozen=True)
class ClearDownWarned:
    """The network will end the call, in `left` seconds where that is known."""

    instance: int
    left: float | None


Fact = (
    TerminalReady | TerminalLost | OrderRefused | RegistrationChanged | FieldRead | CallArrived | CallConnected
    | CallEnded | TalkerStarted | TalkerEnded | TransmitGranted | TransmitQueued | TransmitRefused | TransmitEnded
    | ClearDownWarned | TextReceived | StatusReceived | MessageSent | MessageFailed | MessageDelivered | DeviceLied
)  # fmt: skip
