"""The bench socket's messages: one JSON object per line. Only here are their fields spelt.

A connection's first line says what it is: "attach" makes it a gateway's pins, "sound" the pipe of one card
and direction (raw s16le follows), anything else a control connection. Unknown fields are refused.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

MOST_LINE = 65_536
PIN_NAME = r"^[a-z0-9][a-z0-9._-]*\.(rts|dtr|cts|dsr|dcd|ri)$"


Pin = Annotated[int, Field(ge=0, le=53)] | Annotated[str, Field(pattern=PIN_NAME, max_length=64)]
"""A pin by its number, or a modem-control line by its name: "digirig.rts"."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Attach(_Message):
    """A gateway process opens a pin; value is the first level of an output."""

    op: Literal["attach"]
    gateway: str = Field(max_length=64)
    pin: Pin
    dir: Literal["in", "out"]
    value: Literal[0, 1] = 0
    pull: Literal["up", "down", "none"] = "none"


class Write(_Message):
    """A gateway process drives an attached output; at_ns is when it did (monotonic)."""

    op: Literal["write"]
    pin: Pin
    value: Literal[0, 1]
    at_ns: int = 0


class Edge(_Message):
    """Bench to gateway: the level of an attached input, once after attaching and at every change."""

    op: Literal["edge"] = "edge"
    pin: Pin
    value: Literal[0, 1]
    at_ns: int


class Refused(_Message):
    """Bench to gateway: this pin is driven by another process, or was not attached."""

    op: Literal["refused"] = "refused"
    pin: Pin
    why: str


class Sound(_Message):
    """The pipe of one card and direction; the bench answers {"ok":true} or {"ok":false,"error":...}."""

    op: Literal["sound"]
    gateway: str = Field(max_length=64)
    card: str = Field(max_length=64)
    dir: Literal["capture", "playback"]


Device = Annotated[str, Field(max_length=130)]
Path = Annotated[str, Field(min_length=1, max_length=4096)]


class Speak(_Message):
    """Somebody speaks a WAV to a device; lead_ms None = sound begins when a radio's squelch opens.

    `talker` is the ISSI of whoever speaks on TETRA; `noise_db` puts his speech into noise so far below it.
    """

    op: Literal["speak"]
    device: Device
    wav: Path
    lead_ms: float | None = Field(default=None, ge=0, le=10_000)
    trail_ms: float = Field(default=0.0, ge=0, le=10_000)
    talker: int | None = Field(default=None, ge=1, le=16_777_215)
    noise_db: float | None = Field(default=None, ge=-20, le=90)


class Key(_Message):
    """A handset keys up without sound, or lets go."""

    op: Literal["key", "unkey"]
    device: Device


class ListenStart(_Message):
    """Begins to keep what a device emits."""

    op: Literal["listen_start"]
    device: Device


class ListenStop(_Message):
    """Ends it and writes the WAV."""

    op: Literal["listen_stop"]
    id: str = Field(max_length=40)
    wav: Path


class Listen(_Message):
    """Both in one, `seconds` apart."""

    op: Literal["listen"]
    device: Device
    seconds: float = Field(gt=0, le=3600)
    wav: Path


class Edges(_Message):
    """The device's edges at or after since_ns (monotonic)."""

    op: Literal["edges"]
    device: Device
    since_ns: int = 0


class Devices(_Message):
    """Everything on the bench."""

    op: Literal["devices"]


class TroubleVerb(_Message):
    """One verb for trouble."""

    op: Literal["trouble"]
    device: Device
    verb: str = Field(max_length=64)


class Person(_Message):
    """What somebody at the far end does: on a phone's network, or on TETRA."""

    op: Literal["person"]
    device: Device
    act: Literal["call", "answer", "hang_up", "text", "status", "emergency", "position"]
    who: str = Field(default="", max_length=64)
    what: str = Field(default="", max_length=2000)


class Measure(_Message):
    """What an instrument measures from now on; `more` adds to what it showed."""

    op: Literal["measure"]
    device: Device
    kind: Literal["level", "rain", "volts", "current"]
    value: float = Field(ge=-30_000, le=30_000)
    more: bool = False


class CableVerb(_Message):
    """One verb of a serial cable, `gateway/link`."""

    op: Literal["cable"]
    cable: Device
    verb: str = Field(max_length=80)


PinMessage = Attach | Write
Control = (
    Speak
    | Key
    | ListenStart
    | ListenStop
    | Listen
    | Edges
    | Devices
    | TroubleVerb
    | Person
    | Measure
    | CableVerb
)

OPS = (
    "speak", "key", "unkey", "listen_start", "listen_stop", "listen", "edges", "devices", "trouble", "person",
    "measure", "cable",
)  # fmt: skip
PIN: TypeAdapter[PinMessage] = TypeAdapter(Annotated[PinMessage, Field(discriminator="op")])
CONTROL: TypeAdapter[Control] = TypeAdapter(Annotated[Control, Field(discriminator="op")])
EDGE: TypeAdapter[Edge | Refused] = TypeAdapter(Annotated[Edge | Refused, Field(discriminator="op")])
