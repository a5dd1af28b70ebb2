"""What the bench's commands show: one model for each shape of answer."""

from pydantic import BaseModel, ConfigDict, Field


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Edge(_Shown):
    """One change at a device: its PTT or amplifier relay, what it emits, what it hears."""

    t_ns: int = Field(description="When, CLOCK_MONOTONIC of this machine, nanoseconds")
    at: float = Field(description="When, seconds after the start of the WAV")
    what: str = Field(
        description="What changed: ptt, carrier, cos, relay, zone1 …, collision, call, contact …"
    )
    value: int = Field(description="1 on, 0 off")


class Spoken(_Shown):
    """Somebody has called this radio over the air. Times: CLOCK_MONOTONIC of this machine, nanoseconds."""

    device: str = Field(description="`gateway/line`")
    carrier_on_ns: int = Field(description="When his carrier came")
    audio_start_ns: int = Field(description="When his first sample was on the air")
    carrier_off_ns: int = Field(description="When his carrier went")
    samples: int = Field(description="How many samples he spoke, at 16 kHz")


class Listened(_Shown):
    """What a device emitted. Times: CLOCK_MONOTONIC of this machine, nanoseconds."""

    device: str = Field(description="`gateway/line`")
    wav: str = Field(description="The file that was written; sample 0 is at start_ns, 16 kHz")
    start_ns: int = Field(description="When listening began")
    stop_ns: int = Field(description="When listening ended")
    samples: int = Field(description="Samples in the file")
    cut_short: bool = Field(description="It lasted longer than the bench keeps")
    levels_at_start: dict[str, int] = Field(description="What was on (1) and off (0) when listening began")
    edges: tuple[Edge, ...] = Field(description="What changed in between")


class Troubled(_Shown):
    """What is wrong with a device now."""

    device: str = Field(description="`gateway/line`")
    t_ns: int = Field(description="Since when, CLOCK_MONOTONIC of this machine, nanoseconds")
    trouble: tuple[str, ...] = Field(description="Everything that is wrong with it; empty when healthy")


class DeviceShown(_Shown):
    """One device of the bench."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    device: str = Field(description="`gateway/line`")
    kind: str = Field(
        description="radio, loudspeaker, tetra, shortwave, phone, contact or what hangs on a bus"
    )
    frequency_hz: int | None = Field(description="Frequency, Hz; null for what is not on the air")
    levels: dict[str, int] = Field(description="What is on (1) and off (0)")
    trouble: tuple[str, ...] = Field(description="What is wrong with it")
    verbs: tuple[str, ...] = Field(description="Verbs for trouble that it knows")
    facts: dict[str, str] = Field(description="What else can be seen at it")


class Acted(_Shown):
    """Somebody at the far end has done something; what can be seen at the device now."""

    device: str = Field(description="`gateway/line`")
    t_ns: int = Field(description="When, CLOCK_MONOTONIC of this machine, nanoseconds")
    facts: dict[str, str] = Field(description="What can be seen at it")


class Measured(_Shown):
    """What an instrument measures now."""

    device: str = Field(description="`gateway/name`")
    t_ns: int = Field(description="Since when, CLOCK_MONOTONIC of this machine, nanoseconds")
    value: float = Field(description="What it measures")
    unit: str = Field(description="m, mm, V or A")


class CableShown(_Shown):
    """One serial cable of the bench."""

    cable: str = Field(description="`gateway/link`")
    path: str = Field(description="Where a gateway finds it")
    plugged: bool = Field(description="It is plugged in")
    split: bool = Field(description="It hands over one byte at a time")
    lost: int = Field(description="Bytes that no gateway read")
    verbs: tuple[str, ...] = Field(description="Verbs that it knows")


class CableMoved(_Shown):
    """A cable after a verb."""

    cable: str = Field(description="`gateway/link`")
    t_ns: int = Field(description="When, CLOCK_MONOTONIC of this machine, nanoseconds")
    path: str = Field(description="Where a gateway finds it")
    plugged: bool = Field(description="It is plugged in")
