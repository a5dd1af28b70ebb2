"""What happens on a gateway and concerns more than one of its machines. Plain frozen values."""

from dataclasses import dataclass, field

from link.contract.batch import Ack
from link.contract.documents import Configuration, DesiredBlob
from link.contract.facts import LaneMark
from link.contract.firmware_job import FirmwareJob, FirmwareReport
from link.contract.link_facts import RecordingReady
from link.contract.profile import LinkProfile


@dataclass(frozen=True)
class LinkChanged:
    """The link to the centre came up or went down."""

    up: bool


@dataclass(frozen=True)
class CentreChanged:
    """What the centre says of itself: it is there (`on`), and its store takes events (`ingest`)."""

    on: bool
    ingest: bool = True


@dataclass(frozen=True)
class TalkOpened:
    """The centre opened the talk path of this session: from now on its frames key."""


@dataclass(frozen=True)
class EventsAcked:
    """The centre said how far it has taken an epoch of events."""

    ack: Ack


@dataclass(frozen=True)
class OutboxStood:
    """How the outbox stands, for birth and heartbeat: its lanes, how many events wait, since when the oldest does.

    `oldest_at`: monotonic seconds (before 0 for one of an earlier start), None when nothing waits.
    """

    lanes: tuple[LaneMark, ...]
    waiting: int = 0
    oldest_at: float | None = None


@dataclass(frozen=True)
class ProfileChosen:
    """The link is used in this way from now on."""

    profile: LinkProfile


@dataclass(frozen=True)
class IslandChanged:
    """The gateway works alone, or the centre leads (again), and why."""

    on: bool
    why: str


@dataclass(frozen=True)
class ConfigurationChanged:
    """The configuration of the desired document that is in force from now on."""

    configuration: Configuration


@dataclass(frozen=True)
class BlobsWanted:
    """The files that this gateway shall hold; all others may make room."""

    blobs: tuple[DesiredBlob, ...]


@dataclass(frozen=True)
class HeldBlobs:
    """Which of the wanted files (BlobsWanted) are not here yet, by SHA-256; told whenever that changes."""

    missing: tuple[str, ...]


@dataclass(frozen=True)
class RecordingKept:
    """A sealed recording lies at `path`, whole and on disk; `fact` is what the centre is told of it."""

    path: str
    fact: RecordingReady


@dataclass(frozen=True)
class DesiredArrived:
    """A desired document came from the broker, as bytes; the clocks then: Unix s, whether right, what has passed."""

    payload: bytes
    wall: float = field(default=0.0, compare=False)
    trusted: bool = field(default=False, compare=False)
    floor: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class VoiceChanged:
    """The voice process of this gateway lives or not."""

    up: bool


@dataclass(frozen=True)
class OutputRead:
    """The guard's read-back of an output: a transmitter's PTT, an amplifier's relay or a zone's. `out` is its name;
    empty means the one output that a line has."""

    on: bool
    why: str = ""
    out: str = ""


@dataclass(frozen=True)
class ContactRead:
    """The second contact of an amplifier's relay, by an input of its own."""

    on: bool


@dataclass(frozen=True)
class CurrentRead:
    """The current that an amplifier takes."""

    ampere: float


@dataclass(frozen=True)
class FirmwareWanted:
    """The firmware job of the desired document that is in force; None: there is none."""

    job: FirmwareJob | None


@dataclass(frozen=True)
class FirmwareTold:
    """How far the firmware job is, for the reported document."""

    report: FirmwareReport | None
