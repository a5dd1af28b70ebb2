"""The town's authority and certificates, below `pki` in its folder: made on the fly, kept while they are good.

pki/ca/          the authority (link.certs.ca), its pass-phrase beside it: a town, not an installation
pki/NAME.crt     certificate, pki/NAME.key its key: gateways by their ids, the parts of the centre by theirs
"""

import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from link.bus.broker_file import CENTRE
from link.bus.tls import TlsFiles
from link.certs.authority import Issue, Kind
from link.certs.ca import Ca
from link.certs.certificate import issued_by, read_certificate
from link.certs.errors import CertError
from link.certs.keys import load_key, new_key, public_pem, save_key
from scripts.town.plan import TownPlan

SERVER_NAMES = ("127.0.0.1", "localhost")
CENTRE_PARTS: dict[str, Kind] = {
    "broker": "server",
    "api": "server",
    "core": "both",
    "voice": "both",
    "edge": "both",
    CENTRE: "client",
    "probe": "client",
}
"""Common name to what its certificate is for."""
SPARE = timedelta(days=7)
"""Life that a certificate must have left to be kept."""


@dataclass(frozen=True)
class Pki:
    """Where a town's certificates lie."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The folder of the authority."""
        return self.folder / "ca"

    @property
    def ca(self) -> Path:
        """Whom everybody believes."""
        return self.authority / "ca.pem"

    @property
    def crl(self) -> Path:
        """Whom nobody believes any more."""
        return self.authority / "crl.pem"

    @property
    def pass_phrase(self) -> Path:
        """The file with the pass-phrase of the authority's key."""
        return self.authority / "pass-phrase"

    def certificate(self, name: str) -> Path:
        """PEM, by common name."""
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        """PEM, mode 0600."""
        return self.folder / f"{name}.key"

    def files(self, name: str) -> TlsFiles:
        """All that `name` needs to call and to be called."""
        return TlsFiles(self.ca, self.certificate(name), self.key(name), self.crl)

    def open(self) -> Ca:
        """The authority, for issuing and revoking. CertError."""
        try:
            return Ca(self.authority, self.pass_phrase.read_bytes())
        except OSError as error:
            raise CertError(
                f"no pass-phrase of the town's authority ({error})", f"remove {self.folder}"
            ) from error


def make_certificates(plan: TownPlan, folder: Path) -> Pki:
    """Authority, certificates of the centre and of all gateways and guests. Blocks. CertError, OSError.

    What an earlier run left is kept; a certificate is made anew when it is missing, nearly over, revoked, damaged or
    not of this authority.
    """
    pki, now = Pki(folder), datetime.now(UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not pki.ca.exists():
        _found(pki, now)
    ca = pki.open()
    ca.crl(now)
    believed = _believed(ca, now)
    for name, kind in _wanted(plan):
        if not _good(pki, name, now, believed):
            _issue(pki, ca, name, kind, (*SERVER_NAMES, *plan.names), now)
    return pki


def _found(pki: Pki, now: datetime) -> None:
    pass_phrase = secrets.token_urlsafe(24).encode()
    Ca.init(pki.authority, pass_phrase, now, "spillway-town")
    handle = os.open(pki.pass_phrase, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pass_phrase)


def _wanted(plan: TownPlan) -> Iterable[tuple[str, Kind]]:
    yield from CENTRE_PARTS.items()
    for name in (*(gateway.gateway for gateway in plan.gateways), *plan.guests):
        yield name, "client"


def _believed(ca: Ca, now: datetime) -> frozenset[str]:
    """Serials that are neither revoked nor over."""
    book = ca.book()
    gone = book.revoked
    return frozenset(line.serial for line in book.issued if line.serial not in gone and line.until > now)


def _good(pki: Pki, name: str, now: datetime, believed: frozenset[str]) -> bool:
    try:
        pem = pki.certificate(name).read_bytes()
        facts, key = read_certificate(pem), load_key(pki.key(name))
        ours = issued_by(pem, pki.ca.read_bytes()) and public_pem(key) == public_pem(pem)
    except (OSError, CertError):
        return False
    return ours and facts.name == name and facts.serial in believed and facts.left(now) > SPARE


def _issue(pki: Pki, ca: Ca, name: str, kind: Kind, names: tuple[str, ...], now: datetime) -> None:
    key = new_key()
    sans = names if kind != "client" else ()
    pem = ca.issue(Issue(name, public_pem(key), kind, sans), now)
    save_key(pki.key(name), key)
    ca.write(pki.certificate(name), pem)
