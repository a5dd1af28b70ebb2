"""Who may let what sound: authorities and stops, signed by persons; which command needs which of them.

An authority says what may sound, where, when and on which channel. A delivery (command `pa.play`) carries it and is
signed by the centre's runner key, which alone authorises nothing. See docs/contract.md, authority and delivery.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from link.contract.documents import Condition, TriggerId
from link.contract.envelope import EnvelopeError, pack, unpack
from link.contract.ids import GatewayId, Label, LineRef, Sha256, Short, Text, ZoneId
from link.contract.orders import Channel
from link.contract.wire import Wire, validated

DAY = 86_400
LONGEST, LONGEST_STANDING = DAY, 400 * DAY
"""Seconds for which an authority holds at most."""
LONGEST_STOP = 300
"""Seconds for which a stop holds at most."""
LONGEST_DELIVERY = 60
"""Seconds for which a delivery of class A or B holds at most."""
PERSONS = {"live": 2, "drill": 1, "test": 1}
"""How many different persons sign an authority for a channel."""

OpClass = Literal["sound", "stop", "session", "admin"]
CLASS_OF: dict[str, OpClass] = {
    "pa.play": "sound",
    "pa.stop": "stop",
    "ptt.open": "session",
    "leg.dial": "session",
    "line.tone": "session",
    "line.group": "session",
    "rig.tune": "session",
    "call.dial": "session",
    "call.answer": "session",
    "call.end": "session",
    "call.tones": "session",
    "text.send": "session",
    "status.send": "session",
    "bypass.set": "session",
    "bypass.drill": "session",
}
"""Operation to its class: sound (A live, B drill and test), stop (C), session (by the runner key, within the session
that `sid` names), admin (E)."""


class Standing(Wire):
    """What makes an authority a standing one: the local trigger it is for, exactly as the desired document has it."""

    gateway: GatewayId
    trigger: TriggerId
    conditions: tuple[Condition, ...] = Field(min_length=1, max_length=8)
    stop: Short = ""
    most: int = Field(ge=1, le=100)
    per: float = Field(ge=60, le=86400)


class Authority(Wire):
    """What may sound. `id` has no dot; times are Unix seconds; `lines` are `gateway/line` beside the zones.

    `text` is what the clips say, as the asker wrote it, for whoever signs.
    """

    v: Literal[1] = 1
    id: Short = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    ch: Channel
    clips: tuple[Sha256, ...] = Field(min_length=1, max_length=32)
    zones: tuple[ZoneId, ...] = Field(default=(), max_length=64)
    lines: tuple[Short, ...] = Field(default=(), max_length=64)
    text: Text = ""
    label: Label = ""
    by: Short = Field(min_length=1)
    iat: int = Field(ge=0)
    not_before: int = Field(ge=0)
    not_after: int = Field(ge=0)
    standing: Standing | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        longest = LONGEST if self.standing is None else LONGEST_STANDING
        if not self.not_before < self.not_after <= self.not_before + longest:
            raise ValueError(f"it holds from not_before to not_after, at most {longest} s")
        if not (self.zones or self.lines):
            raise ValueError("it names no zone and no line")
        for line in self.lines:
            LineRef.parse(line)
        sources = {each.source for each in self.standing.conditions} if self.standing else set()
        if self.standing is not None and self.ch == "live" and len(sources) < 2:
            raise ValueError("a live standing authority needs conditions on two different sources")
        return self

    def covers(self, line: str, zones_of_line: frozenset[str]) -> bool:
        """Whether `gateway/line`, which lies in these zones, may sound by it."""
        return line in self.lines or not zones_of_line.isdisjoint(self.zones)


class Stop(Wire):
    """One person's word that what `ref` (an authority's id) authorised shall end. Unix seconds."""

    v: Literal[1] = 1
    id: Short = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    ref: Short = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    ch: Channel
    by: Short = Field(min_length=1)
    iat: int = Field(ge=0)
    exp: int = Field(ge=0)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not self.iat < self.exp <= self.iat + LONGEST_STOP:
            raise ValueError(f"a stop holds at most {LONGEST_STOP} s")
        return self


def encode_raw(document: Authority | Stop) -> bytes:
    """The octets that persons sign."""
    return pack(document.model_dump(mode="python"))


def decode_authority(raw: bytes) -> Authority:
    """EnvelopeError only."""
    return validated(Authority, _versioned(raw, "authority"))


def decode_stop(raw: bytes) -> Stop:
    """EnvelopeError only."""
    return validated(Stop, _versioned(raw, "stop"))


def _versioned(raw: bytes, what: str) -> object:
    value = unpack(raw)
    if isinstance(value, dict) and value.get("v") != 1:
        raise EnvelopeError("version", f"{what} version {str(value.get('v'))[:20]}")
    return value
