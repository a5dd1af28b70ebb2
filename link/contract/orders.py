"""What the centre orders: imperative, frozen. Nobody waits for a reply; the reply is a later fact.

Orders travel as commands (row 8); talk-path orders as realtime frames (row 14), see realtime.py.
"""

from typing import Literal

from pydantic import Field

from link.contract.ids import LineId, Sha256, Short, Token
from link.contract.wire import Wire

Channel = Literal["live", "drill", "test"]


class DialLeg(Wire):
    """Dial the standing leg of `line` to the voice node; the token opens exactly one call."""

    line: LineId
    uri: Short
    token: Token


class OpenSession(Wire):
    """Begin to accept talk-path frames authenticated with `key` (hex, 32 bytes) in session `sid`."""

    sid: Short
    key: str = Field(pattern=r"^[0-9a-f]{64}$")


class PlayClip(Wire):
    """Sound a clip on a loudspeaker line. Equal `play` is the same playing; a repeat of it does nothing."""

    play: Short
    line: LineId
    sha: Sha256
    size: int = Field(ge=44, le=64_000_000)
    seconds: float = Field(gt=0, le=3600)
    priority: int = Field(default=5, ge=0, le=9)
    gain_db: float = Field(default=0.0, ge=-40, le=6)


class StopClip(Wire):
    """Stop one playing; unknown ones are a no-op."""

    play: Short


ORDERS: dict[str, type[Wire]] = {
    "leg.dial": DialLeg,
    "ptt.open": OpenSession,
    "pa.play": PlayClip,
    "pa.stop": StopClip,
}

OP_OF: dict[type[Wire], str] = {kind: op for op, kind in ORDERS.items()}


class Command(Wire):
    """An addressed order with its limits in time. `n` rises over all commands of one sender."""

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


class Signature(Wire):
    """Who signed the bytes of a command. Empty lists are accepted on the bench only, until keys exist."""

    kid: Short
    sig: bytes
