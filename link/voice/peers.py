"""Who is at the other end of each TLS connection of the voice engine, by its address; whom we believe.

The TLS library has checked every certificate before; this is asked once more at each connection, because a
resumed TLS session is not checked there, and nobody else looks at the list of the revoked. Unknown is refused.
One thread; reads small files, and only when they have changed.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from link.certs.authority import read_crl
from link.certs.certificate import issued_by, load_certificates, read_certificate
from link.certs.errors import CertError
from link.certs.keys import fingerprint, load_key
from link.voice.port import VoiceError, VoiceTls

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Peer:
    address: str
    name: str
    serial: str


class Peers:
    """Certificates at connections. VoiceError at once when a file of ours is not what it should be."""

    def __init__(self, tls: VoiceTls, now: Callable[[], datetime] = utc_now) -> None:
        self._tls = tls
        self._now = now
        self._by_connection: dict[int, _Peer] = {}
        self._by_address: dict[str, int] = {}
        self._revoked: frozenset[str] = frozenset()
        self._crl_seen: tuple[int, int, int] | None = None
        self._fallen: set[str] = set()
        try:
            self._authorities = load_certificates(tls.ca)
            _check_own(tls, self._authorities, now())
            if tls.crl is not None:
                self._read_crl()
        except CertError as error:
            raise VoiceError(f"{error.what}; {error.advice}") from None

    def came(self, connection: int, address: str, pem: bytes) -> str:
        """A connection stands; "" when its certificate is believed, else what is wrong with it."""
        self.gone(connection)
        try:
            facts = read_certificate(pem)
            if not issued_by(pem, self._authorities):
                return "is not from our authority"
        except CertError:
            return "cannot be read"
        if facts.authority or not facts.name:
            return "is not one of a gateway or of the centre"
        if facts.left(self._now()).total_seconds() < 0:
            return f"of {facts.name} has expired"
        if facts.not_before > self._now():
            return f"of {facts.name} is not valid yet"
        self._reread()
        if facts.serial in self._revoked:
            return f"of {facts.name} is revoked"
        self._by_connection[connection] = _Peer(address, facts.name, facts.serial)
        self._by_address[address] = connection
        return ""

    def gone(self, connection: int) -> None:
        """A connection is over; one that was not believed may be told too."""
        peer = self._by_connection.pop(connection, None)
        if peer is not None and self._by_address.get(peer.address) == connection:
            del self._by_address[peer.address]

    def name(self, address: str) -> str | None:
        """The name in the certificate of who calls from `address`; None when nobody believed is there."""
        self._reread()
        connection = self._by_address.get(address)
        return None if connection is None else self._by_connection[connection].name

    def fallen(self) -> frozenset[str]:
        """Look at the list of the revoked; addresses whose certificate has come to stand on it. Each told once."""
        self._reread()
        fallen, self._fallen = frozenset(self._fallen), set()
        return fallen

    def _reread(self) -> None:
        if self._tls.crl is None:
            return
        try:
            if not self._read_crl():
                return
        except CertError as error:  # the list we have stays in force
            log.error(
                "event=crl-unreadable path=%s what=%s advice=%s", self._tls.crl, error.what, error.advice
            )
            return
        fallen = {c: p for c, p in self._by_connection.items() if p.serial in self._revoked}
        for connection, peer in fallen.items():
            log.warning("event=certificate-revoked peer=%s address=%s", peer.name, peer.address)
            self.gone(connection)
            self._fallen.add(peer.address)

    def _read_crl(self) -> bool:
        """Whether the list was read anew. CertError; the state of the file is noted first, so told once."""
        assert self._tls.crl is not None
        try:
            stat = self._tls.crl.stat()
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if seen == self._crl_seen:
                return False
            self._crl_seen = seen
            data = self._tls.crl.read_bytes()
        except OSError as error:
            if self._crl_seen == (0, 0, 0):
                return False
            self._crl_seen = (0, 0, 0)
            raise CertError(
                f"the list of revoked certificates {self._tls.crl} cannot be read ({error.strerror})",
                "check the path and its rights, or leave crl out of [tls]",
            ) from None
        self._revoked = read_crl(data)[2]
        return True


def _check_own(tls: VoiceTls, authorities: bytes, now: datetime) -> None:
    """The library looks at these files at the first connection only, and then says little. CertError."""
    pem, key = load_certificates(tls.certificate), load_key(tls.key)
    facts = read_certificate(pem)
    if fingerprint(key) != fingerprint(pem):
        raise CertError(
            f"the key {tls.key} does not belong to the certificate {tls.certificate}",
            "name the pair that was made together in [tls]",
        )
    if not issued_by(pem, authorities):
        raise CertError(
            f"our own certificate {tls.certificate} is not from the authority in {tls.ca}",
            "others will refuse it: name the right ca, or have it issued anew",
        )
    left = facts.left(now).total_seconds()
    if left < 0 or facts.not_before > now:
        log.error(  # it starts all the same: a clock that is wrong now may be right later
            "event=own-certificate-%s path=%s from=%s until=%s advice=check-the-clock-or-renew",
            "expired" if left < 0 else "not-valid-yet",
            tls.certificate,
            facts.not_before,
            facts.not_after,
        )
