"""What core and a voice node say to each other about telephone calls.

A call's leg has a name, as a line's leg has: `call:…`. Core names the legs it has dialled, the node names those that
came. Who hears whom is a bridge like any other (SetBridge). The node decides nothing: a call that came waits until
core says what becomes of it.
"""

from typing import Literal

from pydantic import Field

from link.contract.ids import Short
from link.contract.wire import Wire

CALL = "call:"
"""Begins the name of each leg of a telephone call; no gateway is called so."""

Sound = Literal["silence", "ringback", "busy", "hold", "refused", "queued", "timeout"]
"""What a leg can be played: tones of the telephone network, music on hold, and words to a talker."""


# ---- core -> voice node ------------------------------------------------------------------------------------


class PlaceCall(Wire):
    """Dial `number` at the edge, as `caller`; by `trunk` if one is named. It is the leg `leg`."""

    leg: Short
    number: Short
    caller: Short
    trunk: Short = ""
    srtp: bool = False


class RingCall(Wire):
    """Tell the caller on `leg` that it rings; `early`: he hears what is played and bridged to him."""

    leg: Short
    early: bool = False


class AnswerCall(Wire):
    """Take the call on `leg`."""

    leg: Short


class EndCall(Wire):
    """End the leg: refused with the SIP status `code` if it was not answered, else hung up."""

    leg: Short
    code: int = Field(default=603, ge=400, le=699)


class PlayToCall(Wire):
    """Let the leg hear this sound, again and again, or once if it is a word to a talker; `silence` stops it."""

    leg: Short
    sound: Sound


class PressKeys(Wire):
    """Press keys for the far end of the leg."""

    leg: Short
    digits: str = Field(pattern=r"^[0-9A-D*#]{1,32}$")


# ---- voice node -> core ------------------------------------------------------------------------------------


class CallArrived(Wire):
    """Somebody calls: an extension (`phone`) or a number outside (`trunk`) has dialled `number`."""

    leg: Short
    caller: Short
    number: Short
    kind: Literal["phone", "trunk"] = "phone"
    trunk: Short = ""


class CallRang(Wire):
    """The far end that was dialled rings, or (`early`) sends sound before its answer."""

    leg: Short
    early: bool = False


class CallAnswered(Wire):
    """The leg stands: its sound flows."""

    leg: Short
    codec: Short = ""


class CallGone(Wire):
    """The leg is no more; `code` is the SIP status, 200 a normal end."""

    leg: Short
    code: int = 0
    why: Short = ""


class CallHeldAway(Wire):
    """The far end put us on hold, or took us back."""

    leg: Short
    held: bool


class KeyPressed(Wire):
    """A key was pressed at the far end."""

    leg: Short
    digit: str = Field(pattern=r"^[0-9A-D*#]$")


CALLS: tuple[type[Wire], ...] = (
    *(PlaceCall, RingCall, AnswerCall, EndCall, PlayToCall, PressKeys),
    *(CallArrived, CallRang, CallAnswered, CallGone, CallHeldAway, KeyPressed),
)
