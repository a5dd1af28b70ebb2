"""An authority in memory: signs certificates and lists of revoked ones. No file and no clock: both come in.

Certificates begin before they are issued, so that a clock that was stepped back does not shut anybody out.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from link.certs.certificate import Facts, read_certificate
from link.certs.errors import CertError
from link.certs.keys import FAULTS, new_key, private, public
from link.certs.requests import check_name

Kind = Literal["client", "server", "both"]
"""What a certificate is for: calling, being called, both."""
DAYS = 825
"""Life of a certificate."""
_LIST = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----\n?", re.DOTALL)
AUTHORITY_DAYS = 20 * 365
BACK = timedelta(days=7)
"""How far before its issue a certificate begins to be valid."""
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"""No authority works with a clock before this: what it signs would be over before it began."""
_USES = {
    "client": [ExtendedKeyUsageOID.CLIENT_AUTH],
    "server": [ExtendedKeyUsageOID.SERVER_AUTH],
    "both": [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
}
_LARGEST_SERIAL = 1 << 159


@dataclass(frozen=True)
class Issue:
    """What is asked of the authority; `sans` are host names and addresses that a server answers to."""

    name: str
    public_key: bytes
    kind: Kind = "client"
    sans: tuple[str, ...] = ()
    days: int = DAYS


@dataclass(frozen=True)
class Revoked:
    """One certificate that is not believed any more."""

    serial: str
    at: datetime


class Authority:
    """Signs with the key of one self-signed certificate. CertError when they do not belong together."""

    def __init__(self, certificate: bytes, key: bytes, pass_phrase: bytes | None = None) -> None:
        self.pem = certificate
        self.facts: Facts = read_certificate(certificate)
        self._certificate = x509.load_pem_x509_certificate(certificate)
        self._key = private(key, pass_phrase)
        if self._key.public_key() != public(certificate):
            raise CertError(
                "key and certificate of the authority do not belong together", "restore both from one copy"
            )

    def issue(self, order: Issue, now: datetime) -> bytes:
        """A certificate, PEM. CertError: name, names, clock, or an authority that is over."""
        check_name(order.name)
        self._check_time(now)
        until = min(now + timedelta(days=order.days), self.facts.not_after)
        builder = _builder(order.name, self._certificate.subject, public(order.public_key))
        builder = builder.not_valid_before(now - BACK).not_valid_after(until)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(signs=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(_USES[order.kind]), critical=False)
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(public(order.public_key)), critical=False
        )
        builder = builder.add_extension(_issuer_key(self._certificate), critical=False)
        if order.sans:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_san(text) for text in order.sans]), critical=False
            )
        elif order.kind != "client":
            raise CertError(
                f"{order.name} is to be called, but no host name or address is given", "name at least one"
            )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def crl(self, revoked: Iterable[Revoked], number: int, now: datetime, days: int = DAYS) -> bytes:
        """The list of what is revoked, PEM; `number` rises with each list. CertError: clock."""
        self._check_time(now)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._certificate.subject)
        builder = builder.last_update(now - BACK).next_update(now + timedelta(days=days))
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        builder = builder.add_extension(_issuer_key(self._certificate), critical=False)
        for each in revoked:
            entry = (
                x509.RevokedCertificateBuilder().serial_number(int(each.serial, 16)).revocation_date(each.at)
            )
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def _check_time(self, now: datetime) -> None:
        if now < max(EARLIEST, self.facts.not_before):
            raise CertError(
                f"this computer's clock says {now:%Y-%m-%d}, before the authority was made",
                "set the clock first",
            )
        if now >= self.facts.not_after:
            raise CertError(
                f"the authority ended on {self.facts.not_after:%Y-%m-%d}",
                "check this computer's clock; if it is right, make a new authority (docs/technician.md)",
            )


def new_authority(name: str, now: datetime, days: int = AUTHORITY_DAYS) -> tuple[bytes, bytes]:
    """A new authority: its self-signed certificate and its open key, both PEM. CertError: name or clock.

    Nothing may stand between it and what it issues (path length 0).
    """
    check_name(name)
    if now < EARLIEST:
        raise CertError(f"this computer's clock says {now:%Y-%m-%d}", "set the clock first")
    pem = new_key()
    key = private(pem)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = _builder(name, subject, key.public_key())
    builder = builder.not_valid_before(now - BACK).not_valid_after(now + timedelta(days=days))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(signs=True), critical=True)
    builder = builder.add_extension(identifier, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM), pem


def read_crl(pem: bytes) -> tuple[int, datetime, frozenset[str]]:
    """Number, next update and revoked serials of a list. CertError."""
    try:
        found = x509.load_pem_x509_crl(pem)
        number = found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (*FAULTS, x509.ExtensionNotFound):
        raise CertError("this is no list of revoked certificates", "write it anew: central ca crl") from None
    until = found.next_update_utc or found.last_update_utc
    return number, until, frozenset(f"{each.serial_number:x}" for each in found)


def revoked_by(pem: bytes) -> frozenset[str]:
    """Serials (hex) in all lists of a PEM file: two while one authority takes over from another. CertError."""
    blocks = _LIST.findall(pem)
    if not blocks:
        raise CertError("this is no list of revoked certificates", "write it anew: central ca crl")
    return frozenset().union(*(read_crl(block)[2] for block in blocks))


def _builder(name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    )
    return (
        builder.issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number() % _LARGEST_SERIAL)
    )


def _issuer_key(authority: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _key_usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _san(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        pass
    try:
        return x509.DNSName(text)
    except ValueError:
        raise CertError(f"{text!r} is no host name and no address", "write it as in https://NAME/") from None
