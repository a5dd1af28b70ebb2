"""What the island is told beside the gateway's own events, what it wants, and how it stands. It decides nothing."""

from dataclasses import dataclass, field

from link.contract.orders import PlayClip
from link.contract.wire import Wire

# ---- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CentreSaid:
    """Something of the centre came over the link just now; `state`: its state, which it repeats."""

    state: bool = False


@dataclass(frozen=True)
class SensorSeen:
    """A value of an instrument that its driver believes, changed or not."""

    sensor: str
    value: float


@dataclass(frozen=True)
class ContactWatched:
    """The input of a contact can be read, or not: what is known of it grows old from now on."""

    contact: str
    on: bool


@dataclass(frozen=True)
class FiresKnown:
    """What the disk keeps of earlier starts: by trigger. `damaged`: it could not be read."""

    fires: dict[str, "Fires"]
    damaged: bool = False


@dataclass(frozen=True)
class ClipFound:
    """Whether the file of `sha` lies here, as was asked with FindClip."""

    sha: str
    held: bool


@dataclass(frozen=True)
class FiresKept:
    """What KeepFires `number` gave is on disk now; not, if `why` says something."""

    number: int
    why: str = ""


# ---- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ToLine:
    """An event for one of the gateway's lines."""

    line: str
    event: object


@dataclass(frozen=True)
class FindClip:
    """Say whether this file lies here (ClipFound follows)."""

    sha: str
    size: int


@dataclass(frozen=True)
class KeepFires:
    """Bring this to the disk, whole (FiresKept follows)."""

    number: int
    fires: dict[str, "Fires"]


@dataclass(frozen=True)
class PlayHere:
    """A clip for one of the gateway's loudspeakers."""

    order: PlayClip


@dataclass(frozen=True)
class StopHere:
    """End this playing, wherever it sounds."""

    play: str


# ---- how it stands -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fires:
    """How often a trigger has started something: `number` in all, `at` (monotonic s) those that count for its limit.

    `spent`: what is true now has been answered; it must be seen false before the trigger starts anything again.
    """

    number: int = 0
    at: tuple[float, ...] = ()
    spent: bool = False


@dataclass(frozen=True)
class GroupState:
    """A group that the gateway patches: its lines, who talks and which lines are keyed."""

    group: str
    members: tuple[str, ...]
    talking: str
    keyed: tuple[str, ...]


@dataclass(frozen=True)
class TriggerState:
    """A trigger in one word: ready, true, answered, stopped; `fired` counts what it started since ever."""

    trigger: str
    state: str
    fired: int


@dataclass(frozen=True)
class IslandState:
    """For `gateway status`: whether the gateway works alone, since when (monotonic s), and why it is so or not."""

    on: bool
    since: float
    why: str
    groups: tuple[GroupState, ...] = ()
    triggers: tuple[TriggerState, ...] = ()
    last_fired: Wire | None = None
    left_out: tuple[str, ...] = field(default=())
