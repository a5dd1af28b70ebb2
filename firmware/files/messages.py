"""What the files machine is told and what it asks for, and what people see of it. Plain frozen values."""

from dataclasses import dataclass

from firmware.events import RecordingKept
from link.contract.documents import DesiredBlob


@dataclass(frozen=True)
class Fetch:
    """Effect: bring this file, in the background. Fetched or Failed follows."""

    blob: DesiredBlob

    @property
    def key(self) -> str:
        """Its name among the transfers."""
        return f"blob {self.blob.sha}"


@dataclass(frozen=True)
class Send:
    """Effect: send this recording up. Sent, Lost or Failed follows."""

    kept: RecordingKept

    @property
    def key(self) -> str:
        """Its name among the transfers."""
        return f"recording {self.kept.fact.recording}"


@dataclass(frozen=True)
class Halt:
    """Effect: break off the transfer under way. Failed (without a word) follows, or its end."""


@dataclass(frozen=True)
class Check:
    """Effect: see which of these files are here and whole. Checked follows."""

    blobs: tuple[DesiredBlob, ...]


@dataclass(frozen=True)
class Forget:
    """Effect: remove this recording from the disk."""

    kept: RecordingKept


@dataclass(frozen=True)
class Checked:
    """Event: of the files asked about (`of`), these are here and whole."""

    of: tuple[str, ...]
    held: frozenset[str]


@dataclass(frozen=True)
class Fetched:
    """Event: this file is here, verified; also after it was fetched because it shall sound now."""

    sha: str


@dataclass(frozen=True)
class Sent:
    """Event: the centre has confirmed the whole recording by its hash."""

    recording: str


@dataclass(frozen=True)
class Lost:
    """Event: this recording cannot be read here any more, or is not what was recorded."""

    recording: str
    why: str


@dataclass(frozen=True)
class Failed:
    """Event: the transfer `key` broke off. `moved`: octets it moved first; `draw`: a random number in 0…1.

    `refused`: the centre said no to this file. An empty `why`: we broke it off ourselves.
    """

    key: str
    why: str
    refused: bool = False
    moved: int = 0
    draw: float = 0.0


@dataclass(frozen=True)
class BusyChanged:
    """Event: why background transfers have to wait (voice, alarms); empty when they may go on."""

    why: str


@dataclass(frozen=True)
class FilesState:
    """For people: files held and missing, recordings that wait, what is under way, why nothing is, the last error."""

    held: int
    missing: tuple[str, ...]
    fetching: str
    uploading: str
    waiting: int
    waiting_octets: int
    on_request: int
    paused: str
    error: str
