"""What the telephone exchange is told and what it wants: events and effects. Frozen; decides nothing."""

from dataclasses import dataclass, field
from typing import Literal

from central.calls.plan import Phone
from link.contract.call_talk import Sound

# ---- events ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Arrived:
    """Somebody calls; `weekday` (0 = Monday) and `minute` (of the day) are local time here."""

    leg: str
    caller: str
    number: str
    kind: Literal["phone", "trunk"] = "phone"
    trunk: str = ""
    weekday: int = 0
    minute: int = 0


@dataclass(frozen=True)
class Rang:
    """The far end that was dialled rings; `early`: it sends sound."""

    leg: str
    early: bool = False


@dataclass(frozen=True)
class Answered:
    """A leg stands."""

    leg: str


@dataclass(frozen=True)
class Gone:
    """A leg is no more; `code` is the SIP status."""

    leg: str
    code: int
    why: str = ""


@dataclass(frozen=True)
class Held:
    """A far end holds, or has come back."""

    leg: str
    held: bool


@dataclass(frozen=True)
class Key:
    """A key was pressed at a far end."""

    leg: str
    digit: str


@dataclass(frozen=True)
class NodeUp:
    """The voice node is there; `legs` of it stand."""

    legs: tuple[str, ...]


@dataclass(frozen=True)
class NodeGone:
    """The voice node is gone, and every leg with it."""


@dataclass(frozen=True)
class PhonesKnown:
    """These telephones have secrets; all others have not, or not any more."""

    phones: tuple[Phone, ...]


@dataclass(frozen=True)
class LinesIn:
    """The talk group of each line (`gateway/line`) that is in one; told before a call that may need it."""

    groups: dict[str, str]


@dataclass(frozen=True)
class Connect:
    """Ring `number` first, then `to`, and join them; it is the call `call`. A person, `by`, has asked for it."""

    call: str
    number: str
    to: str
    by: str


@dataclass(frozen=True)
class HangUp:
    """End a call."""

    call: str
    by: str


@dataclass(frozen=True)
class Transfer:
    """`leaving` leaves the call, and `to` is dialled for who stays."""

    call: str
    leaving: str
    to: str
    by: str


@dataclass(frozen=True)
class Merge:
    """Join two calls that `common` has: he leaves both, or with `stays` all three go on."""

    call: str
    other: str
    common: str
    stays: bool
    by: str


# ---- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Dial `number` as `caller`, by `trunk` if one is named."""

    leg: str
    number: str
    caller: str
    trunk: str = ""
    srtp: bool = False


@dataclass(frozen=True)
class Ring:
    """Tell a caller that it rings."""

    leg: str
    early: bool


@dataclass(frozen=True)
class Take:
    """Answer a caller."""

    leg: str


@dataclass(frozen=True)
class End:
    """End a leg, with this SIP status if it was not answered."""

    leg: str
    code: int = 480


@dataclass(frozen=True)
class Play:
    """Let a leg hear a sound."""

    leg: str
    sound: Sound


@dataclass(frozen=True)
class Press:
    """Press a key for a leg's far end."""

    leg: str
    digit: str


@dataclass(frozen=True)
class Join:
    """The whole truth about who hears whom in one call."""

    call: str
    talkers: tuple[str, ...] = ()
    listeners: tuple[str, ...] = ()


@dataclass(frozen=True)
class GroupHeard:
    """A telephone in a talk group: it is there, or has left, and talks or not."""

    group: str
    leg: str
    number: str
    there: bool
    talking: bool = False


@dataclass(frozen=True)
class LineCall:
    """A gateway's telephone line shall call `number`, or with `on` false end its call."""

    line: str
    number: str
    on: bool


@dataclass(frozen=True)
class Record:
    """Record this leg as long as the call lasts."""

    call: str
    leg: str
    number: str


@dataclass(frozen=True)
class RecordEnd:
    """The call is over: close its recordings."""

    call: str


@dataclass(frozen=True)
class Told:
    """For the journal."""

    kind: str
    call: str
    payload: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Changed:
    """What is shown of a call has changed."""

    call: str
