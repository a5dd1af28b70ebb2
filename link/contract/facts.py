"""What gateways report: past tense, frozen. Facts of the realtime lane move things; evidence never does.

Evidence types are numbered in EVIDENCE, which is append-only, as are the fields of each type: on the wire a
fact is `[number, …fields in order]`.
"""

from typing import Literal

from pydantic import Field

from link.contract.field_facts import FIELD_EVIDENCE
from link.contract.ids import LineId, Sha256, Short
from link.contract.link_facts import LINK_EVIDENCE, LaneName, TimeQuality
from link.contract.profile import ProfileName
from link.contract.wire import Wire

LineKind = Literal["radio", "loudspeaker", "shortwave", "tetra", "map27", "phone"]


class LineReport(Wire):
    """What is true of one line now, in the realtime lane. `ptt` is the guard's read-back, not the order."""

    line: LineId
    carrier: bool
    ptt: bool
    leg: bool
    talker: Short | None = None


class RealtimeReport(Wire):
    """All lines of a gateway in one message (row 13). `n` rises strictly within a session."""

    n: int = Field(ge=0)
    mono_ms: int = Field(ge=0)
    lines: tuple[LineReport, ...] = Field(max_length=64)


def _unsaid(value: object) -> bool:
    """A field added later is left out while it says nothing: the bytes stay what older versions write."""
    return not value


class LaneMark(Wire):
    """One lane of the outbox: its present epoch, the one before, and how far the centre had taken the present one."""

    lane: LaneName
    epoch: int
    prev_epoch: int = 0
    acked: int = 0


class Birth(Wire):
    """First message of a connection (row 1). `sid` names the connection.

    `boot` is `<start of the computer>.<start of the process>`, each 8 hex digits: monotonic times of one start of
    the computer are comparable. `t` (Unix ms) and `mono_ms` are the clocks at one moment, `tq` how good `t` is.
    `nonce` stands in commands to a gateway whose clock is not trusted. `talk` is a fresh X25519 key, `cert` the
    gateway's certificate (DER) and `proof` its signature (ECDSA, purpose sw-talk-v1) over gateway, sid and `talk`.
    """

    v: Literal[1] = 1
    on: Literal[1] = 1
    sid: Short
    boot: Short
    fw: Short
    proto: tuple[int, ...] = (1,)
    up_s: float = 0.0
    lanes: tuple[LaneMark, ...] = Field(default=(), max_length=8, exclude_if=_unsaid)
    t: int = Field(default=0, exclude_if=_unsaid)
    mono_ms: int = Field(default=0, exclude_if=_unsaid)
    tq: TimeQuality | None = Field(default=None, exclude_if=_unsaid)
    profile: ProfileName | None = Field(default=None, exclude_if=_unsaid)
    nonce: Short = Field(default="", exclude_if=_unsaid)
    talk: bytes = Field(default=b"", max_length=32, exclude_if=_unsaid)
    cert: bytes = Field(default=b"", max_length=4096, exclude_if=_unsaid)
    proof: bytes = Field(default=b"", max_length=128, exclude_if=_unsaid)


class Death(Wire):
    """The will (row 1). A death whose sid is not that of the last birth is old news."""

    v: Literal[1] = 1
    on: Literal[0] = 0
    sid: Short


class Heartbeat(Wire):
    """Row 2: still here. `q`: age (s) of the oldest event the centre has not taken, `n`: how many wait."""

    s: Short
    t: int
    q: float = Field(default=0.0, exclude_if=_unsaid)
    n: int = Field(default=0, exclude_if=_unsaid)
    tq: TimeQuality | None = Field(default=None, exclude_if=_unsaid)
    mono_ms: int = Field(default=0, exclude_if=_unsaid)


class LineDescription(Wire):
    """What a line is, told once per connection."""

    line: LineId
    kind: LineKind
    label: Short = ""
    geo: bool = Field(default=False, exclude_if=lambda value: not value, description="a geostationary hop")
    leg: bool = Field(default=True, exclude_if=bool, description="wants a standing voice leg to the centre")


class Snapshot(Wire):
    """A gateway's whole state as one retained message (row 3, key `snapshot`)."""

    v: Literal[1] = 1
    sid: Short
    fw: Short
    lines: tuple[LineDescription, ...] = Field(max_length=64)
    health: tuple["HealthChanged", ...] = Field(default=(), max_length=64)
    playing: tuple[Short, ...] = Field(default=(), max_length=64)


class LineOpened(Wire):
    """Somebody began to talk on this line."""

    line: LineId
    talker: Short | None = None


class LineClosed(Wire):
    """The talk spurt ended; `seconds` is how long the carrier stood."""

    line: LineId
    seconds: float


class TransmitStarted(Wire):
    """The line ordered its transmitter on; whether it went on is `ptt` of the realtime lane."""

    line: LineId
    why: Short = ""


class TransmitEnded(Wire):
    """The transmitter is off; `why` is released, expired, link-lost, voice-lost, timeout or forced."""

    line: LineId
    seconds: float
    why: Short = ""


class ClipStarted(Wire):
    """A loudspeaker began to sound: the amplifier is warm and the first frame of the clip was played."""

    play: Short
    line: LineId
    sha: Sha256


class ClipFinished(Wire):
    """A clip has ended. `played` is what the sound card took, in seconds; it is not a proof of sound.

    The result is `played` only if the guard read the amplifier as on from the first frame to the last.
    """

    play: Short
    line: LineId
    result: Literal["played", "stopped", "failed", "pre-empted", "refused"]
    played: float = 0.0
    why: Short = ""


class HealthChanged(Wire):
    """Something on the gateway became well or ill; `advice` is for the technician."""

    subject: Short
    ok: bool
    what: Short = ""
    advice: Short = ""


class LegChanged(Wire):
    """The standing voice leg of a line came up or went down."""

    line: LineId
    up: bool
    why: Short = ""


class MessageRefused(Wire):
    """Messages of one kind were dropped at a door; told at the 1st, 2nd, 4th, 8th … of them."""

    where: Short
    reason: Short
    count: int


EVIDENCE: tuple[type[Wire], ...] = (
    LineOpened,
    LineClosed,
    TransmitStarted,
    TransmitEnded,
    ClipStarted,
    ClipFinished,
    HealthChanged,
    LegChanged,
    MessageRefused,
    *FIELD_EVIDENCE,
    *LINK_EVIDENCE,
)
"""Append-only: the number on the wire is the index + 1."""


class Event(Wire):
    """One fact of an event batch with its place in time. `wall_ms` is the gateway's clock."""

    seq: int
    wall_ms: int
    mono_ms: int
    fact: Wire


class CommandResult(Wire):
    """Row 6: what became of a command. `nonce`: the gateway's next one, after each that was used."""

    id: Short
    s: Literal["accepted", "rejected", "running", "done", "failed", "expired", "unknown", "dup"]
    why: Short = ""
    t: int = 0
    nonce: Short = Field(default="", exclude_if=_unsaid)
