"""Bodies about people: checked here, trusted behind. Secrets in them are never repeated by `repr`."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from central.api.requests import Body
from central.people.functions import Role
from central.people.records import InvitationKind
from central.people.rules import NAME
from link.contract.ids import Label

PersonName = Annotated[str, Field(pattern=NAME, description="A person's name", examples=["wang"])]
Secret = Annotated[str, Field(min_length=1, max_length=1024, repr=False)]


class GrantBody(Body):
    """A role at an area and everything below it."""

    role: Role = Field(description="The role", examples=["dispatcher"])
    area: str = Field(
        default="", max_length=64, description="Area; empty: the whole centre", examples=["lake-city"]
    )


class SignInRequest(Body):
    """Who signs in, and how he shows it."""

    name: str = Field(min_length=1, max_length=64, description="Name", examples=["wang"])
    password: Secret = Field(description="Password", examples=["four words nobody expects"])
    code: str = Field(
        default="", max_length=16, description="Code of the second factor", examples=["492039"], repr=False
    )


class AcceptRequest(Body):
    """Somebody uses his invitation."""

    name: str = Field(min_length=1, max_length=64, description="Name", examples=["zhao"])
    invitation: Secret = Field(description="The code of the invitation", examples=["inv_3q2-7wXy"])
    password: Secret = Field(
        description="The new password; for a second factor only: the present one",
        examples=["four words nobody expects"],
    )


class PersonAdded(Body):
    """A new person."""

    name: PersonName
    label: Label = Field(default="", description="Name for people", examples=["Zhao Lei"])
    grants: tuple[GrantBody, ...] = Field(default=(), max_length=32, description="Roles, each at an area")


class PersonChange(Body):
    """Change a person; what is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"grant": [{"role": "dispatcher", "area": "lake-city"}]}]}
    )

    label: Label | None = Field(default=None, description="Name for people")
    enabled: bool | None = Field(
        default=None, description="false: all sessions, tokens and live channels of his end at once"
    )
    grant: tuple[GrantBody, ...] = Field(default=(), max_length=32, description="Roles to give")
    revoke: tuple[GrantBody, ...] = Field(default=(), max_length=32, description="Roles to take")

    @model_validator(mode="after")
    def _some_change(self) -> Self:
        if self.label is None and self.enabled is None and not self.grant and not self.revoke:
            raise ValueError("nothing to change: give label, enabled, grant or revoke")
        return self


class InvitationAsked(Body):
    """What the invitation shall be for."""

    kind: InvitationKind = Field(
        default="account", description="account: password and second factor anew", examples=["account"]
    )


class PasswordChange(Body):
    """Somebody changes his own password."""

    old: Secret = Field(description="The present one", examples=["four words nobody expects"])
    new: Secret = Field(description="The new one", examples=["five words that nobody expects"])


class TokenAsked(Body):
    """A token for a program."""

    label: Label = Field(min_length=1, description="What it is for", examples=["level display in the hall"])
    days: int = Field(default=90, ge=1, le=366, description="For how many days", examples=[90])


PEOPLE_BODIES = (
    *(SignInRequest, AcceptRequest, PersonAdded, PersonChange, InvitationAsked, PasswordChange),
    *(TokenAsked, GrantBody),
)
