"""What is shown of enrolments: frozen read models, see central/readmodels.py."""

from typing import Literal

from pydantic import Field

from central.view import View


class SiteFactsView(View):
    """What the card of any gateway of this centre must say of the centre."""

    realm: str = Field(description="Realm of the topics", examples=["main"])
    url: str = Field(description="The front, as gateways reach it", examples=["https://centre.example:8443"])
    broker: str = Field(description="Host of the broker", examples=["mqtt.example"])
    broker_port: int = Field(description="Its TCP port", examples=[8883])
    ca: str = Field(
        description="PEM of the authorities to believe", examples=["-----BEGIN CERTIFICATE-----…"]
    )
    root: str = Field(description="Root key of the key ring, the public half, hex", examples=["0f" * 32])


class TokenView(View):
    """A new enrolment token. Shown this once; the centre keeps only its hash."""

    gateway: str = Field(description="The gateway it is for", examples=["gw-north"])
    token: str = Field(description="Goes into the gateway's settings; good for one key", examples=["k3y…"])
    until_wall: float = Field(description="Until when it may be used, Unix seconds", examples=[1700000000.0])
    site: SiteFactsView | None = Field(
        default=None, description="What its card must say of the centre; null in a plain centre"
    )


class EnrolmentView(View):
    """A gateway's request for a certificate."""

    gateway: str = Field(description="Who asks", examples=["gw-north"])
    state: Literal["pending", "refused", "approved"] = Field(
        description="Whether a person has decided", examples=["pending"]
    )
    fingerprint: str = Field(
        description="Of its key, as the technician reads it out",
        examples=["40d1 3111 6aae d934 5f6e 25d1 03ed ad75"],
    )
    asked_wall: float = Field(description="When it came, Unix seconds", examples=[1700000000.0])
    decided_wall: float | None = Field(
        default=None, description="When it was decided", examples=[1700000060.0]
    )
    decided_by: str = Field(default="", description="Who decided", examples=["li"])


class CertificateView(View):
    """What a gateway is told of its own request."""

    gateway: str = Field(description="Who asked", examples=["gw-north"])
    state: Literal["pending", "refused", "approved"] = Field(
        description="Whether a person has decided", examples=["approved"]
    )
    fingerprint: str = Field(
        description="Of the key that it asked with", examples=["40d1 3111 6aae d934 5f6e 25d1 03ed ad75"]
    )
    certificate: str = Field(
        default="", description="PEM, once it is approved", examples=["-----BEGIN CERTIFICATE-----…"]
    )
    ca: str = Field(
        default="",
        description="PEM of the authorities to believe, once it is approved",
        examples=["-----BEGIN CERTIFICATE-----…"],
    )
