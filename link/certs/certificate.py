"""What stands in a certificate, as plain facts. Reads; never decides whether it is trusted."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from link.certs.errors import CertError
from link.certs.keys import FAULTS, LARGEST, fingerprint

_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)
_MOST = 16
"""Certificates in one file."""


@dataclass(frozen=True)
class Facts:
    """One certificate. Times are UTC; `serial` is hex without leading zeros; `name` and `issuer` are common names."""

    name: str
    serial: str
    issuer: str
    not_before: datetime
    not_after: datetime
    fingerprint: str
    authority: bool

    @property
    def renew_at(self) -> datetime:
        """After two thirds of its life."""
        return self.not_before + (self.not_after - self.not_before) * 2 / 3

    def left(self, now: datetime) -> timedelta:
        """How long it is still valid; negative: since when not."""
        return self.not_after - now


def read_certificate(pem: bytes) -> Facts:
    """The facts of the first certificate in `pem`. CertError."""
    return read_certificates(pem)[0]


def read_certificates(pem: bytes) -> list[Facts]:
    """The facts of all certificates of a PEM file, at most 16; at least one. CertError."""
    blocks = split(pem)
    if not blocks:
        raise CertError("this holds no certificate", "give a PEM file with at least one")
    return [_facts(block) for block in blocks]


def split(pem: bytes) -> list[bytes]:
    """The certificates of a PEM file, each by itself. CertError when there are more than 16."""
    blocks = _BLOCK.findall(pem[: LARGEST * _MOST])
    if len(blocks) > _MOST:
        raise CertError(f"this holds {len(blocks)} certificates", f"a file of ours holds at most {_MOST}")
    return [block.rstrip(b"\n") + b"\n" for block in blocks]


def load_certificates(path: Path) -> bytes:
    """A PEM file with at least one certificate that can be read. CertError."""
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise CertError(
            f"the certificate file {path} cannot be read ({error.strerror})", "check the path and its rights"
        ) from error
    try:
        read_certificates(pem)
    except CertError as error:
        raise CertError(f"{path}: {error.what}", error.advice) from error
    return pem


def called_by(pem: bytes) -> tuple[str, ...]:
    """Host names and addresses that the first certificate in `pem` is for. CertError."""
    try:
        names = _load(pem).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    except FAULTS:
        raise CertError("the extensions of this certificate cannot be read", "take it anew") from None
    hosts = names.get_values_for_type(x509.DNSName)
    return (*hosts, *(str(each) for each in names.get_values_for_type(x509.IPAddress)))


def issued_by(pem: bytes, authorities: bytes) -> bool:
    """Whether one of the certificates in `authorities` signed the first one in `pem`. Dates are not looked at."""
    certificate = _load(pem)
    for block in split(authorities):
        try:
            certificate.verify_directly_issued_by(_load(block))
        except (*FAULTS, InvalidSignature):
            continue
        return True
    return False


def to_der(pem: bytes) -> bytes:
    """The first certificate of `pem` in DER, as TLS libraries hand it out. CertError."""
    return _load(pem).public_bytes(Encoding.DER)


def from_der(der: bytes) -> bytes:
    """PEM of a certificate in DER. CertError."""
    try:
        return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
    except FAULTS:
        raise CertError("this is no certificate in DER", "it was cut or damaged") from None


def _load(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except FAULTS:
        raise CertError("this certificate cannot be read", "it was cut or damaged; take it anew") from None


def _facts(pem: bytes) -> Facts:
    certificate = _load(pem)
    try:
        if certificate.serial_number <= 0:
            raise ValueError("no serial")
        return Facts(
            _common(certificate.subject),
            f"{certificate.serial_number:x}",
            _common(certificate.issuer),
            certificate.not_valid_before_utc.astimezone(UTC),
            certificate.not_valid_after_utc.astimezone(UTC),
            fingerprint(pem),
            _is_authority(certificate),
        )
    except FAULTS:  # names and extensions are parsed when they are asked for
        raise CertError("what stands in this certificate cannot be read", "take it anew") from None


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _common(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if len(found) == 1 else ""
