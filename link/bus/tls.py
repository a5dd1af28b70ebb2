"""TLS 1.3 towards the broker, from PEM files."""

import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from link.bus.port import BusError
from link.hosting.tls_contexts import TlsError, client_context
from link.hosting.tls_settings import TlsSettings


@dataclass(frozen=True)
class TlsFiles:
    """PEM files; certificate and key only where the other side asks for them; `crl`: whom not to believe."""

    ca: Path
    certificate: Path | None = None
    key: Path | None = None
    crl: Path | None = None

    @classmethod
    def of(cls, settings: TlsSettings) -> "TlsFiles":
        """As a settings file names them."""
        return cls(settings.ca, settings.certificate, settings.key, settings.crl)


ContextMaker = Callable[[TlsFiles], ssl.SSLContext]
"""Makes what one connection is made with; asked before each, so that renewed files are taken up. BusError."""


def tls_context(files: TlsFiles, floor: Callable[[], float] = lambda: 0.0) -> ssl.SSLContext:
    """A context that checks the broker's certificate and name, and looks it up in the list. BusError.

    `floor`: Unix s below which time never goes; see link.hosting.tls_contexts.
    """
    own: TlsSettings | Path = files.ca
    if files.certificate is not None and files.key is not None:
        own = TlsSettings(ca=files.ca, certificate=files.certificate, key=files.key, crl=files.crl)
    try:
        return client_context(own, floor)
    except TlsError as error:
        raise BusError(f"TLS towards the broker: {error}") from error


def check_server_files(files: TlsFiles) -> None:
    """Whether a broker with these files is believed by who has the same authority and list. BusError.

    A handshake in memory: certificate and key belong together, are in their time and of this authority, and so is
    the list. A broker that starts with a list that cannot be used refuses everybody; one that reads it anew
    while it runs lets everybody in (mosquitto 2.0.11).
    """
    caller = tls_context(files)
    caller.check_hostname = False
    try:
        called = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        called.load_cert_chain(str(files.certificate), str(files.key))
        _shake_hands(caller, called)
    except (OSError, ssl.SSLError) as error:
        why = getattr(error, "verify_message", "") or error
        raise BusError(
            f"the broker's files {files.certificate}, {files.key} and {files.crl} do not stand before {files.ca}: "
            f"{why}; check that all are of one authority and in their time"
        ) from error


def _shake_hands(caller: ssl.SSLContext, called: ssl.SSLContext) -> None:
    one, other = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [caller.wrap_bio(one, other), called.wrap_bio(other, one, server_side=True)]
    for _ in range(4):
        for side in sides:
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
