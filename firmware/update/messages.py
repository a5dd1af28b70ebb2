"""What the machine of updates is told and what it wants done. Frozen; decides nothing."""

from dataclasses import dataclass
from typing import Literal

from link.contract.firmware_job import HealthGate
from link.contract.ids import Short
from link.contract.wire import Wire

Step = Literal["", "installing", "installed", "rebooting", "testing", "good", "rolled_back", "failed"]
FINAL = ("good", "rolled_back", "failed")
BY_HAND = "by-hand"
"""Job of a slot that a person installed here."""


class Note(Wire):
    """What outlives a restart. `good`: the slot that was last marked good here; `boot`: the kernel's start in which
    `step` was reached; `starts`: of this process in a trial. The rest is of the job that was begun last."""

    good: Short = ""
    job: Short = ""
    ver: Short = ""
    step: Step = ""
    why: Short = ""
    boot: Short = ""
    starts: int = 0
    gate: HealthGate = HealthGate()


@dataclass(frozen=True)
class Here:
    """This gateway: its version, the start of its kernel, how large a bundle may be (octets), whether it is plain."""

    version: str
    boot: str
    largest: int
    plain: bool = False


# ---- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SlotsRead:
    """The slot that is booted, by RAUC's name for it (`rootfs.0`)."""

    booted: str


@dataclass(frozen=True)
class SlotsFailed:
    """RAUC does not say which slot is booted."""

    why: str


@dataclass(frozen=True)
class Around:
    """How it stands around: what must not be disturbed (or empty), which checks fail and why, whether the broker
    hears us. `wall`: Unix s less monotonic s; None: the time is not known."""

    busy: str
    ill: tuple[tuple[str, str], ...]
    broker: bool
    wall: float | None


@dataclass(frozen=True)
class Fetching:
    """So many octets of the bundle are here."""

    octets: int


@dataclass(frozen=True)
class Fetched:
    """The bundle is here, its hash is right."""

    path: str


@dataclass(frozen=True)
class FetchFailed:
    """It broke off; empty `why`: it was halted. `refused`: trying again will not help."""

    why: str
    refused: bool = False


@dataclass(frozen=True)
class Inspected:
    """RAUC believes the bundle's signature, and this is its version."""

    path: str
    version: str


@dataclass(frozen=True)
class Refused:
    """RAUC does not take the bundle: another key, damaged, for another kind of machine."""

    path: str
    why: str


@dataclass(frozen=True)
class Writing:
    """So much of the other slot is written, in percent."""

    pct: int


@dataclass(frozen=True)
class Written:
    """The other slot holds the bundle and is booted next."""


@dataclass(frozen=True)
class MarkedGood:
    """The bootloader stays with the booted slot."""


@dataclass(frozen=True)
class NotMarked:
    """RAUC could not mark it."""

    why: str


@dataclass(frozen=True)
class NoteKept:
    """The disk has this note."""

    note: Note


@dataclass(frozen=True)
class NoteNotKept:
    """The disk did not take the note."""

    why: str


@dataclass(frozen=True)
class RebootFailed:
    """The computer was asked to restart and did not begin to."""

    why: str


# ---- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AskSlots:
    """Ask RAUC which slot is booted."""


@dataclass(frozen=True)
class Fetch:
    """Bring the bundle here; goes on where it was."""

    url: str
    sha: str
    size: int


@dataclass(frozen=True)
class Halt:
    """Break off the fetch; what is here stays."""


@dataclass(frozen=True)
class Inspect:
    """Ask RAUC whose bundle this is."""

    path: str


@dataclass(frozen=True)
class Install:
    """Have RAUC write the bundle to the other slot."""

    path: str


@dataclass(frozen=True)
class Clear:
    """Bundles that lie here are not needed any more."""


@dataclass(frozen=True)
class MarkGood:
    """Have RAUC mark the booted slot good."""


@dataclass(frozen=True)
class Keep:
    """Put the note on disk, and say so."""

    note: Note


@dataclass(frozen=True)
class Reboot:
    """Restart the computer."""

    why: str
