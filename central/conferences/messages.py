"""What a conference is told and what it wants done. Frozen; decides nothing.

A call is named by the conference (`Dial.call`); whoever performs the effects tells its fate under that name, once each:
rung any number of times, answered at most once, ended exactly once. News of a call that is over change nothing.
"""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["notify", "confirm", "conference"]
"""`notify`: the message heard to its end is enough; `confirm`: a key or the PIN; `conference`: then they talk, too."""
Why = Literal["busy", "no-answer", "declined", "failed", "hung-up"]
Standing = Literal[
    "pending", "dialling", "ringing", "answered", "heard", "confirmed", "joined", "missed", "dropped"
]


@dataclass(frozen=True)
class Person:
    """Whom to call. `numbers` in the order in which they are tried; `rank`: 0 is called first, when lines are few."""

    id: str
    name: str
    numbers: tuple[str, ...]
    rank: int = 5


@dataclass(frozen=True)
class Terms:
    """How people are called. Seconds.

    `attempts` are made at each number, `gaps` lie between them (the last one again, if there are more). `lines`: calls
    at once, `per_second`: calls begun in a second. `pin`: digits that count in place of any key; empty: any key counts.
    `redials`: how often a member who was lost, and not dropped, is called again by itself.
    """

    mode: Mode = "conference"
    ring: float = 25.0
    attempts: int = 3
    gaps: tuple[float, ...] = (20.0, 60.0, 120.0)
    lines: int = 30
    per_second: float = 10.0
    pin: str = ""
    redials: int = 2


# ---- what happens to the calls ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rang:
    """It rings at the far end."""

    call: str


@dataclass(frozen=True)
class Answered:
    """Somebody or something answered: a person, or a mailbox."""

    call: str


@dataclass(frozen=True)
class Heard:
    """The message was played to its end while the call stood."""

    call: str


@dataclass(frozen=True)
class Pressed:
    """One key, `0` to `9`, `*` or `#`."""

    call: str
    digit: str


@dataclass(frozen=True)
class Ended:
    """The call is gone, for whatever reason; `hung-up` after it was answered."""

    call: str
    why: Why


# ---- what people at the centre do ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Begin:
    """Call everybody."""


@dataclass(frozen=True)
class Add:
    """One more; somebody who is in it already is not added twice."""

    person: Person


@dataclass(frozen=True)
class Drop:
    """Not this one any more: his call ends and he is not called again."""

    person: str


@dataclass(frozen=True)
class Redial:
    """Call him again now, from his first number, whatever became of him."""

    person: str


@dataclass(frozen=True)
class Mute:
    """He hears and is not heard, or is heard again."""

    person: str
    on: bool


@dataclass(frozen=True)
class Close:
    """It is over for everybody."""


# ---- what is to be done -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dial:
    """Call `number`; let it ring for `ring` s. The message plays when it is answered, again and again."""

    call: str
    person: str
    number: str
    ring: float


@dataclass(frozen=True)
class HangUp:
    """End this call; its `Ended` follows."""

    call: str


@dataclass(frozen=True)
class JoinTalk:
    """The message stops; he is among those who talk, muted or not. `late`: others have talked before, tell him."""

    call: str
    muted: bool
    late: bool


@dataclass(frozen=True)
class MuteTalk:
    """Shut or open his way into the talk."""

    call: str
    on: bool


@dataclass(frozen=True)
class StandingChanged:
    """One line of the roll call: how it stands with a person, and why."""

    person: str
    standing: Standing
    why: str = ""


@dataclass(frozen=True)
class Reported:
    """The result so far, at set times and at the end. `missing`: ids of whom nobody reached."""

    after: float
    informed: int
    total: int
    missing: tuple[str, ...]
    over: bool = False
