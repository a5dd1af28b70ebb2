"""Door to cryptography: P-256 keys as PEM, in files of mode 0600, their fingerprints, signatures by them.

Keys travel as PEM octets, so that nobody else imports the vendor. A private key is never shown, logged or put into
an error. Traps: a wrong pass-phrase is a ValueError like any damage; a key that needs none and is given one is a
TypeError, and the other way round; parsers of DER raise UnsupportedAlgorithm for curves they do not know.
"""

import hashlib
import hmac
import re
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from link.certs.errors import CertError
from link.hosting.durable import write_whole

LARGEST = 16_384
"""Octets of a PEM that is looked at."""
_GROUPS, _DIGITS = 8, 4
FAULTS = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""For this package: what the vendor's parsers raise for octets of a stranger."""


def new_key() -> bytes:
    """A new private P-256 key, PEM (PKCS 8), not encrypted."""
    return _pem(ec.generate_private_key(ec.SECP256R1()), NoEncryption())


def locked(key: bytes, pass_phrase: bytes) -> bytes:
    """The same key, PEM, encrypted with a pass-phrase. CertError when that is empty or the key is none."""
    if not pass_phrase:
        raise CertError("the pass-phrase is empty", "give one: it protects the key on the disk")
    return _pem(private(key), BestAvailableEncryption(pass_phrase))


def private(key: bytes, pass_phrase: bytes | None = None) -> ec.EllipticCurvePrivateKey:
    """For this package: the vendor's key. CertError."""
    try:
        found = load_pem_private_key(key[:LARGEST], pass_phrase)
    except FAULTS:
        why = "is damaged, or the pass-phrase is not its own" if pass_phrase else "is no open PEM key"
        raise CertError(
            f"the private key {why}", "check the file and the pass-phrase, or restore both"
        ) from None
    if not isinstance(found, ec.EllipticCurvePrivateKey) or not isinstance(found.curve, ec.SECP256R1):
        raise CertError("the private key is of another kind", "only P-256 keys are used here; make a new one")
    return found


def public(pem: bytes) -> ec.EllipticCurvePublicKey:
    """For this package: the vendor's public key out of a certificate, request, public or open private key."""
    try:
        found = _public(pem[:LARGEST])
    except FAULTS:
        raise CertError("this holds no public key that can be read", "give a PEM file of ours") from None
    if not isinstance(found, ec.EllipticCurvePublicKey) or not isinstance(found.curve, ec.SECP256R1):
        raise CertError("the public key is of another kind", "only P-256 keys are used here; make a new one")
    return found


def public_pem(pem: bytes) -> bytes:
    """The public key alone, PEM. CertError as of `fingerprint`."""
    return public(pem).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def fingerprint(pem: bytes) -> str:
    """Eight groups of four hex digits to read out: the first half of the SHA-256 of the public key.

    `pem` is a certificate, a request, a public or an open private key: all of one machine give the same. CertError.
    """
    der = public(pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digits = hashlib.sha256(der).hexdigest()
    return " ".join(digits[at : at + _DIGITS] for at in range(0, _GROUPS * _DIGITS, _DIGITS))


def same_fingerprint(one: str, other: str) -> bool:
    """Whether two people read the same; spaces, signs between and large letters do not matter, length does."""
    left, right = (re.sub(r"[\s:.,-]", "", text).lower() for text in (one, other))
    return len(left) == _GROUPS * _DIGITS and hmac.compare_digest(left.encode(), right.encode())


def sign(key: bytes, data: bytes) -> bytes:
    """A signature of `data` (ECDSA with SHA-256, DER, at most 72 octets) by an open PEM key. CertError."""
    return private(key).sign(data, ec.ECDSA(hashes.SHA256()))


def verify(pem: bytes, data: bytes, signature: bytes) -> bool:
    """Whether the owner of the key in `pem` (as for `fingerprint`) signed `data`. CertError when it holds none."""
    try:
        public(pem).verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def save_key(path: Path, key: bytes) -> None:
    """Write a private key whole, mode 0600, in a folder that only its owner may enter. CertError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.with_name(f"{path.name}.part").unlink(missing_ok=True)  # an old one could be readable by others
        write_whole(path, key, 0o600)
    except OSError as error:
        raise CertError(
            f"the private key cannot be written to {path} ({error.strerror})", "check folder and rights"
        ) from error


def load_key(path: Path) -> bytes:
    """The PEM of a private key. CertError: not there, not readable, or others may read it too."""
    return _secret(path, "private key", "make a new key")


def load_pass_phrase(path: Path) -> bytes:
    """The first line of a file. CertError: not there, not readable, empty, or others may read it too."""
    word = _secret(path, "pass-phrase file", "give the key a new one").partition(b"\n")[0].rstrip(b"\r")
    if not word:
        raise CertError(f"the pass-phrase file {path} is empty", "write the pass-phrase into its first line")
    return word


def _secret(path: Path, what: str, remedy: str) -> bytes:
    try:
        mode = path.stat().st_mode & 0o777
        data = path.read_bytes()
    except OSError as error:
        raise CertError(
            f"the {what} {path} cannot be read ({error.strerror})", "check the path, its owner and rights"
        ) from error
    if mode & 0o077:
        raise CertError(
            f"the {what} {path} may be read by others (mode {mode:o})",
            f"take that away: chmod 600 {path}; if others had an account here meanwhile, {remedy}",
        )
    return data


def _public(pem: bytes) -> object:
    if b"-----BEGIN CERTIFICATE REQUEST-----" in pem or b"-----BEGIN NEW CERTIFICATE REQUEST-----" in pem:
        return x509.load_pem_x509_csr(pem).public_key()
    if b"-----BEGIN CERTIFICATE-----" in pem:
        return x509.load_pem_x509_certificate(pem).public_key()
    if b"PRIVATE KEY-----" in pem:
        return private(pem).public_key()
    return load_pem_public_key(pem)


def _pem(key: ec.EllipticCurvePrivateKey, encryption: KeySerializationEncryption) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
