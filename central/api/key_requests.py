"""Bodies about keys and signatures. Private keys never come here."""

import binascii
from base64 import b64decode, b64encode
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from central.api.requests import Body
from link.contract.keyring import KeyUse
from link.contract.signed import SIGNATURE_BYTES, Kid


def _decoded(value: object) -> object:
    """Octets of a base64 text; octets as they are."""
    if not isinstance(value, str):
        return value
    try:
        return b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("this is not base64") from None


Octets = Annotated[
    bytes,
    BeforeValidator(_decoded),
    PlainSerializer(lambda octets: b64encode(octets).decode(), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "base64"}),
]
"""Octets that travel as base64. Limits are in octets."""


class SignatureShown(Body):
    """A finished signature (Ed25519) over `to_sign`, made where the person sits."""

    kid: Kid = Field(description="Name of the key: 16 hex digits", examples=["0f" * 8])
    sig: Octets = Field(
        min_length=SIGNATURE_BYTES,
        max_length=SIGNATURE_BYTES,
        description="The 64 octets, base64",
        examples=["A" * 86 + "=="],
    )


class StopShown(SignatureShown):
    """A stop, as it was signed."""

    raw: Octets = Field(max_length=1500, description="The stop, base64", examples=["AYih"])


class KeyAsked(Body):
    """The public half of a key that was made where the person sits."""

    public: str = Field(pattern=r"^[0-9a-f]{64}$", description="Ed25519, hex", examples=["0f" * 32])
    use: KeyUse = Field(description="live, drill or admin", examples=["live"])


class KeyRevoked(Body):
    """Why a key shall count no more."""

    why: str = Field(min_length=1, max_length=200, description="For the journal", examples=["lost"])
