"""The voice port's telephone calls: what is asked of an engine that has an edge, and the facts it answers with.

A call is a leg like any other (`connect`, `hang_up`, LegUp, LegDown), but without a token: the edge (the registrar
before us, known by its address) has said who calls. This file imports no vendor library and does no I/O.
"""

import re
from dataclasses import dataclass
from typing import Literal, Protocol

from link.voice.port import PortId, VoiceEngine, VoiceError

CALLER_HEADER, KIND_HEADER = "X-Spillway-Caller", "X-Spillway-Kind"
TRUNK_HEADER, SRTP_HEADER = "X-Spillway-Trunk", "X-Spillway-Srtp"

Kind = Literal["phone", "trunk"]
NUMBER_SHAPE = re.compile(r"[0-9A-Za-z*#+._-]{1,40}")
DIGITS_SHAPE = re.compile(r"[0-9A-D*#]{1,32}")


@dataclass(frozen=True, slots=True)
class CallTo:
    """A call to be dialled: `uri` at the edge, `caller` the number that is shown there, `kind` what calls.

    `trunk` names the trunk it shall leave by. With `srtp` its sound is encrypted or the call is not made; without,
    it is offered both ways.
    """

    uri: str
    caller: str
    kind: Kind = "phone"
    trunk: str = ""
    srtp: bool = False


@dataclass(frozen=True, slots=True)
class CallCame:
    """Somebody calls from `source`, an edge: the extension or outside number `caller` has dialled `number`.

    Nothing has been answered yet; `ring`, `answer` or `refuse` it.
    """

    leg: PortId
    caller: str
    kind: Kind
    number: str
    trunk: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class CallRinging:
    """The far end of a call that was dialled rings; `early`: it sends sound already (SIP 183)."""

    leg: PortId
    early: bool


@dataclass(frozen=True, slots=True)
class CallHeld:
    """The far end put the call on hold, or took it back. A held leg hears nothing."""

    leg: PortId
    held: bool


@dataclass(frozen=True, slots=True)
class CallDigit:
    """The far end pressed a key (RFC 4733 or SIP INFO): one of 0-9, A-D, * or #."""

    leg: PortId
    digit: str


class TelephoneEngine(VoiceEngine, Protocol):
    """A voice engine that also carries telephone calls. Unknown legs raise VoiceError."""

    async def call(self, to: CallTo) -> PortId:
        """Dial a call. CallRinging, LegUp or LegDown follow, possibly before the return."""
        ...

    async def ring(self, leg: PortId, early: bool = False) -> None:
        """Tell the caller that it rings; with `early` what is connected to the leg is heard before the answer."""
        ...

    async def answer(self, leg: PortId) -> None:
        """Take a call that came. LegUp follows."""
        ...

    async def refuse(self, leg: PortId, code: int) -> None:
        """End a call with a SIP status (400 to 699) if it is not answered yet, else hang it up. LegDown follows."""
        ...

    async def send_digits(self, leg: PortId, digits: str) -> None:
        """Press keys for the far end (RFC 4733) of a call that is up."""
        ...

    async def hold(self, leg: PortId, held: bool) -> None:
        """Put the far end on hold, or take it back."""
        ...


def checked_number(number: str) -> str:
    """`number` itself; VoiceError when it could not stand in a SIP address."""
    if not NUMBER_SHAPE.fullmatch(number):
        raise VoiceError(f"number {number[:40]!r}: 1 to 40 digits, letters or *#+._- expected")
    return number


def checked_digits(digits: str) -> str:
    """`digits` themselves; VoiceError when a telephone has no such keys."""
    if not DIGITS_SHAPE.fullmatch(digits):
        raise VoiceError(f"digits {digits[:40]!r}: 1 to 32 of 0-9, A-D, * and # expected")
    return digits
