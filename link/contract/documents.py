"""Documents that are kept and compared: the centre's state, what a gateway shall be, what it says it is.

Always whole, never a difference; a desired document has a revision that only rises. What the centre says (rows 10, 12)
travels signed by its config key, as `[raw, [[kid, sig]]]` (signed.py); only in plain mode as it is. Firmware jobs and
what is reported of them: firmware_job.py.
"""

from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, StringConstraints, model_validator

from link.contract.envelope import EnvelopeError, pack, unpack
from link.contract.firmware_job import FirmwareJob, FirmwareReport
from link.contract.ids import GroupId, Label, LineId, Sha256, Short, ZoneId
from link.contract.link_facts import TimeQuality
from link.contract.orders import Channel
from link.contract.profile import ProfileName
from link.contract.wire import Wire, validated

LARGEST_DESIRED = 16_000
"""Octets of a desired document on its topic; a larger configuration goes as a file, by its hash."""
SEAL_KEY = r"^([0-9a-f]{64})?$"
TriggerId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]


def _unsaid(value: object) -> bool:
    """A field that says nothing is left out."""
    return not value


class CentreState(Wire):
    """Row 12: the centre is there (`on`), and its store takes events (`ingest`). `cid` names its connection.

    `t` (Unix ms) may lift a gateway's clock floor once it is signed and never sets its clock.
    """

    v: Literal[1] = 1
    on: bool
    cid: Short
    t: int = 0
    ingest: bool = True


class DesiredMember(Wire):
    """A line of this gateway in a group; a higher priority pre-empts; with `listen` it never has the floor."""

    line: LineId
    priority: int = Field(default=5, ge=0, le=9)
    label: Label = ""
    listen: bool = Field(default=False, exclude_if=_unsaid)


class DesiredGroup(Wire):
    """A talk group as far as this gateway has lines in it; times in seconds."""

    group: GroupId
    label: Label = ""
    hang: float = Field(default=2.0, ge=0, le=60)
    timeout: float = Field(default=60.0, ge=1, le=600)
    members: tuple[DesiredMember, ...] = Field(max_length=64)


class Condition(Wire):
    """One thing that must be true: a contact is active, a sensor is at or above (below) a value, an emergency key.

    `source` is the name of a contact, a sensor or a line on the gateway's board; `fresh` (s) how old it may be.
    """

    kind: Literal["contact", "above", "below", "emergency"]
    source: Short
    value: float = 0.0
    fresh: float = Field(default=900.0, ge=1, le=86400)


class DesiredTrigger(Wire):
    """When all conditions hold in island mode, play a held clip on these loudspeaker lines.

    A live one needs two conditions on different sources; an active `stop` contact wins over everything. At most
    `most` times in `per` seconds. `authority`: the standing authority (authority.py) as it was signed.
    """

    trigger: TriggerId
    channel: Channel
    conditions: tuple[Condition, ...] = Field(min_length=1, max_length=8)
    lines: tuple[LineId, ...] = Field(min_length=1, max_length=64)
    sha: Sha256
    size: int = Field(ge=44, le=64_000_000)
    seconds: float = Field(gt=0, le=3600)
    priority: int = Field(default=5, ge=0, le=9)
    stop: Short = ""
    most: int = Field(default=3, ge=1, le=100)
    per: float = Field(default=3600.0, ge=60, le=86400)
    authority: bytes = Field(default=b"", max_length=8000, exclude_if=_unsaid)

    @model_validator(mode="after")
    def _two_for_live(self) -> Self:
        if self.channel == "live" and len({each.source for each in self.conditions}) < 2:
            raise ValueError("a live trigger needs conditions on two different sources")
        return self


class DesiredBlob(Wire):
    """A file the gateway shall hold; a lower `rank` is fetched first."""

    sha: Sha256
    size: int = Field(ge=0, le=64_000_000)
    rank: int = Field(default=5, ge=0, le=9)


