"""What screens and scripts are shown of telephones: see central.readmodels. A secret is shown once, when it is made."""

from typing import Literal

from pydantic import Field

from central.view import View

PhoneSecurity = Literal["plain", "secured"]


class PhoneView(View):
    """A telephone that may register at the edge."""

    number: str = Field(description="Its extension, and the user that it registers as", examples=["201"])
    label: str = Field(default="", description="Name for people", examples=["Gate house"])
    owner: str = Field(
        default="", description="The person who has it; empty: nobody's own", examples=["wang"]
    )
    permission: str = Field(description="Permission class: what it may dial", examples=["internal"])
    security: PhoneSecurity = Field(
        description="secured: TLS and SRTP or nothing; plain: both ways", examples=["secured"]
    )
    since_wall: float = Field(
        description="Since when it has this secret, Unix seconds", examples=[1700000000.0]
    )
    by: str = Field(default="", description="Who made the secret", examples=["li"])
    works: bool = Field(
        default=True,
        description="false: [edge] realm was changed, or the table is missing; make a new secret",
        examples=[True],
    )


class NewPhoneView(PhoneView):
    """A telephone with a new secret, which is shown this once, and where it registers."""

    secret: str = Field(description="Its password", examples=["h7mq-w2xk"], repr=False)
    server: str = Field(description="Host that it registers at", examples=["sip.example"])
    udp_port: int = Field(description="Port for UDP; 0: none", examples=[5060])
    tls_port: int = Field(description="Port for TLS; 0: none", examples=[5061])
    realm: str = Field(description="Realm, for telephones that ask for it", examples=["spillway"])
