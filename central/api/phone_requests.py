"""Bodies about telephones."""

from pydantic import Field

from central.api.requests import Body
from central.people.rules import NAME
from central.phone_models import PhoneSecurity
from link.contract.ids import Label

NUMBER = r"^[0-9]{2,8}$"
"""An extension."""


class PhoneAdded(Body):
    """A new telephone. Core makes its secret."""

    number: str = Field(pattern=NUMBER, description="Extension, 2 to 8 digits", examples=["201"])
    label: Label = Field(default="", description="Name for people", examples=["Gate house"])
    owner: str = Field(
        default="", pattern=f"^$|{NAME}", description="The person who has it", examples=["wang"]
    )
    permission: str = Field(
        default="internal",
        pattern=r"^[a-z][a-z0-9-]{0,23}$",
        description="Permission class: what it may dial",
        examples=["internal"],
    )
    security: PhoneSecurity | None = Field(
        default=None,
        description="secured: TLS and SRTP or nothing. Left out: secured where the edge speaks TLS with telephones",
        examples=["secured"],
    )
