"""What the centre keeps of people: frozen rows. Secrets in them are hashes, or are not shown by `repr`."""

from dataclasses import dataclass, field
from typing import Literal

from central.people.lock_out import LockOut
from central.people.rights import Grant

State = Literal["active", "disabled", "removed"]
InvitationKind = Literal["account", "second-factor"]


@dataclass(frozen=True)
class Invitation:
    """A single-use code: for a new password and second factor, or for a second factor only."""

    kind: InvitationKind
    hash: str = field(repr=False)
    ends: float


@dataclass(frozen=True)
class PersonRow:
    """Somebody. One who was removed stays as a name that nobody else can get. Times are Unix seconds."""

    name: str
    label: str = ""
    state: State = "active"
    grants: tuple[Grant, ...] = ()
    password: str = field(default="", repr=False)
    seed: str = field(default="", repr=False)
    last_step: int = 0
    lock: LockOut = LockOut()
    invitation: Invitation | None = None
    added: float = 0.0
    signed_in: float | None = None


@dataclass(frozen=True)
class SessionRow:
    """Somebody is signed in."""

    id: str
    hash: str = field(repr=False)
    person: str
    address: str
    since: float
    used: float


@dataclass(frozen=True)
class TokenRow:
    """A long-lived token of a person's program."""

    id: str
    hash: str = field(repr=False)
    person: str
    label: str
    since: float
    ends: float | None
    used: float | None = None
