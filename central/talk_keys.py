"""How the centre comes to the key of a gateway's talk path: agreed with the certificate's owner, or given in the clear.

What a birth says reaches us through a broker that is not believed: a key is agreed on only with a gateway whose
certificate comes from our authority, carries its name, is valid now and is not revoked, and that has signed its half
for this very session.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from central.fleet.messages import OpenTalk
from link.certs.authority import revoked_by
from link.certs.certificate import from_der, issued_by, read_certificate
from link.certs.errors import CertError
from link.certs.keys import verify
from link.contract.orders import OpenSession
from link.sealing.agreement import new_pair
from link.sealing.talk import key_at_centre, talk_claim


class TalkRefused(Exception):
    """No key for this gateway; the text says why, for the journal."""


class TalkKeys(Protocol):
    """A way to a session's key. `seals`: gateways seal their reports with it."""

    @property
    def seals(self) -> bool:
        """See the class."""

    def agree(self, wanted: OpenTalk) -> tuple[OpenSession, bytes]:
        """What to tell the gateway, and the key (32 octets). TalkRefused."""


class PlainKeys:
    """A fresh key, told as it is: whoever reads the broker's messages can key every transmitter."""

    seals = False

    def agree(self, wanted: OpenTalk) -> tuple[OpenSession, bytes]:
        """Never refused."""
        key = secrets.token_bytes(32)
        return OpenSession(sid=wanted.sid, key=key.hex()), key


@dataclass
class AgreedKeys:
    """`ca` and `crl` are PEM files that may change while we run; `now` is the time (UTC)."""

    ca: Path
    crl: Path | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    seals = True
    _read: dict[Path, tuple[tuple[int, int], bytes]] = field(default_factory=dict)

    def agree(self, wanted: OpenTalk) -> tuple[OpenSession, bytes]:
        """With a fresh half of our own each time. TalkRefused."""
        offer = wanted.offer
        if not (offer.talk and offer.cert and offer.proof):
            raise TalkRefused("its birth brings no talk-path key")
        try:
            self._check(wanted)
            private, public = new_pair()
            key = key_at_centre(private, wanted.gateway, wanted.sid, public, offer.talk)
        except (CertError, OSError, ValueError) as error:
            raise TalkRefused(str(error)) from error
        return OpenSession(sid=wanted.sid, public=public.hex()), key

    def _check(self, wanted: OpenTalk) -> None:
        pem = from_der(wanted.offer.cert)
        found = read_certificate(pem)
        if not issued_by(pem, self._file(self.ca)):
            raise TalkRefused(f"its certificate comes from another authority: {found.issuer[:60]}")
        if found.name != wanted.gateway:
            raise TalkRefused(f"its certificate is that of {found.name[:60]}")
        if not found.not_before <= self.now() <= found.not_after:
            raise TalkRefused(f"its certificate is valid from {found.not_before} to {found.not_after}")
        if self.crl is not None and found.serial in revoked_by(self._file(self.crl)):
            raise TalkRefused("its certificate is revoked")
        if not verify(pem, talk_claim(wanted.gateway, wanted.sid, wanted.offer.talk), wanted.offer.proof):
            raise TalkRefused("its talk-path key is not signed by its certificate's key for this session")

    def _file(self, path: Path) -> bytes:
        """What stands in the file now; read again only when it has changed: a whole fleet may be born at once."""
        seen = path.stat()
        state = (seen.st_mtime_ns, seen.st_size)
        if self._read.get(path, (None,))[0] != state:
            self._read[path] = (state, path.read_bytes())
        return self._read[path][1]
