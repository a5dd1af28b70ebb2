"""Requests for a certificate (PKCS 10): made where the key is, checked where it is signed.

A request carries a name and a key. What else it asks for (extensions, more names, a challenge) is not looked at:
the authority alone decides what stands in a certificate.
"""

import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from link.certs.errors import CertError
from link.certs.keys import FAULTS, fingerprint, private, public_pem

LARGEST_REQUEST = 4096
"""Octets of PEM; a P-256 request takes about 500."""
NAME = re.compile(r"[a-z0-9-]{3,32}")
"""What a common name may be: gateways and parts of the centre alike."""
CENTRE_NAMES = frozenset({"api", "broker", "core", "probe", "voice"})
CENTRE_PREFIX = "svc-"


@dataclass(frozen=True)
class Request:
    """A checked request: its signature is right, its key is P-256, its name has our shape."""

    name: str
    public_key: bytes
    fingerprint: str


def make_csr(key: bytes, name: str) -> bytes:
    """A request, PEM, for `name` by the owner of this open PEM key. CertError."""
    check_name(name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return builder.sign(private(key), hashes.SHA256()).public_bytes(Encoding.PEM)


def read_csr(pem: bytes) -> Request:
    """Check a request from anywhere. CertError says what is wrong; no other error comes out."""
    if len(pem) > LARGEST_REQUEST:
        raise CertError(f"the request has {len(pem)} octets", f"at most {LARGEST_REQUEST} are looked at")
    try:
        request = x509.load_pem_x509_csr(pem)
        names = [attribute.value for attribute in request.subject]
        common = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        signed = request.is_signature_valid
    except FAULTS:
        raise CertError(
            "this is no certificate request", "send PKCS 10 in PEM, as the gateway makes it"
        ) from None
    public_key = public_pem(pem)  # also: of our kind
    if not signed:
        raise CertError(
            "the request is not signed by its own key", "it was damaged or forged: make a new one"
        )
    if len(common) != 1 or len(names) != 1 or not isinstance(names[0], str):
        raise CertError("the request must name its owner and nothing else", "one common name, no other part")
    check_name(names[0])
    return Request(names[0], public_key, fingerprint(public_key))


def check_name(name: str) -> None:
    """CertError unless `name` may stand in a certificate of ours."""
    if not NAME.fullmatch(name):
        raise CertError(f"{name[:40]!r} is no name for a certificate", "use 3 to 32 of a-z, 0-9 and -")


def of_the_centre(name: str) -> bool:
    """Whether the name belongs to a part of the centre; no gateway may ever be called so."""
    return name in CENTRE_NAMES or name.startswith(CENTRE_PREFIX)
