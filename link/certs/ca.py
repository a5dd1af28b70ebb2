"""The authority in its folder: the only place where certificates of this installation come from.

    ca.pem      its certificate, for everybody          ca.key     its key, encrypted with a pass-phrase, mode 0600
    index.jsonl what it did, append-only (ca_index)     crl.pem    what is revoked, for everybody
    issued/     each certificate by its serial          lock       held while one process writes

Core and a person's command may work on one folder: each writer holds the lock. All of it waits for the disk; never call
it on an event loop.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from link.certs import ca_index
from link.certs.authority import Authority, Issue, Revoked, new_authority
from link.certs.ca_index import Book, CrlLine, IssuedLine, RevokedLine
from link.certs.certificate import called_by, load_certificates, read_certificate
from link.certs.errors import CertError
from link.certs.keys import load_key, locked, save_key
from link.hosting.durable import write_whole


class Ca:
    """One folder. Listing needs no pass-phrase; `issue`, `revoke` and `crl` do. All methods: CertError."""

    def __init__(self, folder: Path, pass_phrase: bytes = b"") -> None:
        self.folder = folder
        self._pass_phrase = pass_phrase

    @classmethod
    def init(cls, folder: Path, pass_phrase: bytes, now: datetime, name: str = "") -> "Ca":
        """Make a new authority in `folder`, which must hold none; by default its name is like no other's."""
        ca = cls(folder, pass_phrase)
        if any(path.exists() for path in (ca.key_file, ca.certificate_file, ca.index_file)):
            raise CertError(
                f"{folder} holds an authority already", "choose another folder; nothing was changed"
            )
        certificate, key = new_authority(name or f"spillway-{secrets.token_hex(4)}", now)
        closed = locked(key, pass_phrase)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o711)  # others may read ca.pem and crl.pem in it, and not look around
        except OSError as error:
            raise CertError(f"{folder} cannot be made ({error.strerror})", "check path and rights") from error
        save_key(ca.key_file, closed)
        ca.write(ca.certificate_file, certificate)
        ca.crl(now)
        return ca

    @property
    def certificate_file(self) -> Path:
        """For everybody who checks others: `ca` of the [tls] tables."""
        return self.folder / "ca.pem"

    @property
    def key_file(self) -> Path:
        """Encrypted; who has it and the pass-phrase can be anybody."""
        return self.folder / "ca.key"

    @property
    def index_file(self) -> Path:
        """What was done."""
        return self.folder / "index.jsonl"

    @property
    def crl_file(self) -> Path:
        """For everybody who checks others: `crl` of the [tls] tables."""
        return self.folder / "crl.pem"

    @property
    def certificate(self) -> bytes:
        """The authority's own certificate, PEM."""
        return load_certificates(self.certificate_file)

    def book(self) -> Book:
        """What was done so far."""
        return ca_index.read_book(self.index_file)

    def issue(self, order: Issue, now: datetime) -> bytes:
        """A new certificate, PEM. Older ones of the same name stay good until they are revoked or over."""
        with self._locked():
            pem = self._authority().issue(order, now)
            facts = read_certificate(pem)
            line = IssuedLine(
                at=now,
                name=facts.name,
                serial=facts.serial,
                kind=order.kind,
                until=facts.not_after,
                fingerprint=facts.fingerprint,
            )
            self.book()  # a damaged index is found before anything is added to it
            ca_index.append(self.index_file, line)
            self.write(self.folder / "issued" / f"{facts.serial}.pem", pem)
        return pem

    def sans(self, serial: str) -> tuple[str, ...]:
        """Host names and addresses of a certificate that was issued here."""
        return called_by(load_certificates(self.folder / "issued" / f"{serial}.pem"))

    def revoke(self, name: str, now: datetime, why: str = "", serial: str = "") -> tuple[str, ...]:
        """Revoke all certificates of `name` that are still good, or one of them; the serials. Writes the list anew."""
        with self._locked():
            believed = [
                line.serial for line in self.book().believed(name, now) if serial in ("", line.serial)
            ]
            if not believed:
                raise CertError(
                    f"{name} has no certificate that could be revoked",
                    "look with: central ca list; nothing was changed",
                )
            authority = self._authority()  # before anything is written: a wrong pass-phrase changes nothing
            lines = (RevokedLine(at=now, serial=each, why=why) for each in believed)
            ca_index.append(self.index_file, *lines)
            self._crl(authority, now)
        return tuple(believed)

    def crl(self, now: datetime) -> None:
        """Write the list of revoked certificates anew, with a later end."""
        with self._locked():
            self._crl(self._authority(), now)

    def write(self, path: Path, data: bytes) -> None:
        """A file for everybody to read. CertError."""
        try:
            write_whole(path, data, 0o644)
        except OSError as error:
            raise CertError(
                f"{path} cannot be written ({error.strerror})", "check disk and rights"
            ) from error

    def _crl(self, authority: Authority, now: datetime) -> None:
        book = self.book()
        number = book.crl_number + 1
        ca_index.append(self.index_file, CrlLine(at=now, number=number))
        revoked = [Revoked(line.serial, line.at) for line in book.revoked.values()]
        self.write(self.crl_file, authority.crl(revoked, number, now))

    def _authority(self) -> Authority:
        if not self.key_file.exists():
            raise CertError(
                f"there is no authority's key in {self.folder}",
                "make one with `central ca init`, or restore its copy; if it is lost: docs/technician.md",
            )
        key = load_key(self.key_file)
        if not self._pass_phrase:
            raise CertError(
                "the authority's key needs its pass-phrase", "type it, or give --pass-phrase-file"
            )
        return Authority(self.certificate, key, self._pass_phrase)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CertError(
                f"the authority's folder {self.folder} cannot be written ({error.strerror})",
                "make one with `central ca init`, or check path, owner and rights",
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