class LinkSettings(Wire):
    """How the gateway uses its link. `spread`: seconds over which a fleet comes back after the broker was away."""

    profile: ProfileName | None = None
    rate: int | None = Field(default=None, ge=50, le=100_000_000, description="octets per second")
    spread: float = Field(default=30.0, ge=0, le=3600)
    file_share: float = Field(default=0.5, gt=0, le=0.9, description="share of the link that files may take")


RecordPolicy = Literal["none", "island", "all"]
UploadPolicy = Literal["auto-alarm", "auto-all", "on-request"]


class Configuration(Wire):
    """What stands in a desired document, or in the file that its `cfg_sha` names."""

    groups: tuple[DesiredGroup, ...] = Field(default=(), max_length=64)
    triggers: tuple[DesiredTrigger, ...] = Field(default=(), max_length=64)
    record: RecordPolicy = "island"
    upload: UploadPolicy = "auto-all"
    wanted: tuple[Short, ...] = Field(default=(), max_length=200, description="recordings asked for")
    zones: dict[ZoneId, tuple[LineId, ...]] = Field(
        default_factory=dict,
        max_length=64,
        exclude_if=_unsaid,
        description="zone to its lines of this gateway",
    )
    seal: str = Field(default="", pattern=SEAL_KEY, description="the centre's public key, X25519, hex")


class Desired(Wire):
    """Row 10: what a gateway shall be. Lower and equal revisions are ignored."""

    v: Literal[1] = 1
    rev: int = Field(ge=1)
    cfg: Configuration | None = None
    cfg_sha: Sha256 | None = None
    cfg_size: int = 0
    blobs: tuple[DesiredBlob, ...] = Field(default=(), max_length=400)
    link: LinkSettings = LinkSettings()
    ring: bytes = Field(
        default=b"", exclude_if=_unsaid, description="the key ring (keyring.py) as it was signed"
    )
    fw: FirmwareJob | None = None

    @model_validator(mode="after")
    def _one_configuration(self) -> Self:
        if (self.cfg is None) == (self.cfg_sha is None):
            raise ValueError("a desired document holds its configuration or names it by hash, one of both")
        return self


class TriggerReady(Wire):
    """Whether a local trigger could play now; `missing` names the files that are not here."""

    trigger: TriggerId
    ready: bool
    missing: tuple[Sha256, ...] = Field(default=(), max_length=64)


class Reported(Wire):
    """Row 7: what a gateway has taken in."""

    v: Literal[1] = 1
    rev_seen: int = 0
    rev_applied: int = 0
    err: Short = ""
    triggers: tuple[TriggerReady, ...] = Field(default=(), max_length=64)
    missing: tuple[Sha256, ...] = Field(default=(), max_length=400)
    disk_free: int = 0
    waiting: int = Field(default=0, description="recordings that wait to be uploaded")
    profile: Short = ""
    tq: TimeQuality = "none"
    fw: FirmwareReport | None = None


D = TypeVar("D", CentreState, Desired, Reported)


def encode_document(document: CentreState | Desired | Reported) -> bytes:
    """The document as msgpack. EnvelopeError `oversized` for a desired document above LARGEST_DESIRED."""
    payload = pack(document.model_dump(mode="python"))
    if isinstance(document, Desired) and len(payload) > LARGEST_DESIRED:
        raise EnvelopeError("oversized", f"{len(payload)} octets, a desired document has {LARGEST_DESIRED}")
    return payload


def decode_state(payload: bytes) -> CentreState:
    """EnvelopeError only."""
    return _versioned(CentreState, payload)


def decode_desired(payload: bytes) -> Desired:
    """EnvelopeError only."""
    return _versioned(Desired, payload)


def decode_reported(payload: bytes) -> Reported:
    """EnvelopeError only."""
    return _versioned(Reported, payload)


def _versioned(kind: type[D], payload: bytes) -> D:
    value = unpack(payload)
    if isinstance(value, dict) and value.get("v") != 1:
        raise EnvelopeError("version", f"{kind.__name__} version {str(value.get('v'))[:20]}")
    return validated(kind, value)
