"""What may be sent to the routes of enrolment: bodies with limits, nothing unknown."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from link.certs.requests import LARGEST_REQUEST
from link.contract.ids import GatewayId

Csr = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LARGEST_REQUEST,
        description="PKCS 10 in PEM, P-256, common name = gateway",
        examples=["-----BEGIN CERTIFICATE REQUEST-----…"],
    ),
]
Secret = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]{20,100}$",
        description="The enrolment token",
        examples=["k3yk3yk3yk3yk3yk3yk3yk3y"],
        repr=False,
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EnrolRequest(_Body):
    """A gateway asks for its first certificate."""

    gateway: GatewayId = Field(description="Its id", examples=["gw-north"])
    token: Secret
    csr: Csr


class RenewRequest(_Body):
    """A gateway with a good certificate asks for the next one."""

    csr: Csr


class TokenRequest(_Body):
    """A person wants an enrolment token."""

    gateway: GatewayId = Field(description="For which gateway", examples=["gw-north"])


class ApproveRequest(_Body):
    """A person has compared fingerprints."""

    fingerprint: Annotated[
        str,
        Field(
            max_length=80,
            description="As the technician read it out at the gateway; spaces do not matter",
            examples=["40d1 3111 6aae d934 5f6e 25d1 03ed ad75"],
        ),
    ]
