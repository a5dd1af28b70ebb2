"""What the check of commands is told and what it wants done. Plain frozen values."""

from collections.abc import Callable
from dataclasses import dataclass, field

from firmware.authority.taken import Taken
from firmware.authority.trust import Trust
from firmware.authority.window import Window
from link.contract.facts import CommandResult
from link.contract.orders import Command
from link.contract.signed import Signed
from link.contract.wire import Wire


@dataclass(frozen=True)
class TalkOffer:
    """Our half of a session's talk-path key, as the birth carries it (see `link.contract.facts.Birth`).

    `key_with(public)` draws the key from the centre's half; ValueError when that is none.
    """

    talk: bytes
    cert: bytes
    proof: bytes
    key_with: Callable[[bytes], bytes] = field(repr=False, compare=False)


# ---- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CommandCame:
    """A command for this gateway, well formed. `kid` is whom it names as its sender; `wall` in Unix seconds at its
    arrival, `trusted` whether that is right."""

    command: Command
    order: Wire
    kid: str
    signed: Signed
    wall: float
    trusted: bool


@dataclass(frozen=True)
class StoreLoaded:
    """What the disk has of earlier starts. `since` (Unix s): a store was lost then, what was accepted before is not
    known. `chain`: the key rings, see Trust. `ill`: why nothing can be kept."""

    rows: tuple[Taken, ...] = ()
    windows: tuple[tuple[str, Window], ...] = ()
    floor: float = 0.0
    since: float = 0.0
    chain: tuple[bytes, ...] = ()
    ill: str = ""


@dataclass(frozen=True)
class Committed:
    """The disk has what Commit gave, or `why` it has not."""

    id: str
    why: str = ""


@dataclass(frozen=True)
class TrustChanged:
    """Another key ring counts from now on."""

    trust: Trust


@dataclass(frozen=True)
class PlayEnded:
    """What became of a playing."""

    play: str
    result: str


@dataclass(frozen=True)
class WarrantChanged:
    """By what local triggers are judged: the keys, and the clocks at one moment.

    `wall` (Unix s) stood at `at` (monotonic s), `trusted` whether it is right; `floor` (Unix s) has surely passed.
    """

    trust: Trust
    wall: float
    at: float
    trusted: bool
    floor: float = 0.0


# ---- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """Tell the centre what became of a command."""

    result: CommandResult


@dataclass(frozen=True)
class Begin:
    """A command was let through: carry it out."""

    command: Command
    order: Wire


@dataclass(frozen=True)
class Commit:
    """Bring this to the disk, synced, all or nothing; Committed follows for `row.id`. Rows below `floor` may go."""

    row: Taken
    kid: str
    window: Window | None
    floor: float


@dataclass(frozen=True)
class KeepResult:
    """What became of a playing, for the disk; nobody waits."""

    play: str
    result: str


@dataclass(frozen=True)
class KeepFloor:
    """The time floor (Unix s), for the disk; nobody waits."""

    floor: float


@dataclass(frozen=True)
class KeepRings:
    """The key rings, see Trust, for the disk; nobody waits."""

    chain: tuple[bytes, ...]


@dataclass(frozen=True)
class LiftClock:
    """This time (Unix s) has certainly passed."""

    wall: float
