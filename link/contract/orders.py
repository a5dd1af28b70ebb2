"""What the centre orders: imperative, frozen. Nobody waits for a reply; the reply is a later fact.

Orders travel as commands (row 8); talk-path orders as realtime frames (row 14), see realtime.py.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from link.contract.ids import LineId, Sha256, Short, Text, Token
from link.contract.wire import Wire

Channel = Literal["live", "drill", "test"]
_HEX_32 = r"^([0-9a-f]{64})?$"


class DialLeg(Wire):
    """Dial the standing leg of `line` to the voice node; the token opens exactly one call."""

    line: LineId
    uri: Short
    token: Token


class OpenSession(Wire):
    """Begin to accept talk-path frames in session `sid`.

    They are authenticated with `key` (hex, 32 bytes; plain only), or with the key agreed between the birth's `talk` and
    `public` (X25519, hex, 32 bytes).
    """

    sid: Short
    key: str = Field(default="", pattern=_HEX_32, exclude_if=lambda value: not value)
    public: str = Field(default="", pattern=_HEX_32, exclude_if=lambda value: not value)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.key) == bool(self.public):
            raise ValueError("a session is opened by a key or by a public key, one of both")
        return self


class PlayClip(Wire):
    """Sound a clip on a loudspeaker line. Equal `play` is the same playing; a repeat of it does nothing."""

    play: Short
    line: LineId
    sha: Sha256
    size: int = Field(ge=44, le=64_000_000)
    seconds: float = Field(gt=0, le=3600)
    priority: int = Field(default=5, ge=0, le=9)
    gain_db: float = Field(default=0.0, ge=-40, le=6)
    chime: bool | None = Field(default=None, description="a gong before it; None: as the board file says")
    background: bool = Field(
        default=False, description="lowered, not ended, while something more urgent sounds"
    )


class StopClip(Wire):
    """Stop one playing; unknown ones are a no-op."""

    play: Short


class PlayTone(Wire):
    """Let the people on `line` hear a short signal, when the line can carry it; nothing is kept for later."""

    line: LineId
    tone: Literal["refused", "queued", "timeout", "go-ahead"]


class SelectTalkGroup(Wire):
    """Put the terminal of a trunked line on a group of its network."""

    line: LineId
    group: Short


class TuneRig(Wire):
    """Retune a rig; 0 and empty leave as it is."""

    line: LineId
    frequency_hz: int = Field(default=0, ge=0, le=60_000_000)
    mode: Literal["", "USB", "LSB", "AM", "CW", "FM"] = ""
    passband_hz: int = Field(default=0, ge=0, le=20_000)


class DialNumber(Wire):
    """Call a number over a phone line (a subscriber over a trunked line)."""

    line: LineId
    number: str = Field(pattern=r"^\+?[0-9*#]{1,40}$")


class AnswerCall(Wire):
    """Take the call that rings on the line."""

    line: LineId


class HangUpCall(Wire):
    """End the call of the line, or refuse the one that rings."""

    line: LineId


class SendTones(Wire):
    """DTMF into the call of the line."""

    line: LineId
    digits: str = Field(pattern=r"^[0-9*#A-D]{1,32}$")


class SendText(Wire):
    """Send a text of any script over a phone (SMS) or trunked terminal (SDS). Equal `id` is the same text."""

    line: LineId
    id: Short
    to: str = Field(pattern=r"^\+?[0-9*#]{1,40}$")
    text: Text


class SendStatus(Wire):
    """Send a 16-bit status over a trunked line."""

    line: LineId
    id: Short
    to: str = Field(pattern=r"^\+?[0-9/]{1,40}$")
    status: int = Field(ge=0, le=65535)


class SetBypass(Wire):
    """Bypass a trunk until it is ordered back."""

    bypass: Short
    on: bool


class DrillBypass(Wire):
    """Let the bypass relay fall for `seconds`, hold it again and tell how it went."""

    bypass: Short
    drill: Short
    seconds: float = Field(default=5.0, ge=1, le=60)


ORDERS: dict[str, type[Wire]] = {
    "leg.dial": DialLeg,
    "ptt.open": OpenSession,
    "pa.play": PlayClip,
    "pa.stop": StopClip,
    "line.tone": PlayTone,
    "line.group": SelectTalkGroup,
    "rig.tune": TuneRig,
    "call.dial": DialNumber,
    "call.answer": AnswerCall,
    "call.end": HangUpCall,
    "call.tones": SendTones,
    "text.send": SendText,
    "status.send": SendStatus,
    "bypass.set": SetBypass,
    "bypass.drill": DrillBypass,
}

OP_OF: dict[type[Wire], str] = {kind: op for op, kind in ORDERS.items()}


def _unsaid(value: object) -> bool:
    """A field added later is left out while it says nothing."""
    return not value


class Command(Wire):
    """An addressed order with its limits in time. `n` rises over all commands of one sender.

    `auth` and `ref` name the authority, `doc` carries it (or the stop) as it was signed.
    """

    v: Literal[1] = 1
    id: Short
    to: Short
    op: Short
    args: dict[str, object]
    ch: Channel = "live"
    n: int = Field(ge=0)
    iat: int = Field(ge=0, description="Unix seconds")
    exp: int = Field(ge=0, description="Unix seconds")
    ttl: int = Field(ge=1, le=600, description="seconds")
    by: Short = "core"
    auth: Short | None = None
    ref: Short | None = None
    sid: Short = Field(
        default="", exclude_if=_unsaid, description="the session that a session command is for"
    )
    nonce: Short = Field(
        default="", exclude_if=_unsaid, description="of the gateway, where its clock is not trusted"
    )
    doc: bytes = Field(
        default=b"",
        exclude_if=_unsaid,
        max_length=8000,
        description="the signed authority or stop, see authority.py",
    )
