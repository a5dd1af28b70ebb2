"""The gateway's key and certificate below `state/tls`: made here, whole at any moment, never a key without its proof.

    current -> 2    own.key (0600, never leaves), own.pem, ca.pem: what all processes use, through this name
    2/ 1/           generations; the one before stays until the next comes
    asking/         own.key of a request that is under way, and of what: the token's hash, or a renewal

The name `current` is moved in one step, so that a power cut leaves the old generation or the new one.
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from link.certs.certificate import Facts, issued_by, load_certificates, read_certificate
from link.certs.errors import CertError
from link.certs.keys import fingerprint, load_key, new_key, save_key
from link.certs.requests import make_csr
from link.hosting.durable import sync_folder, write_whole
from link.hosting.tls_settings import TlsSettings, tls_below

RENEWAL = "renewal"


@dataclass(frozen=True)
class Asking:
    """A request: PEM, and what a person compares."""

    csr: str
    fingerprint: str


class Keyring:
    """The folder `state/tls` of `gateway`. All methods block for the disk and may raise CertError."""

    def __init__(self, state: Path, gateway: str) -> None:
        self._folder, self._gateway = state / "tls", gateway
        self.tls = tls_below(state)

    def facts(self) -> Facts | None:
        """Of the certificate in use; None: there is none yet."""
        return (
            read_certificate(load_certificates(self.tls.certificate))
            if self.tls.certificate.exists()
            else None
        )

    def enrolled_with(self, token: str) -> bool:
        """Whether there is a certificate, and this token (or none) needs no new one."""
        if self.facts() is None:
            return False
        try:
            used = (self._folder / "current" / "token").read_text(encoding="ascii")
        except OSError:
            used = ""
        return token == "" or used == _hash(token)

    def asking(self, token: str | None) -> Asking:
        """The request with this token, None: the renewal; made once, so that a lost answer is asked for again."""
        folder, of = self._folder / "asking", RENEWAL if token is None else _hash(token)
        try:
            if not (folder / "of").exists() or (folder / "of").read_text(encoding="ascii") != of:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(mode=0o700, parents=True)
                save_key(folder / "own.key", new_key())
                write_whole(folder / "of", of.encode("ascii"))
        except OSError as error:
            raise _disk(folder, error) from error
        key = load_key(folder / "own.key")
        return Asking(make_csr(key, self._gateway).decode("ascii"), fingerprint(key))

    def accept(self, certificate: bytes, ca: bytes) -> Path:
        """Check what came for the request, and lay it beside the others as a new generation, not yet in use."""
        asking = self._folder / "asking"
        key, facts = load_key(asking / "own.key"), read_certificate(certificate)
        advice = "it was not accepted; look whether this is the right centre"
        if facts.name != self._gateway or facts.fingerprint != fingerprint(key):
            raise CertError(f"the certificate that came is for {facts.name}, key {facts.fingerprint}", advice)
        if not issued_by(certificate, ca):
            raise CertError("the certificate that came is not of the authority that came with it", advice)
        place = self._folder / str(max((int(each.name) for each in self._generations()), default=0) + 1)
        try:
            place.mkdir(mode=0o700)
            save_key(place / "own.key", key)
            write_whole(place / "token", self._token_of(asking))
            write_whole(place / "ca.pem", ca)
            write_whole(place / "own.pem", certificate)
        except OSError as error:
            shutil.rmtree(place, ignore_errors=True)
            raise _disk(place, error) from error
        return place

    def _token_of(self, asking: Path) -> bytes:
        """Hash of the token that this certificate goes back to: a renewal has none of its own and keeps what was."""
        of, used = (asking / "of").read_bytes(), self._folder / "current" / "token"
        return used.read_bytes() if of == RENEWAL.encode("ascii") and used.exists() else of

    def use(self, place: Path) -> None:
        """All that is made from now on uses this generation; the one before stays, older ones go."""
        current, new = self._folder / "current", self._folder / "current.new"
        try:
            before = current.resolve() if current.exists() else None
            new.unlink(missing_ok=True)
            new.symlink_to(place.name)
            new.replace(current)
            sync_folder(self._folder)
            shutil.rmtree(self._folder / "asking", ignore_errors=True)
            for each in self._generations():
                if each not in (place, before):
                    shutil.rmtree(each, ignore_errors=True)
        except OSError as error:
            raise _disk(current, error) from error

    def drop(self, place: Path) -> None:
        """A generation that did not work goes; the request stays and is sent again."""
        if place.resolve() != self._folder.joinpath("current").resolve():
            shutil.rmtree(place, ignore_errors=True)

    def _generations(self) -> list[Path]:
        return [each for each in self._folder.glob("[0-9]*") if each.name.isdecimal()]


def tls_of(place: Path) -> TlsSettings:
    """A generation by itself, before it is in use."""
    return TlsSettings(ca=place / "ca.pem", certificate=place / "own.pem", key=place / "own.key")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _disk(place: Path, error: OSError) -> CertError:
    return CertError(
        f"{place} cannot be written ({error.strerror})", "check the disk and the owner of the state folder"
    )
