"""What screens and scripts are shown of people: frozen read models, see central/readmodels.py. Never a secret that
is kept; what is shown once says so."""

from pydantic import Field

from central.people.functions import Function, Role
from central.people.records import InvitationKind, State
from central.view import View


class GrantView(View):
    """A role at an area and everything below it."""

    role: Role = Field(description="The role", examples=["dispatcher"])
    area: str = Field(default="", description="Area; empty: the whole centre", examples=["lake-city"])


class PersonView(View):
    """Somebody who may use the centre."""

    name: str = Field(description="The name that stands in the journal", examples=["wang"])
    label: str = Field(default="", description="Name for people", examples=["Wang Min"])
    state: State = Field(description="active, disabled or removed", examples=["active"])
    grants: tuple[GrantView, ...] = Field(default=(), description="His roles, each at an area")
    second_factor: bool = Field(description="A device gives him codes", examples=[True])
    invited: bool = Field(description="He has not yet used his invitation", examples=[False])
    locked: float = Field(
        default=0.0, description="Seconds until he may try to sign in again", examples=[30.0]
    )
    signed_in_wall: float | None = Field(
        default=None, description="When he last signed in, Unix seconds", examples=[1700000000.0]
    )
    sessions: int = Field(default=0, description="How many sessions he has now", examples=[1])
    tokens: int = Field(default=0, description="How many tokens of programs he has", examples=[0])


class InvitationView(View):
    """A single-use invitation. Its code is shown this once."""

    person: str = Field(description="For whom", examples=["zhao"])
    kind: InvitationKind = Field(
        description="For a new password and second factor, or for a second factor only", examples=["account"]
    )
    code: str = Field(description="The code; hand it over in person", examples=["inv_3q2-7wXy"], repr=False)
    ends_wall: float = Field(description="Until when it is good, Unix seconds", examples=[1700259200.0])


class SecondFactorView(View):
    """The seed of somebody's codes. Shown this once; empty when he has none."""

    person: str = Field(description="Whose", examples=["zhao"])
    seed: str = Field(default="", description="Seed, base32", examples=["JBSWY3DPEHPK3PXP"], repr=False)
    uri: str = Field(
        default="",
        description="The same for a device that reads a QR code",
        examples=["otpauth://totp/Spillway:zhao?secret=JBSWY3DPEHPK3PXP&issuer=Spillway"],
        repr=False,
    )


class SignedInView(View):
    """A session has begun. Its token is shown this once; send it as `Authorization: Bearer`."""

    person: str = Field(description="Who", examples=["wang"])
    session: str = Field(description="Id of the session", examples=["s-1a2b3c4d"])
    token: str = Field(description="The secret of the session", examples=["ses_3q2-7wXy"], repr=False)
    idle: float = Field(description="It ends when unused for so long, seconds", examples=[3600.0])
    ends_wall: float = Field(description="And then in any case, Unix seconds", examples=[1700043200.0])


class SessionView(View):
    """A session that has not ended."""

    id: str = Field(description="Id of the session", examples=["s-1a2b3c4d"])
    person: str = Field(description="Who is signed in", examples=["wang"])
    address: str = Field(default="", description="From where", examples=["192.0.2.7"])
    since_wall: float = Field(description="Since when, Unix seconds", examples=[1700000000.0])
    used_wall: float = Field(description="When it was last used, Unix seconds", examples=[1700000300.0])
    ends_wall: float = Field(description="When it ends unless it is used", examples=[1700003900.0])


class PersonTokenView(View):
    """A long-lived token of a person's program; not the token itself."""

    id: str = Field(description="Id of the token", examples=["t-1a2b3c4d"])
    person: str = Field(description="Whose", examples=["scada"])
    label: str = Field(description="What it is for", examples=["level display in the hall"])
    since_wall: float = Field(description="Since when, Unix seconds", examples=[1700000000.0])
    ends_wall: float | None = Field(
        description="Until when; null only for those of the file of initial people", examples=[1707776000.0]
    )
    used_wall: float | None = Field(
        default=None, description="When it was last used, Unix seconds", examples=[1700000300.0]
    )


class NewTokenView(PersonTokenView):
    """A new token. It is shown this once."""

    token: str = Field(description="The token", examples=["tok_3q2-7wXy"], repr=False)


class RoleView(View):
    """A role and what it allows."""

    role: Role = Field(description="The role", examples=["dispatcher"])
    functions: tuple[Function, ...] = Field(description="What it allows", examples=[["look", "call"]])


class AreaView(View):
    """An area of the settings."""

    id: str = Field(description="Id", examples=["lake-city"])
    label: str = Field(default="", description="Name for people", examples=["Lake City"])
    kind: str = Field(description="province, city or reservoir", examples=["city"])
    within: str = Field(default="", description="The area above it; empty: the centre", examples=["jiangxi"])


class AccessView(View):
    """Roles and areas there are."""

    roles: tuple[RoleView, ...] = Field(description="Roles")
    areas: tuple[AreaView, ...] = Field(default=(), description="Areas, as in the centre's settings")
